package variants

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// bookstore returns the plans of the bookstore's statements by their names.
func bookstore(t testing.TB, b *testbed) map[string]*Plan {
	t.Helper()
	p, err := project.Load("../../../../../sqlc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]*Plan{}
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			if st.Command == ":copyfrom" {
				continue
			}
			plan, remarks := b.findIn(t, st)
			for _, r := range remarks {
				t.Log(r)
			}
			if plan == nil && strings.Contains(st.SQL, " IS NULL OR ") {
				t.Errorf("%s is not pruned", st.Name)
			}
			if plan != nil {
				plans[st.Name] = plan
			}
		}
	}
	return plans
}

func TestTheBookstoresOptionalPartsAreProven(t *testing.T) {
	t.Parallel()
	b := setup(t, "", pgtest.WithMigrations(migrations.FS))
	plans := bookstore(t, b)
	if plans["FindProducts"] == nil || plans["SearchBooks"] == nil {
		t.Fatalf("only %d statements are pruned", len(plans))
	}
	for name, p := range plans {
		sorts, want := strings.Count(p.Statement.SQL, "CASE WHEN"), 1
		for _, c := range p.choosers {
			want *= len(c.states())
			if c.Sorts && len(c.Values) != sorts+1 {
				t.Errorf("%s: %v choose the order, want NULL and %d others", name, c.Values, sorts)
			}
		}
		if want != len(p.Masks()) || p.partly {
			t.Errorf("%s: %d variants, want %d", name, len(p.Masks()), want)
		}
	}
}
