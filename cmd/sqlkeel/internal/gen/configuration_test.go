package gen_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// Of a project without a schema each statement would fail, for one cause.
func TestAConfigurationWithoutASchemaIsOneErrorOfEveryCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	readArchive(t, "testdata/filters.txtar").extract(t, dir)
	replace(t, filepath.Join(dir, "sqlc.yaml"), "    schema: schema\n", "    database: {uri: postgres://tester@127.0.0.1:1/x}\n")
	const want = "sqlc.yaml:3:5: this entry names no schema, so that nothing can be known of its statements: name the schema's files under schema: (the one that database: names is not read)"
	o := gen.Options{Config: filepath.Join(dir, "sqlc.yaml"), DSN: "postgres://127.0.0.1:1/nobody"}
	for name, run := range map[string]func() error{
		"generate": func() error { _, err := gen.Generate(t.Context(), o); return err },
		"check":    func() error { _, err := gen.Check(t.Context(), o); return err },
		"inspect":  func() error { _, err := gen.Inspect(t.Context(), o); return err },
	} {
		if got := problems(t, dir, run()); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestInspectGoesOnBesideAnEntryWithoutASchema(t *testing.T) {
	t.Parallel()
	found := inspectArchive(t, "filters", func(dir string) {
		replace(t, filepath.Join(dir, "sqlc.yaml"), "sql:\n", "sql:\n  - engine: postgresql\n    queries: queries\n    gen: {go: {out: elsewhere, sql_package: pgx/v5}}\n")
	})
	if len(found.Failed) != 1 || !strings.Contains(found.Failed.Error(), "sqlc.yaml:3:5: this entry names no schema") || !found.Misconfigured || len(found.Statements) != 6 || found.Unknown > 0 {
		t.Errorf("%d statements, %d unknown, misconfigured %t, %v", len(found.Statements), found.Unknown, found.Misconfigured, found.Failed)
	}
}
