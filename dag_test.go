package sqlkeel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sqlkeel/sqlkeel"

// A floor is packages that may import those of the floors below, and those that stand
// before them on their own.
type floor struct {
	name  string
	rooms []room
}

// A room is a package, by its folder, and all that it may import: packages of this
// repository by their folders, others by the beginning of their paths. The standard
// library is open to all.
type room struct {
	folder  string
	imports []string
}

const (
	gen  = "cmd/sqlkeel/internal/gen"
	pgx  = "github.com/jackc/pgx/v5"
	uuid = "github.com/google/uuid"
)

// house is every package of the repository, of all its modules.
var house = []floor{
	{"words", []room{
		{"", nil},
		{"internal/backoff", nil},
		{"internal/config", nil},
		{"internal/rowkey", nil},
		{"internal/interrupt", nil},
		{"internal/sqltext", nil},
		{"internal/dsn", []string{pgx}},
		{"pgerr", []string{pgx}},
		{"stmt/generated", nil},
		{"stmt", []string{"stmt/generated", "internal/rowkey", "internal/sqltext"}},
	}},
	{"run time", []room{
		{"cache", []string{"internal/config", "internal/rowkey", "stmt", "github.com/maypok86/otter/v2"}}, // never pgx
		{"internal/exec", []string{"internal/rowkey", "stmt", "internal/sqltext", pgx}},
		{"internal/unit", []string{"internal/exec", "stmt", pgx}},
		{"db", []string{"internal/backoff", "internal/config", "internal/dsn", "internal/exec", "internal/sqltext", "internal/unit", "pgerr", "stmt", "stmt/generated", pgx}},
		{"txn", []string{"internal/backoff", "internal/config", "internal/exec", "internal/sqltext", "internal/unit", "pgerr", "stmt", pgx}},
		{"txn/job", []string{"internal/unit", "pgerr", "txn"}},
		{"otel", []string{"cache", "pgerr", "stmt", "txn", pgx, "go.opentelemetry.io/otel"}},
	}},
	{"servers and tests", []room{
		{"internal/schemafile", []string{"internal/sqltext"}},
		{"internal/pgserver", []string{"internal/dsn", pgx}},
		{"pgtest", []string{"internal/exec", "internal/pgserver", "internal/schemafile", "internal/sqltext", pgx, "github.com/pressly/goose/v3", "go.uber.org/goleak"}},
		{"pgtest/container", []string{"internal/pgserver", "github.com/fergusstrange/embedded-postgres", "github.com/moby/moby/api", "github.com/testcontainers/testcontainers-go"}},
		{"internal/bouncer", []string{pgx}},
	}},
	{"tool", []room{
		{gen + "/project", []string{"internal/schemafile", "internal/sqltext", "go.yaml.in/yaml/v3"}},
		{gen + "/scratch", []string{"internal/dsn", "internal/schemafile", "internal/sqltext", gen + "/project", pgx, "github.com/sqlc-dev/oliphant"}},
		{gen + "/syntax", []string{"github.com/sqlc-dev/oliphant"}},
		{gen + "/tree", nil},
		{gen + "/plpgsql", []string{"internal/sqltext"}},
		{gen + "/bodies", []string{"internal/sqltext", gen + "/plpgsql", gen + "/tree", pgx}},
		{gen + "/catalog", []string{"internal/sqltext", gen + "/bodies", gen + "/syntax", gen + "/tree", pgx}},
		{gen + "/query", []string{gen + "/catalog", gen + "/tree"}},
		{gen + "/fold", []string{"stmt/generated", gen + "/catalog", gen + "/tree"}},
		{gen + "/effects", []string{"stmt", gen + "/catalog", gen + "/project", gen + "/query", gen + "/syntax", gen + "/tree", pgx, "github.com/sqlc-dev/oliphant"}},
		{gen + "/variants", []string{"stmt/generated", gen + "/catalog", gen + "/effects", gen + "/fold", gen + "/project", "github.com/sqlc-dev/oliphant"}},
		{gen + "/pages", []string{gen + "/catalog", gen + "/project", gen + "/query", gen + "/syntax", gen + "/tree", pgx, "github.com/sqlc-dev/oliphant"}},
		{gen + "/emit", []string{"stmt", "stmt/generated", gen + "/pages", gen + "/project", gen + "/variants"}},
		{gen, []string{"internal/pgserver", "stmt", "stmt/generated", gen + "/catalog", gen + "/effects", gen + "/emit", gen + "/pages", gen + "/project", gen + "/scratch", gen + "/variants", pgx}},
		{gen + "/soundness", nil},
		{gen + "/variants/rows", nil},
		{"cmd/sqlkeel/internal/migrate", []string{"internal/backoff", "internal/dsn", "internal/schemafile", "internal/sqltext", "pgerr", pgx, "github.com/pressly/goose/v3"}},
		{"cmd/sqlkeel", []string{"internal/dsn", "internal/interrupt", "internal/pgserver", "pgtest/container", gen, "cmd/sqlkeel/internal/migrate", "github.com/spf13/cobra"}},
		{"cmd/sqlkeel/internal/docs", nil},
	}},
	{"bookstore", []room{
		{"migrations", nil},
		{"queries", []string{"cache", "pgerr", "stmt", "stmt/generated", pgx, uuid}},
		{"repo", []string{"cache", "pgerr", "queries", "txn", "txn/job", pgx, uuid}},
		{"internal/seed", []string{"queries", pgx, uuid}},
		{"internal/demo", []string{"cache", "db", "internal/backoff", "internal/pgserver", "internal/seed", "migrations", "queries", "repo", "txn", pgx, uuid, "github.com/schollz/progressbar/v3"}},
		{"internal/demo/cmd", []string{"internal/demo", "internal/interrupt", "internal/pgserver", "internal/seed", "pgtest/container"}},
		{"examples/first", []string{"db", "queries", "repo"}},
		{"examples/service", []string{"cache", "db", "pgerr", "queries", "repo", "txn"}},
		{"examples/shelf/shelf", []string{"cache", "pgerr", "stmt", "stmt/generated", pgx}},
		{"examples/shelf", []string{"cache", "db", "examples/shelf/shelf", "pgerr", "txn", pgx}},
	}},
	{"workshop", []room{
		{"internal/history", nil},
		{"internal/yields", nil},
		{"internal/yields/cmd", []string{"internal/yields"}},
		{"internal/mutants", []string{"internal/yields"}},
		{"internal/mutants/cmd", []string{"internal/mutants"}},
		{"bench/stats", nil},
		{"bench/contention", []string{"txn", "bench/stats", pgx}},
		{"bench/database", []string{pgx}},
		{"bench/cmd/contention", []string{"bench/contention", "bench/database"}},
		{"bench/rivals/store", []string{"cache", "pgerr", "stmt", "stmt/generated", pgx}},
		{"bench/page", []string{pgx, "gonum.org/v1/plot"}},
		{"bench/rivals", []string{"bench/database", "bench/stats", pgx}},
		{"bench/rivals/ent/schema", []string{"entgo.io/ent"}},
		{"bench/rivals/ent/predicate", []string{"entgo.io/ent"}},
		{"bench/rivals/ent/author", []string{"bench/rivals/ent/predicate", "entgo.io/ent"}},
		{"bench/rivals/ent/book", []string{"bench/rivals/ent/predicate", "entgo.io/ent"}},
		{"bench/rivals/ent/migrate", []string{"entgo.io/ent"}},
		{"bench/rivals/ent/runtime", nil},
		{"bench/rivals/ent", []string{"bench/rivals/ent/author", "bench/rivals/ent/book", "bench/rivals/ent/migrate", "bench/rivals/ent/predicate", "entgo.io/ent"}},
		{"bench/rivals/ent/hook", []string{"bench/rivals/ent"}},
		{"bench/rivals/ent/enttest", []string{"bench/rivals/ent", "bench/rivals/ent/migrate", "bench/rivals/ent/runtime", "entgo.io/ent"}},
		{"bench/rivals/models", []string{"github.com/aarondl/opt", "github.com/stephenafamo/bob"}},
		{"bench/rivals/arms", []string{"bench/rivals", "bench/rivals/ent", "bench/rivals/ent/author", "bench/rivals/ent/book", "bench/rivals/ent/predicate", "bench/rivals/models", "bench/rivals/store", "cache", "db", pgx, "entgo.io/ent", "github.com/aarondl/opt", "github.com/maypok86/otter/v2", "github.com/stephenafamo/bob", "github.com/stephenafamo/scan", "github.com/uptrace/bun", "gorm.io/driver/postgres", "gorm.io/gorm"}},
		{"bench/rivals/report", []string{"bench/page", "bench/rivals", "bench/stats", "gonum.org/v1/plot"}},
		{"bench/cmd/rivals", []string{"bench/contention", "bench/database", "bench/page", "bench/rivals", "bench/rivals/arms", "bench/rivals/report", "bench/stats", "migrations", "pgtest", pgx, "github.com/pressly/goose/v3"}},
		{"bench/reads", []string{"bench/database", "bench/page", "bench/rivals", "bench/rivals/store", "bench/stats", "db", "stmt", pgx, "golang.org/x/sys", "gonum.org/v1/plot"}},
		{"bench/cmd/reads", []string{"bench/page", "bench/reads"}},
		{"bench/kills", nil},
		{"bench/cacheproof", nil},
		{"bench/readsproof", nil},
	}},
}

