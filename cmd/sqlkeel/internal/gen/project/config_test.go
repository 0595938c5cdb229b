package project

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAConfigurationThatCannotBeUsedIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":            {"version: \"2\"\nsql: [", "sqlc.yaml:2:1: did not find expected node content"},
		"another shape":      {"version: \"2\"\nsql:\n  engine: x\n", "sqlc.yaml:3:1: a map is not what sqlc's configuration has here"},
		"no version":         {"sql: []\n", "sqlc.yaml:1:1: no version"},
		"an unknown version": {"version: 3\n", `sqlc.yaml:1:1: version "3" is not known`},
		"nothing to do":      {"version: 2\n", "sqlc.yaml:1:1: no package to generate Go for"},
		"an unknown option":  {"version: 2\noptions:\n  sqlkeel: {rôle: x, role: [a], role: }\nsql: [{engine: postgresql, gen: {go: {out: x}}}]\n", `sqlc.yaml:3:13: unknown option "rôle"; known is role`},
		"a role that is none": {"version: 2\noptions:\n  sqlkeel: {role: [a]}\nsql: [{engine: postgresql, gen: {go: {out: x}}}]\n",
			"sqlc.yaml:3:19: role must be the name"},
		"options that are none": {"version: 2\noptions:\n  sqlkeel: app\nsql: [{engine: postgresql, gen: {go: {out: x}}}]\n", "sqlc.yaml:3:12: options: sqlkeel: must be a map"},
		"MySQL alone":           {"version: 2\nsql: [{engine: mysql, queries: q, gen: {go: {out: x}}}]\n", `sqlc.yaml:2:32: engine "mysql" is not PostgreSQL`},
		"no out":                {"version: 2\nsql: [{engine: postgresql, queries: q, gen: {go: {}}}]\n", "sqlc.yaml:2:37: no out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "sqlc.yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("Load = %v, want a Problem", err)
			}
			if got := strings.TrimPrefix(err.Error(), dir+string(filepath.Separator)); !strings.HasPrefix(got, c.want) {
				t.Errorf("Load = %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAConfigurationMayUseWhatYAMLHas(t *testing.T) {
	t.Parallel()
	const entry = "  - engine: postgresql\n    schema: s.sql\n    queries: q.sql\n    gen: {go: {out: x, sql_package: pgx/v5}}\n"
	for name, c := range map[string]struct{ file, text, role string }{
		"an alias of a map":    {"sqlc.yaml", "version: 2\nbase: &b {role: app}\noptions: {sqlkeel: *b}\nsql:\n" + entry, "app"},
		"an alias of a word":   {"sqlc.yml", "version: 2\nbase: [&r app]\noptions: {sqlkeel: {role: *r}}\nsql:\n" + entry, "app"},
		"a merge":              {"sqlc.yaml", "version: 2\ngo: &g {out: x, sql_package: pgx/v5}\nsql: [{engine: postgresql, schema: s.sql, queries: q.sql, gen: {go: {<<: *g}}}]\n", ""},
		"paths by an alias":    {"sqlc.yaml", "version: 2\npaths: &p [s.sql]\nsql: [{engine: postgresql, schema: *p, queries: [q.sql], gen: {go: {out: x, sql_package: pgx/v5}}}]\n", ""},
		"JSON with tabs":       {"sqlc.json", "{\n\t\"version\": \"2\",\n\t\"options\": {\"sqlkeel\": {\"role\": \"app\"}},\n\t\"sql\": [{\"engine\": \"postgresql\", \"schema\": \"s.sql\", \"queries\": [\"q.sql\"], \"gen\": {\"go\": {\"out\": \"x\", \"sql_package\": \"pgx/v5\"}}}]\n}\n", "app"},
		"a second document":    {"sqlc.yaml", "version: 2\nsql:\n" + entry + "---\nversion: 1\n", ""},
		"line ends of Windows": {"sqlc.yaml", strings.ReplaceAll("version: \"2\"\nsql:\n"+entry, "\n", "\r\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{c.file: c.text, "s.sql": "", "q.sql": ""} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			pkg := p.Packages[0]
			if p.Role != c.role || len(p.Packages) != 1 || pkg.Dir != "x" || pkg.Driver != "pgx/v5" || !slices.Equal(pkg.Schema, []string{"s.sql"}) || !slices.Equal(pkg.Queries, []string{"q.sql"}) {
				t.Errorf("role %q, package %+v", p.Role, pkg)
			}
		})
	}
}

func TestAConfigurationOfAliasesOfAliasesIsRefusedOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sqlc.yaml")
	text := "version: 2\na: &a [x, x]\nb: &b [*a, *a]\nsql: [{engine: postgresql, schema: *b, gen: {go: {out: x}}}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || err.Error() != file+":2:1: a list is not what sqlc's configuration has here" {
		t.Errorf("got %v", err)
	}
}

