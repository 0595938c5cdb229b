package sqltext

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pg "github.com/sqlc-dev/oliphant"
)

// pieces are texts that are hard to cut, each a statement.
var pieces = []string{
	"SELECT 1", "SELECT ';'", "SELECT E'\\';', U&'\\0061;', B'0', X'1F'", `SELECT ";" FROM "a""b"`, "SELECT $$;$$, $a$ $$ ; $a$, $é$;$é$", "SELECT $1, $2 + $10",
	"SELECT 1 -- ; 'x\n", "SELECT /* ; /* ; */ ; */ 2", "SELECT a$b FROM c$d", "SELECT 1.5e-3, 1e5, .5, 1., 0x1f, 1_000",
	"SELECT a<-1, a->>'b', a@>b, (a)[1:2], b.*", "SELECT 'a'\n'b', E'c'\n'\\'d;'", "SELECT '''', '\\'", "SELECT été FROM 日本 WHERE \"ü\" = 'ß'",
	"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$", "DO 'BEGIN; END'",
	"CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END", "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)",
	"CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO a SELECT CASE x WHEN 1 THEN (CASE WHEN y THEN 2 END) END FROM b; END",
	"CREATE OR REPLACE FUNCTION h(a int) RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT case_.end FROM case_; SELECT 2 end; END", "CREATE PROCEDURE q() BEGIN ATOMIC END",
	"CREATE TABLE begin (atomic int)", "SELECT begin atomic FROM begin", "SELECT begin atomic, 1 end FROM begin", "SELECT 1-- a\r+1",
	"SELECT E'a'\n'\\';b'", "SELECT 1 +/* -- */ 2", "SELECT 1 - -2 /* -*/ /-3 --;\n", "SELECT x$a$b$a$ FROM y", "SELECT 'é' AS \"--\", $_1$;$_1$",
	"BEGIN", "COMMIT", "SELECT 1 AS \"end\", 2 AS \"begin\"", "\tSELECT\r\n\f1\v", "SELECT $1::text IS NULL OR b = $1", "SELECT u&\"d\\0061t\" FROM x",
}

// The parser knows where statements end.
func TestStatementsAreWhatTheParserTakesForThem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var list []string
		for _, i := range r.Perm(len(pieces))[:1+r.IntN(6)] {
			list = append(list, pieces[i])
		}
		sql := strings.Join(list, []string{";", " ; ", ";\n\n-- a comment\n", ";/* ; */"}[r.IntN(4)])
		sql += []string{"", ";", " ;\n"}[r.IntN(3)]
		tree, err := pg.Parse(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var got, want []string
		for _, s := range Statements(sql) {
			got = append(got, strings.TrimRight(sql[s.First:s.End], "; \t\r\n"))
		}
		for _, s := range tree.GetStmts() {
			end := len(sql)
			if s.GetStmtLen() > 0 {
				end = int(s.GetStmtLocation() + s.GetStmtLen())
			}
			want = append(want, bare(sql[s.GetStmtLocation():end]))
		}
		for i := range got {
			got[i] = bare(got[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: %s\n got %q\nwant %q", seed, sql, got, want)
		}
	}
}

// bare leaves out the comments and the space around a statement, and its semicolon.
func bare(sql string) string {
	var b strings.Builder
	for _, token := range Tokens(sql) {
		if token.Kind != Comment && token.Kind != Block {
			b.WriteString(token.Text(sql) + " ")
		}
	}
	return strings.TrimRight(b.String(), "; ")
}

// The scanner knows where literals, names and placeholders begin and end. What it
// takes for one operator is several characters here.
func TestTokensAreThoseOfTheScanner(t *testing.T) {
	t.Parallel()
	for _, sql := range pieces {
		scanned, err := pg.Scan(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var got, want []string
		for _, token := range Tokens(sql) {
			if token.Kind != Punct && token.Kind != Number {
				got = append(got, token.Text(sql))
			}
		}
		for _, token := range scanned.GetTokens() {
			text := sql[token.GetStart():token.GetEnd()]
			if c := text[0]; isWordStart(c) || c == '"' || c == '\'' || c == '$' || strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*") {
				want = append(want, text)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\n got %q\nwant %q", sql, got, want)
		}
	}
}

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