func TestEveryPackageKeepsToItsImports(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for _, f := range house {
		for _, r := range f.rooms {
			allowed[r.folder] = r.imports
		}
	}
	found := map[string]bool{}
	for _, p := range packages(t) {
		found[p.folder()] = true
		imports, listed := allowed[p.folder()]
		if !listed {
			t.Errorf("package %s has no line in the table of imports", p.ImportPath)
			continue
		}
		for _, bad := range foreign(p, imports) {
			t.Errorf("package %q must not import %s", p.folder(), bad)
		}
		for _, path := range imports {
			if len(foreign(p, []string{path})) == len(foreign(p, nil)) {
				t.Errorf("package %q does not import %s any more: take it out of the table", p.folder(), path)
			}
		}
	}
	for folder := range allowed {
		if !found[folder] {
			t.Errorf("the table of imports lists %q, which is no package", folder)
		}
	}
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	for _, bad := range upward(house) {
		t.Error(bad)
	}
}

func TestAForbiddenImportIsSeen(t *testing.T) {
	t.Parallel()
	p := pkg{ImportPath: module + "/cache", Imports: []string{"context", module + "/db", pgx + "/pgconn", "github.com/maypok86/otter/v2"}}
	want := []string{module + "/db", pgx + "/pgconn"}
	if got := foreign(p, []string{"internal/config", "github.com/maypok86/otter/v2"}); !slices.Equal(got, want) {
		t.Errorf("foreign imports = %v, want %v", got, want)
	}
}

