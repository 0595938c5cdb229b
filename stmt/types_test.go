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
