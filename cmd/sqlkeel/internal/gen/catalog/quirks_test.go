package catalog

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// logs is a function that writes.
const logs = `CREATE TABLE log (n int); CREATE TABLE aside (n int);
	CREATE FUNCTION logs(n int DEFAULT 1) RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (n) RETURNING n';
	CREATE FUNCTION ok(n int) RETURNS bool LANGUAGE sql AS 'INSERT INTO log VALUES (n) RETURNING true';`

// quirks are changes that come about without anything in the statement that
// looks like it.
var quirks = []effect{
	{name: "the default of a domain is computed", write: `INSERT INTO a (n) VALUES (1)`, want: "a log!",
		schema: logs + `CREATE DOMAIN d AS int DEFAULT logs(); CREATE TABLE a (n int, m d)`},
	{name: "the default of a domain over a domain is computed", write: `INSERT INTO a (n) VALUES (1)`, want: "a log!",
		schema: logs + `CREATE DOMAIN d AS int DEFAULT logs(); CREATE DOMAIN e AS d; CREATE TABLE a (n int, m e)`},
	{name: "the check of a domain in an array is run", write: `INSERT INTO a VALUES ('{1}')`, want: "a log!",
		schema: logs + `CREATE DOMAIN d AS int CHECK (ok(VALUE)); CREATE TABLE a (m d[])`},
	{name: "the check of a domain in a row type is run", write: `INSERT INTO a VALUES (ROW(1))`, want: "a log!",
		schema: logs + `CREATE DOMAIN d AS int CHECK (ok(VALUE)); CREATE TYPE r AS (x int, y text); DROP TYPE r; CREATE TYPE r AS (m d); CREATE TABLE a (r r)`},
	{name: "the default of a view's column is computed", write: `INSERT INTO v (n) VALUES (1)`, want: "a log! v",
		schema: logs + `CREATE TABLE a (n int, m int); CREATE VIEW v AS SELECT * FROM a; ALTER VIEW v ALTER m SET DEFAULT logs()`},
	{name: "a view that calls its columns otherwise passes on to the right ones", write: `UPDATE v SET n = 7`, want: "a b! v",
		schema: `CREATE TABLE a (n int, m int UNIQUE); INSERT INTO a VALUES (1, 2); CREATE TABLE b (m int REFERENCES a (m) ON UPDATE CASCADE); INSERT INTO b VALUES (2);
			CREATE VIEW v AS SELECT x.n, x.m FROM a x(m, n)`},
	{name: "an operator behind BETWEEN is called", write: `SELECT f()`, want: "log!",
		schema: logs + `CREATE TYPE r AS (m int); CREATE FUNCTION ge(r, int) RETURNS bool LANGUAGE sql AS 'SELECT ok($2)';
			CREATE FUNCTION le(r, int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR >= (LEFTARG = r, RIGHTARG = int, FUNCTION = ge);
			CREATE OPERATOR <= (LEFTARG = r, RIGHTARG = int, FUNCTION = le); CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT ROW(1)::r BETWEEN 1 AND 2'`},
	{name: "an operator behind IN is called", write: `SELECT f()`, want: "log!",
		schema: logs + `CREATE TYPE r AS (m int); CREATE FUNCTION eq(r, int) RETURNS bool LANGUAGE sql AS 'SELECT ok($2)';
			CREATE OPERATOR = (LEFTARG = r, RIGHTARG = int, FUNCTION = eq); CREATE FUNCTION f() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(1)::r IN (1, 2); END $$`},
	{name: "an operator behind CASE is called", write: `SELECT f()`, want: "log!",
		schema: logs + `CREATE TYPE r AS (m int); CREATE FUNCTION eq(r, int) RETURNS bool LANGUAGE sql AS 'SELECT ok($2)';
			CREATE OPERATOR = (LEFTARG = r, RIGHTARG = int, FUNCTION = eq); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT CASE ROW(1)::r WHEN 1 THEN 1 END'`},
	{name: "a function called like a column may have more arguments than the row", write: `SELECT f()`, want: "log!",
		schema: logs + `CREATE TABLE a (n int); INSERT INTO a VALUES (1); CREATE FUNCTION noted(a, int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT logs($2)';
			CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT a.noted FROM a'`},
	{name: "what an operator makes of NEW is another row", write: `UPDATE a SET n = 2`, want: "a b!",
		schema: `CREATE TABLE a (n int, k int UNIQUE); INSERT INTO a VALUES (1, 1); CREATE TABLE b (k int REFERENCES a (k) ON UPDATE CASCADE); INSERT INTO b VALUES (1);
			CREATE FUNCTION later(a, int) RETURNS a LANGUAGE sql AS 'SELECT ($1.n, $1.k + $2)::a'; CREATE OPERATOR +> (LEFTARG = a, RIGHTARG = int, FUNCTION = later);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW +> 100; END $$; CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()`},
	{name: "ON DELETE SET DEFAULT computes a default that writes", write: `DELETE FROM a WHERE id = 1`, want: "a b! log!",
		schema: logs + `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2); CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT logs(2)';
			CREATE TABLE b (a int DEFAULT two() REFERENCES a ON DELETE SET DEFAULT); INSERT INTO b VALUES (1)`},
	{name: "a cascade runs the rules of what it reaches", write: `DELETE FROM a`, want: "a b! log!",
		schema: logs + `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE); INSERT INTO b VALUES (1);
			CREATE RULE r AS ON DELETE TO b DO ALSO INSERT INTO log VALUES (old.a)`},
	{name: "a foreign key may refer to a partition alone", write: `DELETE FROM a`, want: "a b! p",
		schema: `CREATE TABLE a (id int, k int) PARTITION BY LIST (k); CREATE TABLE p (k int, gone int, id int PRIMARY KEY); ALTER TABLE p DROP gone;
			ALTER TABLE a ATTACH PARTITION p DEFAULT; INSERT INTO a VALUES (1, 1); CREATE TABLE b (p int REFERENCES p ON DELETE CASCADE); INSERT INTO b VALUES (1)`},
	{name: "a trigger on a partition's column has another number there", write: `UPDATE a SET n = 2`, want: "a log! p",
		schema: logs + `CREATE TABLE a (id int, n int, k int) PARTITION BY LIST (k); CREATE TABLE p (k int, gone int, n int, id int); ALTER TABLE p DROP gone;
			ALTER TABLE a ATTACH PARTITION p DEFAULT; INSERT INTO a VALUES (1, 1, 1);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM logs(); RETURN NULL; END $$; CREATE TRIGGER t AFTER UPDATE OF n ON p FOR EACH ROW EXECUTE FUNCTION f()`},
	{name: "the condition of a trigger is computed", write: `INSERT INTO a VALUES (1)`, want: "a log!",
		schema: logs + `CREATE TABLE a (n int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
			CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW WHEN (ok(NEW.n)) EXECUTE FUNCTION f()`},
	{name: "a function without a search_path has its caller's", write: `SELECT f()`, want: "s.log!",
		schema: logs + `CREATE SCHEMA s; CREATE TABLE s.log (n int);
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SET search_path = s, public AS $$ BEGIN RETURN logs(); END $$`},
	{name: "a function may have set another search_path", write: `SELECT f()`, want: "log! s.log!",
		schema: logs + `CREATE SCHEMA s; CREATE TABLE s.log (n int); CREATE FUNCTION goes() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', 's, public', true) $$;
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM goes(); INSERT INTO log VALUES (1); RETURN 1; END $$`},
	{name: "a statement trigger fires although an upsert meets no conflict", write: `INSERT INTO a VALUES (1) ON CONFLICT (n) DO UPDATE SET m = 1`, want: "a log!",
		schema: logs + `CREATE TABLE a (n int UNIQUE, m int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM logs(); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f()`},
}

