package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entryOf is a configuration of one entry with these lines.
func entryOf(lines ...string) string {
	return "version: \"2\"\nsql:\n  - engine: postgresql\n    " + strings.Join(append(lines, "gen: {go: {out: x, sql_package: pgx/v5}}"), "\n    ") + "\n"
}

func TestAnEntryWithoutASchemaIsOneErrorAtItsPlace(t *testing.T) {
	t.Parallel()
	const (
		noSchema = "this entry names no schema, so that nothing can be known of its statements: name the schema's files under schema:"
		aside    = " (the one that database: names is not read)"
	)
	for name, c := range map[string]struct{ text, want string }{
		"no schema":                   {entryOf("queries: q.sql"), "sqlc.yaml:3:5: " + noSchema},
		"a database in its place":     {entryOf("queries: q.sql", "database: {uri: postgres://nobody}"), "sqlc.yaml:3:5: " + noSchema + aside},
		"a managed database":          {entryOf("queries: q.sql", "database:", "  managed: true"), "sqlc.yaml:3:5: " + noSchema + aside},
		"a list of nothing":           {entryOf("queries: q.sql", "schema: []"), "sqlc.yaml:3:5: " + noSchema},
		"an empty name":               {entryOf("queries: q.sql", `schema: ""`), "sqlc.yaml:3:5: " + noSchema},
		"no value":                    {entryOf("queries: q.sql", "schema:"), "sqlc.yaml:3:5: " + noSchema},
		"a folder that is missing":    {entryOf("queries: q.sql", "schema: nowhere"), "sqlc.yaml:5:13: schema: nowhere: no such file or directory"},
		"an empty folder":             {entryOf("queries: q.sql", "schema: empty"), "sqlc.yaml:5:13: schema: empty names no .sql file"},
		"a folder of other files":     {entryOf("queries: q.sql", "schema: other"), "sqlc.yaml:5:13: schema: other names no .sql file"},
		"a glob without a match":      {entryOf("queries: q.sql", "schema: ['m/*.sql']"), "sqlc.yaml:5:14: schema: m/*.sql names no .sql file"},
		"a glob that is none":         {entryOf("queries: q.sql", "schema:", "  - '[m'"), "sqlc.yaml:6:9: schema: [m: syntax error in pattern"},
		"one of two is missing":       {entryOf("queries: q.sql", "schema: [s.sql, nowhere.sql]"), "sqlc.yaml:5:21: schema: nowhere.sql: no such file or directory"},
		"no queries":                  {entryOf("schema: s.sql"), "sqlc.yaml:3:5: this entry names no queries: name their files under queries:"},
		"version 1":                   {"version: \"1\"\npackages:\n  - name: x\n    path: x\n    queries: q.sql\n", "sqlc.yaml:3:5: " + noSchema},
		"two entries, both without":   {entryOf("queries: q.sql") + "  - engine: postgresql\n    queries: q.sql\n    gen: {go: {out: y}}\n", "sqlc.yaml:3:5: " + noSchema + "\nsqlc.yaml:6:5: " + noSchema},
		"a plugin, and a flow of map": {"version: \"2\"\nsql: [{engine: postgresql, queries: q.sql, codegen: [{plugin: golang, out: x, options: {package: x}}]}]\n", "sqlc.yaml:2:7: " + noSchema},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, folder := range []string{"empty", "other"} {
				if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for file, text := range map[string]string{"sqlc.yaml": c.text, "s.sql": "", "q.sql": "", "other/x.txt": ""} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p, err := Load(dir)
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			} else {
				for _, problem := range p.Problems {
					got = append(got, problem.Error())
				}
			}
			if text := strings.ReplaceAll(strings.Join(got, "\n"), dir+"/", ""); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}

func TestAPatternWithoutFilesBesideOthersIsANote(t *testing.T) {
	t.Parallel()
	p := loadedFrom(t, edited(t, "shop", edit{"sqlc.yaml", "schema: schema\n", "schema: [schema, 'later/*.sql']\n"}))
	for _, problem := range p.Problems {
		if strings.HasSuffix(problem.Error(), "sqlc.yaml:7:22: schema: later/*.sql names no .sql file") && problem.Warning {
			return
		}
	}
	t.Errorf("problems %v", p.Problems)
}
