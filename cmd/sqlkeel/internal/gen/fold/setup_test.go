package fold

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// database is a database with a schema whose statements are analysed.
type database struct {
	conn *pgx.Conn
	cat  *catalog.Catalog
}

func setup(t testing.TB, schema string) *database {
	t.Helper()
	d := &database{conn: pgtest.New(t).Conn()}
	d.exec(t, schema)
	var err error
	if d.cat, err = catalog.Load(t.Context(), d.conn); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *database) exec(t testing.TB, sql string) {
	t.Helper()
	if _, err := d.conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// analyse returns a statement's tree; its placeholders have the types.
func (d *database) analyse(t testing.TB, sql string, types ...string) *tree.Node {
	t.Helper()
	n, err := d.analysed(t, sql, types...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// analysed is analyse for what PostgreSQL may refuse.
func (d *database) analysed(t testing.TB, sql string, types ...string) (*tree.Node, error) {
	t.Helper()
	results, err := d.conn.PgConn().Exec(t.Context(), "CREATE FUNCTION pg_temp.analysed("+strings.Join(types, ", ")+") RETURNS void LANGUAGE sql BEGIN ATOMIC "+sql+"\n; END;"+
		"SELECT prosqlbody FROM pg_proc WHERE proname = 'analysed' AND pronamespace = pg_my_temp_schema(); DROP FUNCTION pg_temp.analysed").ReadAll()
	if err != nil {
		return nil, err
	}
	v, err := tree.Parse(string(results[1].Rows[0][0]))
	if err != nil {
		t.Fatal(err)
	}
	for len(v.List) == 1 {
		v = v.List[0]
	}
	return v.Node, nil
}

// setting reads an environment variable of drawn tests: how many times as many cases,
// and what they follow from.
func setting(t testing.TB, name string) int {
	t.Helper()
	text := os.Getenv("SQLKEEL_FOLD_" + name)
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SQLKEEL_FOLD_%s: %v", name, err)
	}
	return n
}
