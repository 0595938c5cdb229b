package query_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/pages"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// house is a database and what knows its schema.
type house struct {
	conn    *pgx.Conn
	catalog *catalog.Catalog
	effects *effects.Analyzer
}

func build(t *testing.T, script string) *house {
	t.Helper()
	h := &house{conn: pgtest.New(t).Conn()}
	if h.count(t, "SELECT current_setting('server_version_num')::int") < 150000 {
		script = strings.ReplaceAll(script, "NULLS NOT DISTINCT", "") // came with 15
	}
	if _, err := h.conn.Exec(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	h.read(t)
	return h
}

// read reads the catalogs.
func (h *house) read(t *testing.T) {
	t.Helper()
	var err error
	if h.catalog, err = catalog.Load(t.Context(), h.conn); err != nil {
		t.Fatal(err)
	}
	if h.effects, err = effects.New(t.Context(), h.conn, h.catalog, ""); err != nil {
		t.Fatal(err)
	}
}

// analyze returns what is known of a statement.
func (h *house) analyze(t *testing.T, sql string) *effects.Result {
	t.Helper()
	result, err := h.effects.Analyze(t.Context(), &project.Statement{Name: "X", Command: ":many", SQL: sql})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if result.Query == nil {
		t.Fatalf("%s: no tree: %s", sql, result.WhyNone)
	}
	return result
}

// prover returns a prover and the tree of a statement.
func (h *house) prover(t *testing.T, sql string) (*query.Prover, *tree.Node) {
	t.Helper()
	q := h.analyze(t, sql).Query
	return query.New(h.catalog, q), q
}

// page asks for pages of a statement by its keys.
func (h *house) page(t *testing.T, sql string, keys []string, params ...string) error {
	t.Helper()
	st := &project.Statement{Package: &project.Package{Name: "p"}, Name: "X", Command: ":many", SQL: sql,
		Annotations: []project.Annotation{{Key: "page", Names: keys}}}
	for _, p := range params {
		st.Params = append(st.Params, project.Param{Name: p})
	}
	result, err := h.effects.Analyze(t.Context(), st)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	_, err = pages.Analyze(t.Context(), h.conn, h.catalog, st, result.Query, result.WhyNone)
	return err
}

// count runs a statement that returns a number.
func (h *house) count(t *testing.T, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := h.conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