func TestAnImportThatGoesUpIsSeen(t *testing.T) {
	t.Parallel()
	got := upward([]floor{
		{"ground", []room{{"leaf", []string{pgx, "side"}}, {"side", []string{"leaf", "roof"}}}},
		{"top", []room{{"roof", []string{"leaf", "side", "roof"}}}},
	})
	want := []string{`"leaf" (ground) must not import "side"`, `"side" (ground) must not import "roof"`, `"roof" (top) must not import "roof"`}
	if len(got) != len(want) {
		t.Fatalf("upward imports = %q, want %q", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("upward import %q, want %q", got[i], want[i])
		}
	}
}

// upward says which lines of a table allow an import of what stands further down in it.
func upward(floors []floor) (bad []string) {
	below := map[string]bool{}
	for _, f := range floors {
		for _, r := range f.rooms {
			for _, path := range r.imports {
				if !strings.Contains(path, ".") && !below[path] {
					bad = append(bad, fmt.Sprintf("%q (%s) must not import %q: it does not stand before it in the table", r.folder, f.name, path))
				}
			}
			below[r.folder] = true
		}
	}
	return bad
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func (p pkg) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// foreign returns the imports that are neither of the standard library nor
// allowed.
func foreign(p pkg, allowed []string) []string {
	var bad []string
	for _, path := range p.Imports {
		if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
			continue
		}
		if !slices.ContainsFunc(allowed, func(a string) bool {
			if !strings.Contains(a, ".") {
				return path == module+"/"+a
			}
			return path == a || strings.HasPrefix(path, a+"/")
		}) {
			bad = append(bad, path)
		}
	}
	return bad
}

func packages(t *testing.T) []pkg {
	t.Helper()
	list, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// listed returns the packages of all modules. That of tools has none, and needs another
// Go than the lowest.
var listed = sync.OnceValues(func() (list []pkg, err error) {
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "testdata" || path == "tools" || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if err != nil || d.Name() != "go.mod" {
			return err
		}
		some, err := packagesOf(filepath.Dir(path))
		list = append(list, some...)
		return err
	})
	return list, err
})

func packagesOf(dir string) (list []pkg, err error) {
	out, err := exec.Command("go", "-C", dir, "list", "-json=ImportPath,Imports", "./...").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
}
