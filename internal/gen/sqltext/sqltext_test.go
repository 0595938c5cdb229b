package sqltext

import (
	"slices"
	"strings"
	"testing"
)

func TestStatementsEndAtTheirOwnSemicolons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want []string
	}{
		"plain":                    {"a; b;\nc", []string{"a;", "b;", "c"}},
		"in a string":              {"a ';' b;c;", []string{"a ';' b;", "c;"}},
		"a doubled quote":          {"a ''';' b;c", []string{"a ''';' b;", "c"}},
		"a backslash is a letter":  {`a '\'; b`, []string{`a '\';`, "b"}},
		"a backslash escapes in E": {`a E'\';' ; b`, []string{`a E'\';' ;`, "b"}},
		"an identifier":            {`a ";" ; b`, []string{`a ";" ;`, "b"}},
		"unicode":                  {`a U&";" U&';'; b`, []string{`a U&";" U&';';`, "b"}},
		"dollar quotes":            {"a $$;$$ $x$;$$;$x$;b", []string{"a $$;$$ $x$;$$;$x$;", "b"}},
		"no dollar quote in words": {"a$$;b$$;", []string{"a$$;", "b$$;"}},
		"a placeholder":            {"a $1;b$2;", []string{"a $1;", "b$2;"}},
		"comments":                 {"a -- ;\n;b /* ; /* ; */ ; */;c", []string{"a -- ;\n;", "b /* ; /* ; */ ; */;", "c"}},
		"parentheses":              {"rule (a; b); c", []string{"rule (a; b);", "c"}},
		"a body":                   {"f BEGIN ATOMIC a; CASE x END; b; END; c", []string{"f BEGIN ATOMIC a; CASE x END; b; END;", "c"}},
		"a transaction":            {"BEGIN; a; END; c", []string{"BEGIN;", "a;", "END;", "c"}},
		"nothing":                  {" \n ", nil},
		"not closed":               {"a; 'b;", []string{"a;", "'b;"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range Statements(c.sql) {
				got = append(got, c.sql[s.First:s.End])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q = %q, want %q", c.sql, got, c.want)
			}
		})
	}
}

func TestPlaceholdersAreNotCountedInStringsAndComments(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]int{
		"a = $1 AND b = $12":               12,
		"'$3' $$ $4 $$ -- $5\n /* $6 */ x": 0,
		"price$7":                          0,
		"$99999999999999999999":            9_999_999,
	} {
		if got := Placeholders(sql); got != want {
			t.Errorf("Placeholders(%q) = %d, want %d", sql, got, want)
		}
	}
}

func TestPlaceCountsCharacters(t *testing.T) {
	t.Parallel()
	text := "é x\n\täy"
	for offset, want := range map[int][2]int{-1: {1, 1}, 0: {1, 1}, 2: {1, 2}, 5: {2, 1}, 8: {2, 3}, 99: {2, 4}} {
		if line, column := Place(text, offset); [2]int{line, column} != want {
			t.Errorf("Place(%d) = %d:%d, want %v", offset, line, column, want)
		}
	}
}

func FuzzTokensCoverTheText(f *testing.F) {
	for _, seed := range []string{"a $1 $x$ $x$ 'b' E'\\'' \"c\" -- d\n /* /* */", "1.5e3 1..2 U&'x'", "$", "$a", "é", "\xff;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		at := 0
		for _, token := range Tokens(sql) {
			if token.End <= token.Start || strings.TrimLeft(sql[at:token.Start], " \t\n\r\f\v") != "" {
				t.Fatalf("%q: token %v after %d", sql, token, at)
			}
			at = token.End
		}
		end := 0
		for _, s := range Statements(sql) {
			if s.Start != end || s.First < s.Start || s.End < s.First {
				t.Fatalf("%q: statement %v after %d", sql, s, end)
			}
			end = s.End
		}
	})
}