func TestWhatComesAboutUnseenWasPredicted(t *testing.T) {
	t.Parallel()
	share(t, quirks, func(t *testing.T, conn *pgx.Conn, e effect) {
		exec(t, conn, e.schema)
		c := load(t, conn)
		e.predict(t, c)
		e.run(t, conn, c)
	})
}

// A trigger of a partitioned table is a trigger of each partition: its function is
// compiled once, unless a partition has other columns or transition tables.
func TestATriggersFunctionIsCompiledOnceForAllPartitions(t *testing.T) {
	t.Parallel()
	_, c := schema(t, logs+`CREATE TABLE p (id int, n int) PARTITION BY LIST (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2);
		CREATE TABLE p_3 (n int, id int); ALTER TABLE p ATTACH PARTITION p_3 FOR VALUES IN (3); CREATE TABLE p_4 PARTITION OF p FOR VALUES IN (4);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM logs(NEW.n); RETURN NEW; END $$;
		CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM logs(n) FROM fresh; RETURN NULL; END $$;
		CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); CREATE TRIGGER u AFTER INSERT ON p_4 REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION g()`)
	if got := told(c, closure(t, c, `INSERT INTO p VALUES (1, 2)`)); got != "log! p p_1 p_2 p_3 p_4" {
		t.Errorf("predicted %s", got)
	}
	if got := told(c, closure(t, c, `INSERT INTO p_4 VALUES (4, 2)`)); got != "log! p p_4" {
		t.Errorf("predicted %s", got)
	}
	places := map[string][]string{}
	for at := range c.bodies {
		if at.table != 0 {
			places[c.Functions[at.function].Name] = append(places[c.Functions[at.function].Name], c.Name(at.table))
		}
	}
	for _, list := range places {
		slices.Sort(list)
	}
	if !slices.Equal(places["f"], []string{"p", "p_3"}) || !slices.Equal(places["g"], []string{"p_4"}) {
		t.Errorf("compiled for %v", places)
	}
}

