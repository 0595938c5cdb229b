package catalog

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// reading is a query whose result a write really changes.
type reading struct {
	name   string
	schema string
	read   string
	write  string
	want   string // what is read
	since  int    // the first version of PostgreSQL that knows this, if not all
}

var readings = []reading{
	{name: "views are followed over views", read: `SELECT * FROM w`, write: `UPDATE a SET n = 2`, want: "a v w",
		schema: `CREATE TABLE a (n int); INSERT INTO a VALUES (1); CREATE TABLE b (n int); CREATE VIEW v AS SELECT n FROM a; CREATE VIEW w AS SELECT sum(n) FROM v`},
	{name: "a view's function is followed", read: `SELECT * FROM v`, write: `INSERT INTO a VALUES (1)`, want: "a v",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM a); END $$;
			CREATE VIEW v AS SELECT total()`},
	{name: "a function's view is followed", read: `SELECT total()`, write: `INSERT INTO a VALUES (1)`, want: "a v",
		schema: `CREATE TABLE a (n int); CREATE VIEW v AS SELECT n FROM a;
			CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM v'`},
	{name: "a tree of a body is followed", since: 14, read: `SELECT total()`, write: `INSERT INTO s.a VALUES (1)`, want: "s.a",
		schema: `CREATE SCHEMA s; CREATE TABLE s.a (n int); CREATE FUNCTION total() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM s.a)`},
	{name: "children are read with their parent", read: `SELECT * FROM city`, write: `INSERT INTO capital VALUES (1)`, want: "capital city",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city)`},
	{name: "a materialised view is read alone", read: `SELECT * FROM m`, write: `REFRESH MATERIALIZED VIEW m`, want: "m",
		schema: `CREATE TABLE a (n int); CREATE MATERIALIZED VIEW m AS SELECT n FROM a; INSERT INTO a VALUES (1)`},
	{name: "the trigger of a write is seen by a view", read: `SELECT * FROM v`, write: `INSERT INTO a VALUES (1)`, want: "b v",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE VIEW v AS SELECT n FROM b;
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO b VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()`},
}

func TestWhatAReadRestsOnIsKnown(t *testing.T) {
	t.Parallel()
	share(t, readings, func(t *testing.T, conn *pgx.Conn, r reading) {
		exec(t, conn, r.schema)
		c := load(t, conn)
		if got := readNames(c, closure(t, c, r.read)); got != r.want {
			t.Errorf("reads %s, want %s", got, r.want)
		}
		before := result(t, conn, r.read)
		exec(t, conn, r.write)
		if result(t, conn, r.read) == before {
			t.Fatalf("%s does not change %s", r.write, r.read)
		}
		if !r.matters(t, c) {
			t.Error("the write does not seem to matter")
		}
	})
}

func (r reading) title() string { return r.name }
func (r reading) first() int    { return r.since }

// matters reports whether the write may change what is read.
func (r reading) matters(t *testing.T, c *Catalog) bool {
	write := closure(t, c, r.write)
	for oid := range closure(t, c, r.read).Reads {
		if _, changed := write.Changes[oid]; changed {
			return true
		}
	}
	return false
}

func result(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var rows string
	if err := conn.QueryRow(t.Context(), "SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '') FROM ("+sql+") r").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestPoliciesAreRead(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `
		CREATE TABLE member (who text); CREATE TABLE grants (who text); CREATE TABLE doc (id int, who text); CREATE TABLE plain (id int);
		CREATE FUNCTION granted(text) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM grants WHERE who = $1)';
		ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
		CREATE POLICY p ON doc USING (who IN (SELECT who FROM member) AND granted(who));
		CREATE POLICY p ON plain USING (id IN (SELECT id FROM doc));
		CREATE VIEW v AS SELECT * FROM doc`)
	for read, want := range map[string]string{
		`SELECT * FROM doc`: "doc grants member", `SELECT * FROM v`: "doc grants member v",
		`UPDATE doc SET id = 1`: "grants member", `UPDATE v SET id = 1`: "doc grants member", `SELECT * FROM plain`: "plain",
	} {
		if got := readNames(c, closure(t, c, read)); got != want {
			t.Errorf("%s reads %q, want %q", read, got, want)
		}
	}
}

