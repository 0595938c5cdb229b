package sqltext

import (
	"encoding/json"
	"os"
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
		"a body":                   {"create function f BEGIN ATOMIC a; CASE x END; b; END; c", []string{"create function f BEGIN ATOMIC a; CASE x END; b; END;", "c"}},
		"of a procedure":           {"CREATE or replace /**/ PROCEDURE f() begin ATOMIC END; c", []string{"CREATE or replace /**/ PROCEDURE f() begin ATOMIC END;", "c"}},
		"end as a name":            {"create function f begin atomic select 1 end; select a.end; end; c", []string{"create function f begin atomic select 1 end; select a.end; end;", "c"}},
		"no body":                  {"select begin atomic; commit; end", []string{"select begin atomic;", "commit;", "end"}},
		"no body in a list":        {"create function f(begin atomic) as ''; c", []string{"create function f(begin atomic) as '';", "c"}},
		"no body of a table":       {"create table function as select begin atomic; c", []string{"create table function as select begin atomic;", "c"}},
		"empty ones":               {";; a; -- x\n;;b ; /* y */", []string{"a;", "b ;"}},
		"a carriage return":        {"a --;\r;b", []string{"a --;\r;", "b"}},
		"a string that goes on":    {"a 'x' -- '\n ';'; b 'x' /* \n */ ';'; c", []string{"a 'x' -- '\n ';';", "b 'x' /* \n */ ';';", "c"}},
		"escapes go on":            {"a E'x' -- y\r'\\';b'; c", []string{"a E'x' -- y\r'\\';b';", "c"}},
		"other spaces are letters": {"a\u00a0; b", []string{"a\u00a0;", "b"}},
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
	var pieces []string // hard to cut, each a statement
	text, err := os.ReadFile("testdata/pieces.json")
	if err == nil {
		err = json.Unmarshal(text, &pieces)
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range slices.Concat(pieces, []string{"SELECT 'a' -- b\r-- c\n'd;'", "a $1 $x$ $x$ 'b' E'\\'' \"c\" -- d\n /* /* */", "1.5e3 1..2 U&'x'", "$", "$a", "é", "\xff;", "--\r;", "'a'--\r'b'", "N'\\'", "0x", "b'"}) {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, sql string, backslashes bool) {
		r := Rules{Backslashes: backslashes}
		at, code := 0, 0
		for token, ok := r.next(sql, 0); ok; token, ok = r.next(sql, token.End) {
			if token.End <= token.Start || token.End > len(sql) || strings.Trim(sql[at:token.Start], " \t\n\r\f\v") != "" {
				t.Fatalf("%q: token %v after %d", sql, token, at)
			}
			at = token.End
			if token.Kind != Comment && token.Kind != Block {
				code++
			}
		}
		if strings.Trim(sql[at:], " \t\n\r\f\v") != "" {
			t.Fatalf("%q: no token after %d", sql, at)
		}
		for range r.Code(sql) {
			code--
		}
		if code != 0 {
			t.Errorf("%q: %d tokens are missing", sql, code)
		}
		end := 0
		for s := range r.pieces(sql) {
			if s.Start != end || s.First < s.Start || s.End < s.First {
				t.Fatalf("%q: piece %v after %d", sql, s, end)
			}
			end = s.End
		}
		if strings.Trim(sql[end:], " \t\n\r\f\v") != "" {
			t.Errorf("%q: the pieces end at %d", sql, end)
		}
		if verb := Verb(sql); !strings.Contains(sql, verb) || Name(sql) == "" && verb != "" && !strings.HasPrefix(sql, "-- name: ") {
			t.Errorf("%q: verb %q, name %q", sql, verb, Name(sql))
		}
	})
}

func TestTheVerbIsTheFirstWordThatPostgreSQLReads(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"commit":                        "commit",
		";; \t\v\f\r\nCommit":           "Commit",
		"--x\rcommit":                   "commit",
		"/* /* */ */ -- x\n ((select 1": "select",
		"\u00a0commit":                  "\u00a0commit",
		"\ufeffcommit":                  "\ufeffcommit",
		"commit_":                       "commit_",
		"commit$1":                      "commit$1",
		"commit--":                      "commit",
		"'a' commit":                    "",
		`"commit"`:                      "",
		"e'x' commit":                   "",
		"1 commit":                      "",
		"":                              "",
	} {
		if got := Verb(sql); got != want {
			t.Errorf("Verb(%q) = %q, want %q", sql, got, want)
		}
	}
}

func TestBackslashesEscapeWhereTheSessionSaysSo(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][2]int{ // statements by default, and with backslashes
		`a 'x\'; b; '`:                {3, 1},
		`a 'x\'' ; b; '`:              {1, 3},
		`a N'\'; b; '`:                {3, 1},
		`a E'\'; b; '`:                {1, 1},
		`a U&'\'; b`:                  {2, 2},
		`a "\"; b`:                    {2, 2},
		"a $$\\$$; b":                 {2, 2},
		"a 'x'\n'\\'; b; ' /* \\' */": {3, 1},
	} {
		got := [2]int{len(Statements(sql)), len(slices.Collect(Rules{Backslashes: true}.Statements(sql)))}
		if got != want {
			t.Errorf("%q: %v statements, want %v", sql, got, want)
		}
	}
}

func TestWordsAreComparedAsPostgreSQLComparesThem(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"TaSk": true, "task": true, "TAS\u212a": false, "ta\u017fk": false, `"task"`: false, "tasks": false, "É": false,
	} {
		if got := Tokens(sql)[0].Is(sql, "task"); got != want {
			t.Errorf("%q is task: %v", sql, got)
		}
	}
	if got := Fold("ÉTÉ \u212a Ab"); got != "ÉtÉ \u212a ab" {
		t.Errorf("Fold gives %q", got)
	}
}

// Up to PostgreSQL 14 a number ends where its letters begin.
func TestLettersBehindANumberAreAWord(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"1into": "1 into", "1e5into": "1e5 into", "1end": "1 end", "1e+x": "1 e + x", "1.5e-3into": "1.5e-3 into", "1.into": "1. into", ".5into": ". 5 into",
		"0x1Finto": "0x1F into", "0b01 0o17": "0b01 0o17", "0xz": "0 xz", "1_000 1__0 1_": "1_000 1 __0 1 _", "1..2": "1 . . 2", "$1into": "$1 into",
	} {
		var got []string
		for token := range Code(sql) {
			got = append(got, token.Text(sql))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestAQuoteOrCommentThatIsNotClosedIsSeen(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"": true, "a": true, "a 'b'": true, "a 'b": false, "a 'b''": false, "a E'\\'": false, "a '\\'": true, `a "b"`: true, `a "b`: false, `a "`: false,
		"a $$b$$": true, "a $$b$": false, "a $x": true, "/* a */": true, "/* /* a */": false, "/*": false, "-- '": true, "/* '": false, "/* '*/": true, "a 'b' \n": true,
	} {
		if got := (Rules{}).Closed(sql); got != want {
			t.Errorf("%q is closed: %v", sql, got)
		}
	}
	if (Rules{Backslashes: true}).Closed(`a '\'`) {
		t.Error("a quote behind a backslash closes")
	}
}