func TestABodyMayMeanTheSchemaOfWhoeverAsks(t *testing.T) {
	t.Parallel()
	conn, _ := schema(t, `CREATE TABLE public.log (n int); CREATE SCHEMA AUTHORIZATION CURRENT_USER; SET search_path = "$user"; CREATE TABLE log (n int); RESET search_path;
		CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql SET search_path = "$user", public AS $$ BEGIN INSERT INTO log VALUES (1); RETURN 1; END $$`)
	c := load(t, conn)
	if k := closure(t, c, `SELECT public.f()`); len(k.Changes) != 2 {
		t.Errorf("%d tables may change, want 2", len(k.Changes))
	}
}

func TestAUniqueIndexThatTakesMoreOrLessForEqualIsTold(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `CREATE EXTENSION citext; CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE DOMAIN address AS citext; CREATE DOMAIN more AS address;
		CREATE TABLE a (plain text UNIQUE, cased citext UNIQUE, exact citext, pattern varchar, folded text, domained more, list int[] UNIQUE, lone text, part text, late int UNIQUE DEFERRABLE);
		CREATE UNIQUE INDEX exact ON a (exact text_ops); CREATE UNIQUE INDEX pattern ON a (pattern varchar_pattern_ops); CREATE UNIQUE INDEX folded ON a (folded COLLATE loose);
		CREATE UNIQUE INDEX domained ON a (domained text_ops); CREATE INDEX ON a (lone COLLATE loose); CREATE UNIQUE INDEX ON a (part COLLATE loose) WHERE part > 'x';
		CREATE UNIQUE INDEX "both" ON a (plain, folded COLLATE "C")`)
	r := relationNamed(t, c, "", "a")
	var keys, loose []string
	for _, k := range r.Keys {
		keys = append(keys, k.Name)
	}
	for _, column := range r.Columns {
		if column.Loose {
			loose = append(loose, column.Name)
		}
	}
	if want := []string{"a_cased_key", "a_list_key", "a_plain_key", "both", "folded"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if want := []string{"exact", "pattern", "folded", "domained", "part"}; !slices.Equal(loose, want) {
		t.Errorf("loose %q, want %q", loose, want)
	}
}

func TestWhatFunctionsOfPostgreSQLsOwnDo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][3]bool{ // hidden, quiet, prints only
		"query_to_xml": {true, false, false}, "table_to_xmlschema": {true, false, false}, "lo_get": {true, false, false}, "pg_read_file": {true, false, false},
		"random": {false, true, false}, "pg_relation_size": {false, true, false}, "pg_sleep": {false, true, false}, "clock_timestamp": {false, true, false},
		"nextval": {false, false, false}, "currval": {false, false, false}, "lastval": {false, false, false}, "pg_notify": {false, false, false},
		"json_agg": {false, false, true}, "concat": {false, false, true}, "now": {false, false, false}, "to_char": {false, false, false},
	} {
		if got := [3]bool{hidden[name] != "", isQuiet(name), printsOnly[name]}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
