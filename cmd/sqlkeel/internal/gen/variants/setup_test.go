package variants

import (
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// goPackage is the Go package of the statements that tests write.
var goPackage = &project.Package{
	Enums:   map[string]bool{"Mood": true},
	Nulls:   map[string]bool{"NullMood": true},
	Imports: map[string]string{"time": "time", "uuid": uuidPath, "pgtype": pgtypePath, "netip": "net/netip", "sql": "database/sql"},
}

// testbed is a database with what is needed to look for variants in it.
type testbed struct {
	conn     *pgx.Conn
	catalog  *catalog.Catalog
	analyzer *effects.Analyzer
}

func setup(t testing.TB, schema string, opts ...pgtest.Option) *testbed {
	t.Helper()
	b := &testbed{conn: pgtest.New(t, opts...).Conn()}
	b.exec(t, schema)
	var err error
	if b.catalog, err = catalog.Load(t.Context(), b.conn); err != nil {
		t.Fatal(err)
	}
	if b.analyzer, err = effects.New(t.Context(), b.conn, b.catalog, ""); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *testbed) exec(t testing.TB, sql string) {
	t.Helper()
	if _, err := b.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// find looks for variants of a statement whose parameters have the given Go types;
// the last is that of the rest.
func (b *testbed) find(t testing.TB, command, sql string, goTypes ...string) (*Plan, []*project.Problem) {
	t.Helper()
	st := &project.Statement{Package: goPackage, Name: "Q", Command: command, SQL: sql}
	for i := range 120 {
		st.Params = append(st.Params, project.Param{Name: fmt.Sprint("P", i+1), Type: goTypes[min(i, len(goTypes)-1)]})
	}
	return b.findIn(t, st)
}

func (b *testbed) findIn(t testing.TB, st *project.Statement) (*Plan, []*project.Problem) {
	t.Helper()
	result, err := b.analyzer.Analyze(t.Context(), st)
	if err != nil {
		t.Fatalf("%s: %v", st.SQL, err)
	}
	st.Params = st.Params[:len(result.Params)]
	p, remarks, err := Find(t.Context(), b.analyzer, b.catalog, st, result)
	if err != nil {
		t.Fatalf("%s: %v", st.SQL, err)
	}
	return p, remarks
}
