package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheSchemaFolderIsTheOneThatTheConfigurationNames(t *testing.T) {
	t.Parallel()
	const head = "version: \"2\"\nsql:\n"
	entry := func(engine, schema string) string { return "  - engine: " + engine + "\n    schema: " + schema + "\n" }
	for name, tc := range map[string]struct{ file, text, want string }{
		"a folder":                            {"sqlc.yaml", head + entry("postgresql", "db/migrations"), "DIR/db/migrations"},
		"its slash and its files":             {"sqlc.yml", head + entry("postgresql", "db/migrations/") + entry("postgresql", "[db/migrations, ./db/migrations/*.sql]"), "DIR/db/migrations"},
		"beside another engine":               {"sqlc.yaml", head + entry("sqlite", "lite.sql") + entry("postgresql", "db/migrations"), "DIR/db/migrations"},
		"an entry that generates no Go":       {"sqlc.yaml", head + entry("postgresql", "db/migrations") + "    codegen: [{plugin: py, out: py}]\n", "DIR/db/migrations"},
		"version 1":                           {"sqlc.json", `{"version": "1", "packages": [{"schema": "db/migrations", "path": "db"}]}`, "DIR/db/migrations"},
		"a file":                              {"sqlc.yaml", head + entry("postgresql", "schema.sql"), "DIR/sqlc.yaml:4:13: schema schema.sql is a file, not a folder of migrations: name the folder of the migrations with --dir"},
		"two":                                 {"sqlc.yaml", head + entry("postgresql", "db/migrations") + entry("postgresql", "[schema.sql]"), "DIR/sqlc.yaml:4:13: there are several schemas, db/migrations and schema.sql: name the folder"},
		"some of a folder's files":            {"sqlc.yaml", head + entry("postgresql", "db/migrations/*.up.sql"), "DIR/sqlc.yaml:4:13: schema db/migrations/*.up.sql: no such file or directory: name the folder"},
		"one that is not there":               {"sqlc.yaml", head + entry("postgresql", "gone"), "DIR/sqlc.yaml:4:13: schema gone: no such file or directory: name the folder"},
		"none":                                {"sqlc.yaml", head + "  - engine: postgresql\n    queries: q\n", "DIR/sqlc.yaml:1:1: no entry names a schema for PostgreSQL: name the folder"},
		"a configuration that cannot be read": {"sqlc.yaml", "sql: [", "DIR/sqlc.yaml:1:1: did not find expected node content"},
		"no configuration":                    {"other.yaml", "", "no migrations: there is no sqlc.yaml, sqlc.yml, sqlc.json here whose schema they could be: name the folder of the migrations with --dir"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "db/migrations"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{tc.file: tc.text, "schema.sql": ""} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := SchemaFolder(dir)
			if err != nil {
				got = err.Error()
			}
			if got = strings.ReplaceAll(got, filepath.ToSlash(dir), "DIR"); !strings.HasPrefix(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestTwoConfigurationsInOneFolderAreAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"sqlc.yaml", "sqlc.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := SchemaFolder(dir); err == nil || err.Error() != dir+":1:1: both sqlc.yaml and sqlc.json are here: keep one, or name the folder of the migrations with --dir" {
		t.Errorf("SchemaFolder = %v", err)
	}
}
