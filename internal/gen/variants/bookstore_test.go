package variants

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// bookstore returns the plans of the bookstore's statements by their names.
func bookstore(t testing.TB, b *testbed) map[string]*Plan {
	t.Helper()
	p, err := project.Load("../../../sqlc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]*Plan{}
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			if st.Command == ":copyfrom" {
				continue
			}
			plan, remarks := Find(st, b.types(t, st.SQL), b.schema)
			for _, r := range remarks {
				t.Log(r)
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
	for name, want := range map[string]struct{ filters, literals, masks int }{
		"FindProducts": {5, 3, 128},
		"SearchBooks":  {3, 0, 8},
	} {
		p := plans[name]
		if p == nil {
			t.Errorf("%s is not pruned", name)
			continue
		}
		if len(p.Filters) != want.filters || len(p.sortLiterals()) != want.literals || len(p.Masks()) != want.masks {
			t.Errorf("%s: %d filters, %d literals, %d variants; want %v", name, len(p.Filters), len(p.sortLiterals()), len(p.Masks()), want)
		}
		if err := p.Prove(t.Context(), b.conn); err != nil {
			t.Error(err)
		}
		delete(plans, name)
	}
	for name := range plans {
		t.Errorf("%s is pruned", name)
	}
}
