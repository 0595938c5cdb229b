package scratch

import (
	"strings"
	"testing"
)

// FuzzScript cuts and classifies any text without a panic, and never moves what it
// keeps.
func FuzzScript(f *testing.F) {
	f.Add(dump)
	f.Add(withRoles)
	f.Add("-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN CREATE ROLE a; END $$;\n-- +goose StatementEnd\n-- +goose Down\n")
	f.Add("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;\nMERGE INTO a USING b ON (1=1) WHEN MATCHED THEN DELETE;")
	f.Add("ALTER DATABASE a SET b = 'c'; COPY a FROM stdin;\n1\n\\.\nCREATE POLICY p ON a TO b;")
	f.Add("SELECT * FROM JSON_TABLE(a, '$[*]' COLUMNS (x int PATH '$')); CREATE TABLE a (b int GENERATED ALWAYS AS (c) VIRTUAL);")
	f.Fuzz(func(t *testing.T, text string) {
		s := newScript("x.sql", text)
		if len(s.Text) > len(text) {
			t.Fatalf("%q became longer: %q", text, s.Text)
		}
		for _, owned := range []bool{false, true} {
			steps := s.steps(owned)
			whole := s.whole(steps)
			for _, st := range steps {
				if !strings.HasPrefix(s.Text[st.Start:], st.SQL) {
					t.Fatalf("%q is not at %d", st.SQL, st.Start)
				}
				if st.kind.skip == "" && !strings.Contains(whole, strings.TrimSpace(st.SQL)) {
					t.Fatalf("%q is not in %q", st.SQL, whole)
				}
				rolesIn(st.SQL)
			}
			_ = s.problem(len(s.Text), "x").Error()
		}
	})
}