func TestWhatIsNoRelationOfTheSchemaIsUnbounded(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `CREATE TABLE a (n int); CREATE SEQUENCE s; CREATE FUNCTION x(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RETURN 1; END $$;
		CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE f (n int) SERVER nowhere;
		CREATE VIEW v AS SELECT x('y')`)
	for sql, want := range map[string]string{
		`SELECT * FROM pg_class`:                          "reads pg_catalog.pg_class",
		`SELECT * FROM information_schema.tables`:         "reads information_schema.tables",
		`SELECT * FROM f`:                                 "foreign table f",
		`SELECT * FROM v`:                                 "function x()",
		`SELECT query_to_xml('SELECT 1', true, true, '')`: "query_to_xml",
		`SELECT * FROM a`:                                 "",
	} {
		k := closure(t, c, sql)
		if got := k.ReadsAnything + k.Unseen; (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: reads anything because %q, want %q", sql, got, want)
		}
	}
	if k := closure(t, c, `INSERT INTO f VALUES (1)`); k.Anything == "" {
		t.Error("a write to a foreign table has a bound")
	}
	if k := closure(t, c, `SELECT last_value FROM s`); k.Volatile == "" {
		t.Error("a sequence is read as if it were a table")
	}
}

func TestWhatAResultDependsOnBeyondRows(t *testing.T) {
	t.Parallel()
	conn, _ := schema(t, `
		CREATE TABLE a (id int, at timestamptz, day date, name text, price numeric, mood text[]);
		CREATE TABLE free (id int, name text);
		CREATE TYPE kind AS ENUM ('x');
		CREATE FUNCTION one() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM a WHERE id > 1 AND lower(name) = name';
		CREATE FUNCTION two() RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN SELECT id INTO n FROM free; RETURN to_jsonb(n); END $$;
		CREATE FUNCTION young() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM a WHERE at > now()';
		CREATE FUNCTION cast_at() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT at::text FROM a); END $$;
		CREATE FUNCTION whole() RETURNS json STABLE LANGUAGE sql AS 'SELECT json_agg(x) FROM a x';
		CREATE FUNCTION variable() RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE d a.day%TYPE; BEGIN RETURN d; END $$;
		CREATE FUNCTION called() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1 WHERE date(''now'') IS NULL';
		CREATE FUNCTION promised(timestamptz) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
		CREATE FUNCTION luck() RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RETURN random(); END $$;
		CREATE SEQUENCE s;`)
	for _, test := range []struct{ expression, session, volatile, effect string }{
		{"id + 1, name || 'x', price * 2, lower(name), mood[1]", "", "", ""},
		{"id::text, price::text, 'x'::kind, 'x'::kind::text, id::bigint", "", "", ""},
		{"json_agg(id), to_jsonb(name), concat(id, name), jsonb_build_object('a', price), format('%s', name), array_to_string(mood, ',')", "", "", ""},
		{"at, day, at < at, max(at), at = '2020-01-01T00:00:00Z'", "", "", ""},
		{"now()", "now", "", ""},
		{"current_date", "current_date", "", ""},
		{"current_user", "current_user", "", ""},
		{"at::date", "date", "", ""},
		{"at::text", "cast", "", ""},
		{"name::date", "cast", "", ""},
		{"ARRAY[at]::text", "cast", "", ""},
		{"at + interval '1 day'", "timestamptz_pl_interval", "", ""},
		{"day < at", "date_lt_timestamptz", "", ""},
		{"json_agg(at)", "json_agg", "", ""},
		{"to_jsonb(a)", "to_jsonb", "", ""},
		{"row_to_json(ROW(1, day))", "", "", ""},
		{"row_to_json(ROW(1, at))", "row_to_json", "", ""},
		{"to_char(at, 'YYYY')", "to_char", "", ""},
		{"current_setting('x.y')", "current_setting", "", ""},
		{"to_tsvector(name)", "to_tsvector", "", ""},
		{"to_tsvector('english', name)", "", "", ""},
		{"random()", "", "random", ""},
		{"gen_random_uuid()", "", "gen_random_uuid", ""},
		{"nextval('s')", "", "nextval", "nextval"},
		{"pg_notify('a', 'b')", "", "pg_notify", "pg_notify"},
		{"set_config('a.b', 'c', true)", "", "set_config", "set_config"},
		{"one(), two()", "", "", ""},
		{"promised(at)", "a cast from timestamp", "", ""},
		{"young()", "now", "", ""},
		{"cast_at()", "a cast from timestamp", "", ""},
		{"whole()", "json_agg", "", ""},
		{"variable()", "a cast from date", "", ""},
		{"called()", "a literal of type date", "", ""},
		{"luck()", "", "random", ""},
	} {
		exec(t, conn, "CREATE OR REPLACE VIEW v AS SELECT row_number() OVER () AS x FROM (SELECT "+test.expression+" FROM a GROUP BY a.id, a.at, a.day, a.name, a.price, a.mood, a) q")
		c := load(t, conn)
		d := closure(t, c, "SELECT * FROM v")
		for _, told := range [][2]string{{d.Clock + d.Session, test.session}, {d.Volatile, test.volatile}, {d.Effect, test.effect}} {
			if (told[0] == "") != (told[1] == "") || !strings.Contains(told[0], told[1]) {
				t.Errorf("%s: %q, want %q", test.expression, told[0], told[1])
			}
		}
	}
}
