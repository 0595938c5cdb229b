package catalog

import (
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestFunctionsOfExtensionsAreKnownOrOpaque(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	var missing int
	const count = `SELECT count(*) FROM unnest(ARRAY['pgcrypto', 'citext', 'hstore', 'pg_trgm', 'unaccent', 'tablefunc', 'dblink', 'moddatetime']) e
		WHERE NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = e)`
	if err := conn.QueryRow(t.Context(), count).Scan(&missing); err != nil {
		t.Fatal(err)
	}
	if missing > 0 {
		t.Fatalf("this server comes without %d of the extensions that the test uses: install PostgreSQL's contrib package (Debian: postgresql-contrib)", missing)
	}
	exec(t, conn, `CREATE EXTENSION pgcrypto; CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent;
		CREATE EXTENSION tablefunc; CREATE EXTENSION dblink; CREATE EXTENSION moddatetime;
		CREATE TABLE a (id int, name citext, at timestamptz);
		CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION moddatetime(at);
		CREATE FUNCTION f() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM a WHERE name = ''x''::citext AND id > 1'`)
	c := load(t, conn)
	for sql, want := range map[string]struct{ bounded, volatile, session bool }{
		`SELECT digest('a', 'sha256')`:           {true, false, false},
		`SELECT gen_random_bytes(3)`:             {true, true, false},
		`SELECT hstore('a', 'b')`:                {true, false, false},
		`SELECT similarity('a', 'b')`:            {true, false, false},
		`SELECT unaccent('a')`:                   {true, false, true},
		`SELECT f()`:                             {true, false, false},
		`SELECT * FROM crosstab('SELECT 1', 1)`:  {false, false, true},
		`SELECT * FROM dblink('x') AS x (a int)`: {false, true, false},
		`UPDATE a SET id = 1`:                    {true, false, false},
	} {
		k := closure(t, c, sql)
		if (k.Anything == "") != want.bounded || (k.Volatile != "") != want.volatile || (k.Session != "") != want.session {
			t.Errorf("%s: anything %q, volatile %q, session %q; want %+v", sql, k.Anything, k.Volatile, k.Session, want)
		}
	}
	if columns, all := c.TriggersMayAlter(relationNamed(t, c, "", "a").OID, Update); all || !slices.Equal(columns, []int{3}) {
		t.Errorf("moddatetime alters %v, any column %t", columns, all)
	}
}
