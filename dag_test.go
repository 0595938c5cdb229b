package sqlkeel_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sqlkeel/sqlkeel"

// house says what each package may import: packages of this module by their
// folder, others by the first part of their path that matters. The standard
// library is open to all. What is not listed is refused, and so is a package
// that has no line.
var house = map[string][]string{
	"":                             {},
	"migrations":                   {},
	"stmt":                         {"stmt/generated", "internal/sqltext"},
	"stmt/generated":               {},
	"queries":                      {"stmt", "stmt/generated", "pgerr", "github.com/jackc/pgx/v5", "github.com/google/uuid"},
	"pgerr":                        {"github.com/jackc/pgx/v5"},
	"internal/backoff":             {},
	"internal/bouncer":             {"github.com/jackc/pgx/v5"},
	"internal/history":             {},
	"internal/sqltext":             {},
	"internal/mutants":             {},
	"internal/dsn":                 {"github.com/jackc/pgx/v5"},
	"cache":                        {"internal/config", "github.com/maypok86/otter/v2"},
	"internal/config":              {},
	"internal/unit":                {"stmt", "github.com/jackc/pgx/v5"},
	"internal/exec":                {"stmt", "pgerr", "internal/sqltext", "github.com/jackc/pgx/v5"},
	"db":                           {"internal/dsn", "pgerr", "stmt", "stmt/generated", "internal/backoff", "internal/sqltext", "internal/unit", "internal/exec", "github.com/jackc/pgx/v5"},
	"txn":                          {"pgerr", "stmt", "internal/backoff", "internal/sqltext", "internal/unit", "internal/exec", "github.com/jackc/pgx/v5"},
	"txn/job":                      {"txn", "pgerr", "internal/unit"},
	"repo":                         {"queries", "db", "txn", "txn/job", "cache", "pgerr", "stmt", "internal/unit", "github.com/jackc/pgx/v5", "github.com/google/uuid"},
	"internal/pgserver":            {"internal/dsn", "github.com/jackc/pgx/v5"},
	"pgtest/container":             {"internal/pgserver", "github.com/testcontainers/testcontainers-go", "github.com/moby/moby/api", "github.com/fergusstrange/embedded-postgres"},
	"internal/interrupt":           {},
	"cmd/sqlkeel/internal/migrate": {"internal/dsn", "pgerr", "internal/backoff", "internal/schemafile", "internal/sqltext", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"},
	"internal/seed":                {"queries", "github.com/jackc/pgx/v5", "github.com/google/uuid"},
	"cmd/sqlkeel/internal/gen": {
		"stmt", "stmt/generated", "internal/pgserver", "cmd/sqlkeel/internal/gen/project", "cmd/sqlkeel/internal/gen/scratch", "cmd/sqlkeel/internal/gen/catalog", "cmd/sqlkeel/internal/gen/effects",
		"cmd/sqlkeel/internal/gen/variants", "cmd/sqlkeel/internal/gen/pages", "cmd/sqlkeel/internal/gen/emit", "github.com/jackc/pgx/v5",
	},
	"internal/schemafile":                {"internal/sqltext"},
	"cmd/sqlkeel/internal/gen/project":   {"internal/schemafile", "internal/sqltext", "go.yaml.in/yaml/v3"},
	"cmd/sqlkeel/internal/gen/scratch":   {"internal/dsn", "internal/schemafile", "cmd/sqlkeel/internal/gen/project", "internal/sqltext", "github.com/jackc/pgx/v5", "github.com/sqlc-dev/oliphant"},
	"cmd/sqlkeel/internal/gen/syntax":    {"github.com/sqlc-dev/oliphant"},
	"cmd/sqlkeel/internal/gen/tree":      {},
	"cmd/sqlkeel/internal/gen/plpgsql":   {"internal/sqltext"},
	"cmd/sqlkeel/internal/gen/bodies":    {"internal/sqltext", "cmd/sqlkeel/internal/gen/tree", "cmd/sqlkeel/internal/gen/plpgsql", "github.com/jackc/pgx/v5"},
	"cmd/sqlkeel/internal/gen/catalog":   {"internal/sqltext", "cmd/sqlkeel/internal/gen/syntax", "cmd/sqlkeel/internal/gen/tree", "cmd/sqlkeel/internal/gen/bodies", "github.com/jackc/pgx/v5"},
	"cmd/sqlkeel/internal/gen/effects":   {"stmt", "cmd/sqlkeel/internal/gen/project", "cmd/sqlkeel/internal/gen/syntax", "cmd/sqlkeel/internal/gen/tree", "cmd/sqlkeel/internal/gen/catalog", "cmd/sqlkeel/internal/gen/query", "github.com/jackc/pgx/v5", "github.com/sqlc-dev/oliphant"},
	"cmd/sqlkeel/internal/gen/query":     {"cmd/sqlkeel/internal/gen/tree", "cmd/sqlkeel/internal/gen/catalog"},
	"cmd/sqlkeel/internal/gen/variants":  {"stmt", "stmt/generated", "cmd/sqlkeel/internal/gen/project", "cmd/sqlkeel/internal/gen/syntax", "github.com/jackc/pgx/v5", "github.com/sqlc-dev/oliphant"},
	"cmd/sqlkeel/internal/gen/pages":     {"cmd/sqlkeel/internal/gen/project", "cmd/sqlkeel/internal/gen/syntax", "cmd/sqlkeel/internal/gen/tree", "cmd/sqlkeel/internal/gen/catalog", "cmd/sqlkeel/internal/gen/query", "github.com/jackc/pgx/v5", "github.com/sqlc-dev/oliphant"},
	"cmd/sqlkeel/internal/gen/soundness": {},
	"cmd/sqlkeel/internal/gen/emit":      {"stmt", "cmd/sqlkeel/internal/gen/project", "cmd/sqlkeel/internal/gen/pages", "cmd/sqlkeel/internal/gen/variants"},
	// pgtest reads schema files as the generator does, without its parser.
	"pgtest": {"internal/exec", "internal/pgserver", "internal/schemafile", "internal/sqltext", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "go.uber.org/goleak"},
	"internal/demo": {
		"cache", "db", "internal/backoff", "internal/pgserver", "internal/seed", "migrations", "queries", "repo", "txn",
		"github.com/jackc/pgx/v5", "github.com/google/uuid", "github.com/schollz/progressbar/v3",
	},
	"cmd/sqlkeel": {
		"internal/dsn", "internal/interrupt", "internal/pgserver", "pgtest/container",
		"cmd/sqlkeel/internal/gen", "cmd/sqlkeel/internal/migrate", "github.com/spf13/cobra",
	},
	"internal/demo/cmd":         {"internal/demo", "internal/interrupt", "internal/pgserver", "internal/seed", "pgtest/container"},
	"internal/mutants/cmd":      {"internal/mutants"},
	"examples/first":            {"db", "repo"},
	"examples/shelf":            {"examples/shelf/shelf", "txn", "github.com/jackc/pgx/v5"},
	"examples/shelf/shelf":      {"stmt", "stmt/generated", "pgerr", "github.com/jackc/pgx/v5"},
	"cmd/sqlkeel/internal/docs": {},
	"examples/service":          {"cache", "db", "pgerr", "queries", "repo", "txn", "github.com/google/uuid"},
}

func TestEveryPackageKeepsToItsImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		allowed, listed := house[p.folder()]
		if !listed {
			t.Errorf("package %s has no line in the table of imports", p.ImportPath)
			continue
		}
		for _, bad := range foreign(p, allowed) {
			t.Errorf("package %q must not import %s", p.folder(), bad)
		}
	}
}

func TestEveryLineOfTheTableIsAPackage(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, p := range packages(t) {
		found[p.folder()] = true
	}
	for folder := range house {
		if !found[folder] {
			t.Errorf("the table of imports lists %q, which is no package", folder)
		}
	}
}

func TestAForbiddenImportIsSeen(t *testing.T) {
	t.Parallel()
	p := pkg{ImportPath: module + "/cache", Imports: []string{"context", module + "/db", "github.com/jackc/pgx/v5/pgconn", "github.com/maypok86/otter/v2"}}
	want := []string{module + "/db", "github.com/jackc/pgx/v5/pgconn"}
	if got := foreign(p, house["cache"]); !slices.Equal(got, want) {
		t.Errorf("foreign imports = %v, want %v", got, want)
	}
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
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
