package sqltext

import (
	"slices"
	"testing"
)

func TestWhatIsNotClosedReachesToTheEnd(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]Token{
		"'a":       {{String, 0, 2}},
		"E'\\":     {{String, 0, 3}},
		`"a`:       {{Quoted, 0, 2}},
		`U&"a`:     {{Quoted, 0, 4}},
		"U&'":      {{String, 0, 3}},
		"U&x":      {{Word, 0, 1}, {Punct, 1, 2}, {Word, 2, 3}},
		"u&":       {{Word, 0, 1}, {Punct, 1, 2}},
		"$a$ b":    {{String, 0, 5}},
		"$a":       {{Punct, 0, 1}, {Word, 1, 2}},
		"$":        {{Punct, 0, 1}},
		"$1a":      {{Param, 0, 2}, {Word, 2, 3}},
		"/* /* */": {{Block, 0, 8}},
		"--":       {{Comment, 0, 2}},
		"/":        {{Punct, 0, 1}},
		"1..2":     {{Number, 0, 1}, {Punct, 1, 2}, {Punct, 2, 3}, {Number, 3, 4}},
		"\xff'":    {{Word, 0, 1}, {String, 1, 2}},
		"€":        {{Word, 0, 3}},
		"":         nil,
		" \n\t":    nil,
	} {
		if got := Tokens(sql); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}

func TestPlaceholdersHaveNumbers(t *testing.T) {
	t.Parallel()
	sql := "$7 7 $ x"
	for i, want := range []int{7, 0, 0, 0} {
		if got := Tokens(sql)[i].Number(sql); got != want {
			t.Errorf("token %d has number %d, want %d", i, got, want)
		}
	}
}

func TestAStatementBeginsWithWhatIsBeforeIt(t *testing.T) {
	t.Parallel()
	const sql = "-- first\nSELECT 1; -- of the second\n\nSELECT 2;\n-- of nobody\n"
	got := Pieces(sql)
	want := []string{"-- first\nSELECT 1;", " -- of the second\n\nSELECT 2;", "\n-- of nobody\n"}
	for i, s := range got {
		if i >= len(want) || sql[s.Start:s.End] != want[i] {
			t.Errorf("piece %d is %q", i, sql[s.Start:s.End])
		}
	}
	if len(got) != 3 || got[2].First != got[2].End || sql[got[1].First:got[1].End] != "SELECT 2;" {
		t.Errorf("pieces %v", got)
	}
}
