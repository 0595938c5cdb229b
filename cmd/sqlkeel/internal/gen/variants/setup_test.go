package variants

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

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
	conn   *pgx.Conn
	schema *Schema
}

func setup(t testing.TB, schema string, opts ...pgtest.Option) *testbed {
	t.Helper()
	b := &testbed{conn: pgtest.New(t, opts...).Conn()}
	b.exec(t, schema)
	b.read(t)
	return b
}

func (b *testbed) exec(t testing.TB, sql string) {
	t.Helper()
	if _, err := b.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (b *testbed) read(t testing.TB) {
	t.Helper()
	var err error
	if b.schema, err = Read(t.Context(), b.conn); err != nil {
		t.Fatal(err)
	}
}

// types returns the format_type of a statement's parameters.
func (b *testbed) types(t testing.TB, sql string) (types []string) {
	t.Helper()
	d, err := b.conn.PgConn().Prepare(t.Context(), "", sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, oid := range d.ParamOIDs {
		var name string
		if err := b.conn.QueryRow(t.Context(), "SELECT format_type($1, NULL)", oid).Scan(&name); err != nil {
			t.Fatal(err)
		}
		types = append(types, name)
	}
	return types
}

// find looks for variants of a statement whose parameters have the given Go types;
// the last is that of the rest.
func (b *testbed) find(t testing.TB, command, sql string, goTypes ...string) (*Plan, []*project.Problem) {
	t.Helper()
	st, types := b.input(t, command, sql, goTypes)
	return Find(st, types, b.schema)
}

// cut is find for a statement of which no remarks are wanted, whatever its order.
func (b *testbed) cut(t testing.TB, command, sql string, goTypes ...string) *Plan {
	t.Helper()
	st, types := b.input(t, command, sql, goTypes)
	f := look(st, types, b.schema)
	p := f.plan()
	f.cut(p)
	return p
}

func (b *testbed) input(t testing.TB, command, sql string, goTypes []string) (*project.Statement, []string) {
	t.Helper()
	types := b.types(t, sql)
	st := &project.Statement{Package: goPackage, Name: "Q", Command: command, SQL: sql}
	for i := range types {
		st.Params = append(st.Params, project.Param{Name: string(rune('A' + i)), Type: goTypes[min(i, len(goTypes)-1)]})
	}
	return st, types
}
