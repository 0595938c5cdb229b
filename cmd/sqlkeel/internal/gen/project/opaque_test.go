package project

import (
	"slices"
	"strings"
	"testing"
)

func TestAnOpaqueAnnotationThatDoesNotFitIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	const (
		items  = "queries/items.sql"
		reason = " needs the reason why nothing is known, such as: it reads tables that another service makes"
	)
	for name, c := range map[string]struct {
		edit edit
		want []string
	}{
		"with a reason":                {edit{items, "-- name: Find :batchmany\n", "-- name: Find :batchmany\n-- @opaque its index is another's\n"}, nil},
		"before the name":              {edit{items, "-- name: AddItems :copyfrom\n", "-- @opaque it is loaded once\n-- name: AddItems :copyfrom\n"}, nil},
		"without a reason":             {edit{items, "-- name: Find :batchmany\n", "-- name: Find :batchmany\n-- @opaque\n"}, []string{"queries/items.sql:53:4: Find: @opaque" + reason}},
		"with a reason of signs alone": {edit{items, "-- name: Find :batchmany\n", "-- name: Find :batchmany\n-- @opaque ...\n"}, []string{"queries/items.sql:53:4: Find: @opaque" + reason}},
		"twice": {edit{items, "-- name: Find :batchmany\n", "-- @opaque one\n-- name: Find :batchmany\n-- @opaque two\n"},
			[]string{"queries/items.sql:54:4: Find: a second @opaque; the first is on line 52"}},
		"indented": {edit{items, "-- name: Find :batchmany\n", "-- name: Find :batchmany\n  -- @opaque why\n"},
			[]string{"queries/items.sql:53:6: Find: @opaque is not read here: an annotation must start in the first column, as -- @opaque"}},
		"in a block": {edit{items, "-- name: Find :batchmany\n", "-- name: Find :batchmany\n/* @opaque why */\n"},
			[]string{"queries/items.sql:53:4: Find: an annotation is a comment of its own line: write -- @opaque"}},
		"behind the last query": {edit{items, "TRUNCATE items;\n", "TRUNCATE items;\n-- @opaque why\n"},
			[]string{"queries/items.sql:63:4: @opaque belongs to no query: write it between the semicolon before the query and the query's own"}},
		"beside @cache and @replica": {edit{items, "-- @cache ttl=30s\n", "-- @opaque why\n-- @cache ttl=30s\n"}, []string{
			"queries/items.sql:16:4: GetItem: @cache needs to know what the statement does, and @opaque (line 15) says that it is not known: take one of them away",
			"queries/items.sql:17:4: GetItem: @replica needs to know what the statement does, and @opaque (line 15) says that it is not known: take one of them away"}},
		"beside @page and @row": {edit{items, "-- name: ListItems :many\n", "-- @opaque why\n-- name: ListItems :many\n"}, []string{
			"queries/items.sql:3:4: ListItems: @page needs to know what the statement does, and @opaque (line 4) says that it is not known: take one of them away",
			"queries/items.sql:7:4: ListItems: @row needs to know what the statement does, and @opaque (line 4) says that it is not known: take one of them away"}},
		"beside @reads": {edit{items, "-- @reads stock.", "-- @opaque why\n-- @reads stock."}, []string{
			"queries/items.sql:28:4: ShelvesOfItem: @reads needs to know what the statement does, and @opaque (line 27) says that it is not known: take one of them away"}},
		"for a file":                {edit{"more/1.sql", "-- name", "-- @opaque-file why\n-- name"}, nil},
		"for a file, behind a name": {edit{"more/1.sql", "-- counts\n", "-- @opaque-file why\n"}, []string{"more/1.sql:2:4: CountItems: @opaque-file stands before the first query of a query file, as it is for all of the file: for this statement alone write @opaque"}},
		"for a file, behind a query": {edit{items, "-- name: Find :batchmany\n", "-- @opaque-file why\n-- name: Find :batchmany\n"},
			[]string{"queries/items.sql:52:4: Find: @opaque-file stands before the first query of a query file, as it is for all of the file: for this statement alone write @opaque"}},
		"for a file, twice":            {edit{"more/1.sql", "-- name", "-- @opaque-file why\n-- @opaque-file why\n-- name"}, []string{"more/1.sql:2:4: a second @opaque-file; the first is on line 1"}},
		"for a file, without a reason": {edit{"more/1.sql", "-- name", "-- @opaque-file\n-- name"}, []string{"more/1.sql:1:4: @opaque-file" + reason}},
		"for a file and a statement of it": {edit{"more/1.sql", "-- name: CountItems :one\n-- counts", "-- @opaque-file why\n-- name: CountItems :one\n-- @opaque why"},
			[]string{"more/1.sql:3:4: CountItems: a second @opaque; @opaque-file on line 1 is for all statements of the file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := messages(t, edited(t, "shop", c.edit), "shop"); !slices.Equal(got, c.want) {
				t.Errorf("problems:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestWhatIsSaidAgainstAnOpaqueStatementIsTakenBack(t *testing.T) {
	t.Parallel()
	too := edit{"shop/items.sql.go", "arg.Colour,", "arg.Colour, arg.ID,"}
	dir := edited(t, "shop", too, edit{"queries/items.sql", "-- @writes nothing\n", "-- @opaque it has an argument too many\n"})
	if got := messages(t, dir, "shop"); len(got) > 0 {
		t.Errorf("problems %q", got)
	}
	dir = edited(t, "shop", too, edit{"queries/items.sql", "VALUES ($1, $2, $3, $4);", "VALUES ($1, $2, $3, 'blue');"}, edit{"queries/items.sql", "-- @writes nothing\n", "-- @opaque it has an argument too many\n"})
	want := []string{"queries/items.sql:34:63: AddItem: the generated code has another text from here on: run sqlc generate again"}
	if got := messages(t, dir, "shop"); !slices.Equal(got, want) {
		t.Errorf("a query that was changed is told all the same: %q, want %q", got, want)
	}
}

func TestAnOpaqueFileIsForAllItsStatementsAndNoOthers(t *testing.T) {
	t.Parallel()
	p := loadedFrom(t, edited(t, "shop", edit{"queries/items.sql", "-- Items,", "-- @opaque-file why\n-- Items,"}))
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			if opaque := st.Opaque() != nil; opaque != (st.Pos.File == "queries/items.sql") {
				t.Errorf("%s (%s): opaque %t", st.Name, st.Pos, opaque)
			}
		}
	}
}

func loadedFrom(t *testing.T, dir string) *Project {
	t.Helper()
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