func TestTheConfigurationIsFoundInItsFolder(t *testing.T) {
	t.Parallel()
	if p := loaded(t, "driver"); filepath.Base(p.Config) != "sqlc.json" {
		t.Errorf("Load of a folder took %s", p.Config)
	}
	if _, err := Load(filepath.Join("testdata", "nowhere.yaml")); err == nil || !strings.Contains(err.Error(), "nowhere.yaml:1:1: cannot read") {
		t.Errorf("Load of a missing file = %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no sqlc.yaml, sqlc.yml, sqlc.json here") {
		t.Errorf("Load of an empty folder = %v", err)
	}
	both := edited(t, "shop", edit{"sqlc.json", "", "{}"})
	if _, err := Load(both); err == nil || !strings.Contains(err.Error(), "both sqlc.yaml and sqlc.json are here") {
		t.Errorf("Load of a folder with two = %v", err)
	}
}

func TestPathsAreFilesFoldersAndGlobs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, f := range []string{"a/2.sql", "a/1.sql", "a/10.up.sql", "a/10.down.sql", "a/.x.sql", "a/y.txt", "a/b/3.sql", "c.sql", "d[1].sql"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(f)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		patterns, want []string
		problems       int
	}{
		"a folder":             {[]string{"a"}, []string{"a/1.sql", "a/10.up.sql", "a/2.sql"}, 0},
		"files in their order": {[]string{"c.sql", "a/2.sql"}, []string{"c.sql", "a/2.sql"}, 0},
		"a file twice":         {[]string{"c.sql", "./c.sql"}, []string{"c.sql"}, 0},
		"a glob":               {[]string{"a/*.sql"}, []string{"a/1.sql", "a/10.up.sql", "a/2.sql"}, 0},
		"a glob of folders":    {[]string{"*"}, []string{"a/1.sql", "a/10.up.sql", "a/2.sql", "c.sql", "d[1].sql"}, 0},
		"a glob of nothing":    {[]string{"z*"}, nil, 0},
		"a bad glob":           {[]string{"[z"}, nil, 1},
		"no such file":         {[]string{"z.sql", "c.sql"}, []string{"c.sql"}, 1},
		"absolute":             {[]string{filepath.Join(dir, "c.sql")}, []string{"c.sql"}, 0},
	} {
		problems := 0
		got := slices.Concat(sqlFiles(dir, c.patterns, func(string, error) { problems++ })...)
		if !slices.Equal(got, c.want) || problems != c.problems {
			t.Errorf("%s: %v = %v with %d problems, want %v with %d", name, c.patterns, got, problems, c.want, c.problems)
		}
	}
}

func TestPackagesOfOneFolderAreOne(t *testing.T) {
	t.Parallel()
	dir := edited(t, "shop", edit{"sqlc.yaml", "        package: orders\n        out: orders", "        package: shop\n        out: ./shop"})
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages) != 1 || !slices.Contains(p.Packages[0].Queries, "orders.sql") {
		t.Errorf("packages = %v", p.Packages)
	}
}

func TestThePluginOfSqlcsOwnGeneratorIsGo(t *testing.T) {
	t.Parallel()
	dir := edited(t, "driver", edit{"sqlc.json", "", ""}, edit{"sqlc.yml", "", `version: "2"
plugins: [{name: golang, wasm: {url: x, sha256: y}}, {name: other, wasm: {url: x, sha256: y}}]
sql:
  - engine: postgresql
    schema: query.sql
    queries: query.sql
    codegen:
      - {plugin: golang, out: std, options: {package: std}}
      - {plugin: other, out: elsewhere, options: {indent: [2]}}
      - {plugin: other, out: elsewhere, options: text}
`})
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages) != 1 || p.Packages[0].Name != "std" || len(p.Packages[0].Statements) != 4 || len(p.AllProblems()) != 0 {
		t.Errorf("packages %v, problems %v", p.Packages, p.AllProblems())
	}
}
