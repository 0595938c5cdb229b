package gen_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// opaqueProject is the archive opaque, with changes in the form file, old text, new
// text.
func opaqueProject(t *testing.T, changes ...[3]string) (dir string, o gen.Options) {
	t.Helper()
	dir = t.TempDir()
	readArchive(t, "testdata/opaque.txtar").extract(t, dir)
	for _, c := range changes {
		replace(t, filepath.Join(dir, c[0]), c[1], c[2])
	}
	return dir, options(t, dir)
}

func TestAStatementThatIsRefusedIsAnErrorUnlessItIsOpaque(t *testing.T) {
	t.Parallel()
	dir, o := opaqueProject(t, [3]string{"queries/bin.sql", "-- @opaque a function", "-- a function"},
		[3]string{"queries/bin.sql", "-- @opaque it is called", "-- it is called"},
		[3]string{"queries/bin.sql", "-- @opaque  its batch", "-- its batch"},
		[3]string{"queries/library.sql", "-- @opaque-file its", "-- its"})
	want := []string{
		"queries/bin.sql:6:8: Refused: function lower(bigint) does not exist",
		"queries/bin.sql:10:32: RefusedByUs: the text has 1 placeholders and the generated method passes 0 arguments",
		"queries/bin.sql:14:39: RefusedBatch: operator does not exist: text = integer",
		"queries/library.sql:5:38: LibraryCount: operator does not exist: text = integer",
	}
	for name, run := range map[string]func() error{
		"generate": func() error { _, err := gen.Generate(t.Context(), o); return err },
		"check":    func() error { _, err := gen.Check(t.Context(), o); return err },
		"inspect": func() error {
			found, err := gen.Inspect(t.Context(), o)
			if err != nil {
				return err
			}
			return found.Failed
		},
	} {
		got := strings.Split(problems(t, dir, run()), "\n")
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s: got\n%s", name, strings.Join(got, "\n"))
		}
	}
}

// The list of what is set aside stands in the generated file, so that it cannot grow
// without a change that is seen.
func TestCheckNoticesThatTheListOfOpaqueStatementsGrew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][3]string{
		"a statement":      {"queries/bin.sql", "-- name: GetBin :one", "-- name: GetBin :one\n-- @opaque it is new"},
		"another reason":   {"queries/bin.sql", "it is loaded once", "it is loaded twice"},
		"one less":         {"queries/bin.sql", "-- @opaque it is loaded once\n", ""},
		"a statement less": {"queries/library.sql", "-- @opaque-file its tables are made by another service\n\n-- name: LibraryCount :one", "-- name: LibraryCount :one\n-- @opaque its tables are made by another service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, o := opaqueProject(t)
			if _, err := gen.Generate(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			replace(t, filepath.Join(dir, change[0]), change[1], change[2])
			_, err := gen.Check(t.Context(), o)
			if got := problems(t, dir, err); !strings.HasPrefix(got, "queries/statements_gen.go:") || !strings.HasSuffix(got, ":1: this file is stale: run go generate ./...") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestInspectShowsWhatIsOpaque(t *testing.T) {
	t.Parallel()
	_, o := opaqueProject(t)
	found, err := gen.Inspect(t.Context(), o)
	if err != nil || found.Unknown != 0 || found.Opaque != 6 || len(found.Failed) > 0 {
		t.Fatalf("%d unknown, %d opaque, %v, %v", found.Unknown, found.Opaque, found.Failed, err)
	}
	for _, s := range found.Statements {
		if s.Name == "GetBin" {
			if s.Opaque != "" || s.Unknown {
				t.Errorf("%+v", s)
			}
			continue
		}
		if s.Opaque == "" || s.WhyNot != "it is opaque: "+s.Opaque || s.Cacheable || s.ReadOnly || !slices.Equal(s.Effects, []string{"*"}) || !s.Unknown {
			t.Errorf("%+v", s)
		}
	}
	text, err := json.Marshal(found.Statements)
	if err != nil || !strings.Contains(string(text), `"opaque":"its batch is new"`) || strings.Count(string(text), `"opaque"`) != 6 {
		t.Errorf("%v %s", err, text)
	}
}

func TestAnOpaqueFileIsNeedlessOnlyWhenAllOfItCanBeAnalysed(t *testing.T) {
	t.Parallel()
	dir, o := opaqueProject(t, [3]string{"queries/library.sql", "label = 1", "label = '1'"}, [3]string{"queries/library.sql.go", "label = 1", "label = '1'"})
	notes, err := gen.Generate(t.Context(), o)
	want := "queries/bin.sql:17:4: Copied: the statement can be analysed, so that @opaque is not needed: take it away\n" +
		"queries/library.sql:2:4: all statements of the file can be analysed, so that @opaque-file is not needed: take it away"
	if got := strings.ReplaceAll(notes.Error(), dir+"/", ""); err != nil || got != want {
		t.Errorf("%v, notes\n%s", err, got)
	}
}
