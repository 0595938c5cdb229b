package rows

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/scratch"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// root is the folder of the repository.
const root = "../../../../../.."

// own are the projects of the repository.
var own = []string{"sqlc.yaml", "examples/shelf/sqlc.yaml"}

// projects are the configurations to try; others says that they are not the repository's,
// of which it is known that they show something.
func projects() (list []string, others bool) {
	if list := strings.Fields(os.Getenv("SQLKEEL_ROWS_PROJECT")); len(list) > 0 {
		return list, true
	}
	for _, config := range own {
		list = append(list, filepath.Join(root, config))
	}
	return list, false
}

// setting reads a number from the environment.
func setting(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv("SQLKEEL_ROWS_" + name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SQLKEEL_ROWS_%s: %v", name, err)
	}
	return n
}

// subject is a statement with variants.
type subject struct {
	*project.Statement
	plan   *variants.Plan
	result *effects.Result
}

// schema is a scratch database with the subjects of its packages.
type schema struct {
	conn     *pgx.Conn // for running; analyzer has its own
	catalog  *catalog.Catalog
	analyzer *effects.Analyzer
	all      []*project.Statement
	subjects []*subject
}

// open makes a scratch database for each schema of a project.
func open(t testing.TB, config string) (list []*schema) {
	t.Helper()
	p, err := project.Load(config)
	if err != nil {
		t.Fatal(err)
	}
	server := pgtest.New(t).DSN()
	groups := map[string]*schema{}
	for _, pkg := range p.Packages {
		key := strings.Join(pkg.Schema, "\x00")
		s := groups[key]
		if s == nil {
			s = create(t, server, p, pkg.Schema)
			groups[key], list = s, append(list, s)
		}
		for _, st := range pkg.Statements {
			s.add(t, st)
		}
	}
	return list
}

func create(t testing.TB, server string, p *project.Project, files []string) *schema {
	t.Helper()
	db, err := scratch.Open(t.Context(), server, files, scratch.Options{Base: p.Dir, Role: p.Role})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	s := &schema{conn: connect(t, db)}
	conn := connect(t, db)
	if s.catalog, err = catalog.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if s.analyzer, err = effects.New(t.Context(), conn, s.catalog, p.Role); err != nil {
		t.Fatal(err)
	}
	return s
}

func connect(t testing.TB, db *scratch.Database) *pgx.Conn {
	t.Helper()
	conn, err := db.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// add takes a statement when it has variants.
func (s *schema) add(t testing.TB, st *project.Statement) {
	t.Helper()
	if st.Const == "" || st.Refused != nil || st.Opaque() != nil {
		return
	}
	s.all = append(s.all, st)
	result, err := s.analyzer.Analyze(t.Context(), st)
	if problem := (*project.Problem)(nil); errors.As(err, &problem) {
		t.Log(err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := variants.Find(t.Context(), s.analyzer, s.catalog, st, result)
	if err != nil {
		t.Fatal(err)
	}
	if plan != nil {
		s.subjects = append(s.subjects, &subject{st, plan, result})
	}
}
