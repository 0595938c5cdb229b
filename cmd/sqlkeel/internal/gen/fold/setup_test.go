package fold

import (
	"os"
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
	d.exec(t, "CREATE OR REPLACE FUNCTION pg_temp.analysed("+strings.Join(types, ", ")+") RETURNS void LANGUAGE sql BEGIN ATOMIC "+sql+"\n; END")
	var text string
	err := d.conn.QueryRow(t.Context(), `SELECT prosqlbody::text FROM pg_proc WHERE proname = 'analysed' AND pronamespace = pg_my_temp_schema()`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	d.exec(t, "DROP FUNCTION pg_temp.analysed")
	if testing.Verbose() && os.Getenv("SHOW") != "" {
		t.Logf("%s", text)
	}
	v, err := tree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for len(v.List) == 1 {
		v = v.List[0]
	}
	return v.Node
}
