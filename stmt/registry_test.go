package stmt_test

import (
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestARegistryNamesTheTypesOfItsStatementsOnce(t *testing.T) {
	t.Parallel()
	r := stmt.NewRegistry(nil, stmt.Statement{SQL: "1", Types: []string{"store.mood", "mood"}}, stmt.Statement{SQL: "2"}, stmt.Statement{SQL: "3", Types: []string{"mood"}})
	if got := r.Types(); !slices.Equal(got, []string{"mood", "store.mood"}) {
		t.Error(got)
	}
	if got := stmt.NewRegistry(nil).Types(); len(got) != 0 {
		t.Error(got)
	}
}

func TestARegistryTellsItsRelationsAndStatements(t *testing.T) {
	t.Parallel()
	r := stmt.NewRegistry(map[string]string{"books": "d1"}, stmt.Statement{Name: "B"}, stmt.Statement{Name: "A"})
	r.Relations()["books"], r.Statements()[0].Name = "mine", "mine"
	if got := r.Relations(); len(got) != 1 || got["books"] != "d1" {
		t.Errorf("relations %v", got)
	}
	if got := r.Statements(); len(got) != 2 || got[0].Name != "B" {
		t.Errorf("statements %v", got)
	}
}
