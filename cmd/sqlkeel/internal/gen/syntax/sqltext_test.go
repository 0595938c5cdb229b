package syntax

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// pieces are texts that are hard to cut, each a statement.
func pieces(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile("../../../../../internal/sqltext/testdata/pieces.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// The parser knows where statements end.
func TestStatementsAreWhatTheParserTakesForThem(t *testing.T) {
	t.Parallel()
	pieces := pieces(t)
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
		for _, s := range sqltext.Statements(sql) {
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
	for _, token := range sqltext.Tokens(sql) {
		if token.Kind != sqltext.Comment && token.Kind != sqltext.Block {
			b.WriteString(token.Text(sql) + " ")
		}
	}
	return strings.TrimRight(b.String(), "; ")
}

// The scanner knows where literals, names and placeholders begin and end. What it
// takes for one operator is several characters here.
func TestTokensAreThoseOfTheScanner(t *testing.T) {
	t.Parallel()
	for _, sql := range pieces(t) {
		scanned, err := pg.Scan(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var got, want []string
		for _, token := range sqltext.Tokens(sql) {
			if token.Kind != sqltext.Punct && token.Kind != sqltext.Number {
				got = append(got, token.Text(sql))
			}
		}
		for _, token := range scanned.GetTokens() {
			text := sql[token.GetStart():token.GetEnd()]
			if c := text[0]; c == '_' || c >= 0x80 || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '"' || c == '\'' || c == '$' || strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*") {
				want = append(want, text)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\n got %q\nwant %q", sql, got, want)
		}
	}
}
