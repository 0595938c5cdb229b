package bodies

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// some knows the types that these tests use. What they make of a whole schema's is
// tested in package effects.
type some map[tree.OID]string

func (s some) ExprType(n *tree.Node) (tree.OID, bool) {
	for _, field := range []string{"vartype", "consttype", "paramtype", "funcresulttype", "opresulttype", "row_typeid", "aggtype"} {
		if oid := n.OID(field); oid != 0 {
			return oid, true
		}
	}
	return 0, false
}
func (s some) TypeSQL(oid tree.OID) string     { return s[oid] }
func (s some) Composite(tree.OID) bool         { return false }
func (s some) Field(tree.OID, string) tree.OID { return 0 }
func (s some) Element(tree.OID) tree.OID       { return 0 }

var plainTypes = some{16: "boolean", 20: "bigint", 23: "integer", 25: "text", 1043: "varchar", 1184: "timestamptz"}

func server(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), `CREATE TABLE t (id int, name text, at timestamptz); CREATE TABLE log (w text); CREATE SEQUENCE s;
		CREATE FUNCTION hit() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1); SELECT 1'`, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	return conn
}

func compile(t *testing.T, conn *pgx.Conn, f Function) *Body {
	t.Helper()
	b, err := Compile(t.Context(), conn, plainTypes, &f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// count asks for what is there.
func count(t *testing.T, conn *pgx.Conn, sql string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNothingOfABodyIsRunOrLeft(t *testing.T) {
	t.Parallel()
	conn := server(t)
	b := compile(t, conn, Function{Name: "f", Language: "plpgsql", Table: "t", Tables: []string{"fresh"}, Source: `DECLARE r record := ROW(hit()); x bigint := nextval('s');
		BEGIN CREATE TEMP TABLE mine AS SELECT hit() AS h FROM fresh; SELECT h INTO r FROM mine; EXECUTE 'SELECT hit()'; PERFORM r.h; DELETE FROM log; RETURN NEW; END`})
	if b.Unknown != "" || len(b.Loose) > 0 || len(b.Trees) < 7 || !b.Makes || !b.Keeps || len(b.Own) != 2 {
		t.Errorf("compiled to %+v", b)
	}
	if status := conn.PgConn().TxStatus(); status != 'I' {
		t.Errorf("the session is left in state %c", status)
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM log`: 0, `SELECT last_value + is_called::int FROM s`: 1, `SELECT count(*) FROM pg_proc WHERE proname LIKE 'sqlkeel%'`: 0,
		`SELECT count(*) FROM pg_class WHERE relpersistence = 't'`: 0, `SELECT count(*) FROM pg_type WHERE typname LIKE 'sqlkeel%'`: 0,
	} {
		if got := count(t, conn, sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
}

func TestWhatTheServerRefusesIsToldWithItsReason(t *testing.T) {
	t.Parallel()
	conn := server(t)
	b := compile(t, conn, Function{Name: "f", Language: "plpgsql", Source: `DECLARE n int; g gone; BEGIN SELECT nothing INTO n FROM t; PERFORM g.x; DELETE FROM log; TRUNCATE t; END`})
	var loose []string
	for _, l := range b.Loose {
		loose = append(loose, l.SQL+": "+l.Why)
	}
	want := []string{`SELECT nothing FROM t: column "nothing" does not exist`, `SELECT g.x: the type of its variable g is not known`}
	if !slices.Equal(loose, want) || !slices.Equal(b.Utilities, []string{"TRUNCATE t"}) || len(b.Trees) != 1 {
		t.Errorf("loose %q, utilities %q, %d trees", loose, b.Utilities, len(b.Trees))
	}
	b = compile(t, conn, Function{Name: "f", Language: "plpgsql", Source: `BEGIN this is nothing`})
	if !strings.Contains(b.Unknown, "line 1 of its body") || !b.AltersAny {
		t.Errorf("unknown %q", b.Unknown)
	}
	b = compile(t, conn, Function{Name: "f", Language: "sql", Source: `DELETE FROM log; SELECT gone; LOCK t; SELECT id FROM t`})
	if len(b.Trees) != 2 || len(b.Loose) != 1 || b.Loose[0].Why != `column "gone" does not exist` || !slices.Equal(b.Utilities, []string{"LOCK t"}) {
		t.Errorf("in SQL: %+v", b)
	}
}

func TestAColumnIsCastToWhatItIsAssignedTo(t *testing.T) {
	t.Parallel()
	b := compile(t, server(t), Function{Name: "f", Language: "plpgsql", Result: 25, Arguments: []Argument{{Name: "a", Type: "integer"}},
		Source: `DECLARE x text := 5; y int; BEGIN SELECT at, name INTO x, y FROM t; x := a; y := a; IF 'yes' THEN RETURN a; END IF; FOR i IN a..a LOOP END LOOP; END`})
	var got []string
	for _, v := range b.Values {
		var from []string
		for _, f := range v.From {
			from = append(from, plainTypes[f])
		}
		got = append(got, strings.Join(from, "+")+">"+plainTypes[v.To]+" "+v.Constant)
	}
	want := []string{"integer>text ", "timestamptz>text ", "text>integer ", "integer>text ", "text>boolean yes", "integer>text "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestABrokenConnectionIsAnError(t *testing.T) {
	t.Parallel()
	conn := server(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compile(ctx, conn, plainTypes, &Function{Name: "f", Language: "sql", Source: "SELECT 1"}); err == nil {
		t.Error("a body was compiled after the end of its context")
	}
	_ = conn.Close(t.Context())
	if _, err := Compile(t.Context(), conn, plainTypes, &Function{Name: "f", Language: "sql", Source: "SELECT 1"}); err == nil {
		t.Error("a body was compiled on a closed connection")
	}
}

func TestATemporaryTableIsRead(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]temporary{
		`CREATE TEMP TABLE a (x int)`: {name: "a", columns: "(x int)"},
		`CREATE LOCAL TEMPORARY TABLE IF NOT EXISTS "A b" (x int) ON COMMIT DROP`: {name: "A b", columns: "(x int) ON COMMIT DROP", drops: true},
		`CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1 AS as_x WITH NO DATA`:     {name: "a", query: "SELECT 1 AS as_x ", drops: true},
		`CREATE TEMP TABLE a AS (SELECT 1)`:                                       {name: "a", query: "(SELECT 1)"},
		`CREATE TEMP TABLE a (x int DEFAULT f())`:                                 {name: "a", columns: "(x int DEFAULT f())", computes: true},
		`CREATE TEMP TABLE a (LIKE b INCLUDING ALL)`:                              {name: "a", columns: "(LIKE b INCLUDING ALL)", computes: true},
	} {
		if got, is := readTemporary(sql); !is || got != want {
			t.Errorf("%s: %+v %v", sql, got, is)
		}
	}
	for _, sql := range []string{`CREATE TABLE a (x int)`, `CREATE TEMP VIEW a AS SELECT 1`, `CREATE TEMP TABLE s.a (x int)`, `CREATE TEMP TABLE a (x) AS SELECT 1`, `CREATE TEMP TABLE a AS EXECUTE b`, `CREATE TEMP TABLE`, `DROP TABLE a`, ``} {
		if got, is := readTemporary(sql); is && got.query != "" || is && got.columns == "" {
			t.Errorf("%q: %+v", sql, got)
		}
	}
}
