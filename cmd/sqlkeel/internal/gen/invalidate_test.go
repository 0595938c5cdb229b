package gen_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// cachedShop is the archive filters with three statements that are cached and a few more
// writes.
func cachedShop(t *testing.T, more ...[3]string) map[string]gen.Inspected {
	t.Helper()
	found := inspectArchive(t, "filters", func(dir string) {
		for _, name := range []string{"GetAuthor :one", "FindBooks :many", "CountBooks :one"} {
			replace(t, filepath.Join(dir, "queries/books.sql"), "-- name: "+name+"\n", "-- name: "+name+"\n-- @cache ttl=30s\n")
		}
		for _, m := range more {
			replace(t, filepath.Join(dir, m[0]), m[1], m[2])
		}
	})
	byName := map[string]gen.Inspected{}
	for _, s := range found.Statements {
		byName[s.Name] = s
	}
	return byName
}

func TestInspectSaysWhatAWriteDoesToCachedResultsAndHowPrecisely(t *testing.T) {
	t.Parallel()
	found := cachedShop(t)
	rows := gen.Invalidation{Package: "queries", Statement: "GetAuthor", Relation: "authors", Column: "id"}
	all := func(statement, relation string) gen.Invalidation {
		return gen.Invalidation{Package: "queries", Statement: statement, Relation: relation}
	}
	for name, want := range map[string][]gen.Invalidation{
		"AddAuthor":    {rows}, // FindBooks has authors of books alone
		"DeleteAuthor": {all("CountBooks", "books"), all("FindBooks", "books"), rows},
		"CopyBooks":    {all("CountBooks", "books"), all("FindBooks", "books")},
		"GetAuthor":    nil,
	} {
		if got := found[name]; !slices.Equal(got.Invalidates, want) || got.Flushes != "" {
			t.Errorf("%s: %+v, flushes %q", name, got.Invalidates, got.Flushes)
		}
	}
	writers := func(names ...string) (list []gen.Writer) {
		for _, name := range names {
			list = append(list, gen.Writer{Package: "queries", Statement: name})
		}
		return list
	}
	for name, want := range map[string][]gen.Writer{
		"GetAuthor":  nil,
		"FindBooks":  writers("CopyBooks", "DeleteAuthor"),
		"CountBooks": writers("CopyBooks", "DeleteAuthor"),
		"AddAuthor":  nil,
	} {
		if got := found[name]; !slices.Equal(got.DroppedBy, want) || (got.Cached == "ttl=30s") != got.Cacheable {
			t.Errorf("%s: cached %q, dropped by %+v", name, got.Cached, got.DroppedBy)
		}
	}
}

func TestInspectSaysWhatMakesAllResultsOldAndWhy(t *testing.T) {
	t.Parallel()
	const file = "queries/books.sql"
	for want, change := range map[string][3]string{
		"it is opaque: its table is a library's":                                        {file, "-- name: AddAuthor :one\n", "-- name: AddAuthor :one\n-- @opaque its table is a library's\n"},
		`nothing is known of it: column "missing" of relation "authors" does not exist`: {file, "INTO authors (name)", "INTO authors (missing)"},
	} {
		changes := [][3]string{change}
		if change[2] == "INTO authors (missing)" {
			changes = append(changes, [3]string{"queries/books.sql.go", change[1], change[2]})
		}
		found := cachedShop(t, changes...)
		if got := found["AddAuthor"]; got.Flushes != want || len(got.Invalidates) > 0 {
			t.Errorf("AddAuthor: %q %+v", got.Flushes, got.Invalidates)
		}
		if by := found["GetAuthor"].DroppedBy; !slices.Equal(by, []gen.Writer{{Package: "queries", Statement: "AddAuthor"}}) {
			t.Errorf("GetAuthor is dropped by %+v", by)
		}
	}
}

// What is of a type that package stmt does not compare is not known to be beside.
func TestInspectTellsARowOnlyByTypesThatAreCompared(t *testing.T) {
	t.Parallel()
	for goType, precise := range map[string]bool{"*int64": true, "int32": true, "pgtype.Int8": true, "pgtype.Numeric": false, "*int": false, "MyID": false} {
		found := cachedShop(t, [3]string{"queries/books.sql.go", "DeleteAuthor(ctx context.Context, id int64)", "DeleteAuthor(ctx context.Context, id " + goType + ")"})
		for _, i := range found["DeleteAuthor"].Invalidates {
			if i.Statement == "GetAuthor" && (i.Column == "id") != precise {
				t.Errorf("%s: %+v", goType, i)
			}
		}
	}
}

func TestInspectSaysThatAllResultsAreOldWhereTheRowsAreNotKnownByTheSameColumn(t *testing.T) {
	t.Parallel()
	const file = "queries/books.sql"
	found := cachedShop(t, [3]string{file, "DELETE FROM authors WHERE id = $1", "DELETE FROM authors WHERE name = $1"},
		[3]string{file + ".go", "DELETE FROM authors WHERE id = $1", "DELETE FROM authors WHERE name = $1"},
		[3]string{file + ".go", "DeleteAuthor(ctx context.Context, id int64)", "DeleteAuthor(ctx context.Context, id string)"})
	want := gen.Invalidation{Package: "queries", Statement: "GetAuthor", Relation: "authors"}
	if got := found["DeleteAuthor"]; !slices.Contains(got.Invalidates, want) || len(got.RowKeys) == 0 || got.RowKeys[0].Column != "name" {
		t.Errorf("%+v %+v", got.Invalidates, got.RowKeys)
	}
	if by := found["GetAuthor"].DroppedBy; !slices.Equal(by, []gen.Writer{{Package: "queries", Statement: "DeleteAuthor"}}) {
		t.Errorf("GetAuthor is dropped by %+v", by)
	}
}
