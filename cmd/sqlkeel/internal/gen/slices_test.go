package gen_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// failing are the statements of the archive slices that the driver cannot send.
var failing = []string{"AnyAndIn", "CopiedIn", "Equal", "FiveOrInList", "InList", "InListOrFive", "NotInList", "RemovedIn", "RenamedIn"}

func TestASliceIsRefusedOnlyWhereTheServerWantsOneValue(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir string){
		"with the query file": nothing,
		"without it": func(dir string) {
			if err := os.Remove(filepath.Join(dir, "queries/bin.sql")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := inspectArchive(t, "slices", change)
			var refused []string
			for _, p := range found.Failed {
				refused = append(refused, p.Statement)
				if !strings.HasPrefix(p.Message, "sqlc.slice is not expanded for PostgreSQL") {
					t.Errorf("%s", p)
				}
			}
			slices.Sort(refused)
			want := failing
			if name == "without it" { // of x = $1 nothing says that it was a sqlc.slice
				want = slices.DeleteFunc(slices.Clone(failing), func(s string) bool { return s == "Equal" })
			}
			if !slices.Equal(refused, want) {
				t.Errorf("refused %q, want %q", refused, want)
			}
		})
	}
}

func TestInspectTellsWhatAStatementWithASliceDoes(t *testing.T) {
	t.Parallel()
	found := inspectArchive(t, "slices", nothing)
	if found.Unknown > 0 {
		t.Errorf("%d unknown", found.Unknown)
	}
	for _, s := range found.Statements {
		writes := slices.Contains([]string{"Copied", "CopiedIn", "Removed", "RemovedIn", "Renamed", "RenamedIn"}, s.Name)
		if writes != slices.Equal(s.Writes, []string{"bin"}) || s.ReadOnly == writes || s.Unknown {
			t.Errorf("%+v", s)
		}
	}
}

// What is refused does fail, and the rest runs.
func TestTheDriverRefusesASliceForOneValue(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE bin (id bigint, tags text[])"); err != nil {
		t.Fatal(err)
	}
	for text, runs := range map[string]bool{
		"DELETE FROM bin WHERE id IN ($1)":                          false,
		"DELETE FROM bin WHERE id IN ($1, 5)":                       false,
		"DELETE FROM bin WHERE id = $1":                             false,
		"DELETE FROM bin WHERE id = ANY($1)":                        true,
		"DELETE FROM bin WHERE id <> ALL($1::bigint[])":             true,
		"DELETE FROM bin WHERE tags::bigint[] = $1":                 true,
		"DELETE FROM bin WHERE tags::bigint[] IN ($1)":              true,
		"DELETE FROM bin WHERE id IN (SELECT unnest($1::bigint[]))": true,
	} {
		if _, err := conn.Exec(t.Context(), text, []int64{1, 2}); (err == nil) != runs {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestASliceThatFailsStopsGenerateAndCheck(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "filters")
	replace(t, filepath.Join(dir, "queries/books.sql"), "name FROM authors WHERE id = $1;", "name FROM authors WHERE id IN (sqlc.slice('ids'));")
	replace(t, filepath.Join(dir, "queries/books.sql.go"), "name FROM authors WHERE id = $1", "name FROM authors WHERE id IN ($1)")
	replace(t, filepath.Join(dir, "queries/books.sql.go"), "GetAuthor(ctx context.Context, id int64)", "GetAuthor(ctx context.Context, id []int64)")
	const want = "queries/books.sql:2:43: GetAuthor: sqlc.slice is not expanded for PostgreSQL, so the call fails: write = ANY(@x::type[]), or <> ALL for NOT IN"
	for name, run := range map[string]func() error{
		"generate": func() error { _, err := gen.Generate(t.Context(), o); return err },
		"check":    func() error { _, err := gen.Check(t.Context(), o); return err },
	} {
		if got := problems(t, dir, run()); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
