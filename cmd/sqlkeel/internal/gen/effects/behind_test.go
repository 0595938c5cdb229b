package effects

import (
	"fmt"
	"strings"
	"testing"
)

// behind is what stands behind a statement, and what that makes of the statement: what
// is said when the same expression stands in the statement itself.
type behind struct {
	name   string
	schema string
	sql    string
	want   string
}

const hits = `CREATE TABLE hits (n int NOT NULL); CREATE TABLE books (id int PRIMARY KEY, price int NOT NULL);
	CREATE FUNCTION hit(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hits VALUES (i); RETURN i; END $$;
	CREATE FUNCTION dear() RETURNS int LANGUAGE sql STABLE AS 'SELECT max(price) FROM books';
	CREATE TYPE pair AS (a int, b text);`

// declarations are variables of which the default is computed: with hit(1) for the
// expression.
var declarations = []string{
	`DECLARE r int := hit(1); BEGIN`, `DECLARE r record := ROW(hit(1)); BEGIN`, `DECLARE r pair := ROW(hit(1), 'x'); BEGIN`,
	`DECLARE r books := ROW(hit(1), 2); BEGIN`, `DECLARE r books%ROWTYPE := ROW(hit(1), 2); BEGIN`, `DECLARE r CONSTANT record NOT NULL DEFAULT ROW(hit(1)); BEGIN`,
	`BEGIN DECLARE r record = ROW(hit(1)); BEGIN NULL; END;`, `DECLARE r int[] := ARRAY[hit(1)]; BEGIN`, `DECLARE r books.price%TYPE := hit(1); BEGIN`,
	`<<b>> DECLARE x int := 1; r record := ROW(b.x, hit(b.x)); BEGIN`, `DECLARE r refcursor; c CURSOR (n int) FOR SELECT n; BEGIN OPEN c(hit(1));`,
	`BEGIN`, `DECLARE r record; BEGIN r := ROW(hit(1));`, `DECLARE r record; BEGIN SELECT hit(1) AS x INTO r; PERFORM r.x;`,
	`DECLARE r record; BEGIN FOR r IN SELECT hit(1) AS x LOOP PERFORM r.x; END LOOP;`, `BEGIN FOR i IN 1..hit(1) LOOP NULL; END LOOP;`,
	`BEGIN IF hit(1) > 0 THEN NULL; END IF;`, `BEGIN CASE hit(1) WHEN 1 THEN NULL; END CASE;`, `BEGIN RAISE NOTICE '%', hit(1);`, `BEGIN ASSERT hit(1) > 0;`,
	`BEGIN EXECUTE 'SELECT hit(1)';`, `BEGIN EXECUTE 'SELECT $1' USING hit(1);`, `DECLARE a int[]; BEGIN a[hit(1)] := 1;`, `BEGIN PERFORM 1; EXCEPTION WHEN others THEN PERFORM hit(1);`,
	`DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY[hit(1)] LOOP NULL; END LOOP;`, `BEGIN WHILE hit(1) > 1 LOOP NULL; END LOOP;`, `BEGIN LOOP EXIT WHEN hit(1) = 1; END LOOP;`,
	`BEGIN RAISE EXCEPTION USING MESSAGE = hit(1)::text;`,
}

func TestWhatABodyComputesCountsWhereverItStands(t *testing.T) {
	t.Parallel()
	schema := hits
	for i, d := range declarations {
		function := fmt.Sprintf(`CREATE FUNCTION writes_%d() RETURNS int LANGUAGE plpgsql AS $$ %s RETURN 1; END $$;`, i, d)
		schema += function + strings.NewReplacer("hit(1)", "dear()", "hit(b.x)", "dear()", "writes_", "reads_").Replace(function)
	}
	a := with(t, schema, "")
	for i, d := range declarations {
		for name, want := range map[string]string{"writes": "reaches=hits unkept: it writes hits", "reads": "reads=books ro"} {
			if d == `BEGIN` {
				want = "ro"
			}
			if got := summary(analyze(t, a, ":many", fmt.Sprintf("SELECT %s_%d()", name, i)).Effects); got != want {
				t.Errorf("%s: %s\n got %s\nwant %s", name, d, got, want)
			}
		}
	}
}

// checked are places where a value of a domain is made whose check writes, or reads.
const checked = `CREATE TABLE l (w text); CREATE TABLE t (id int PRIMARY KEY, x int); INSERT INTO t VALUES (1, 1);
	CREATE FUNCTION wlb(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l VALUES ('x'); RETURN true; END $$;
	CREATE FUNCTION rdb(i int) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT count(*) < 3 FROM l $$;
	CREATE DOMAIN dom AS int CHECK (wlb(VALUE)); CREATE DOMAIN rdom AS int CHECK (rdb(VALUE)); CREATE TYPE comp AS (d dom); CREATE DOMAIN over AS dom;
	CREATE VIEW vd AS SELECT (x::dom)::int AS x FROM t;
	CREATE FUNCTION a1() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT (x::dom)::int FROM t; END;
	CREATE FUNCTION a2() RETURNS comp LANGUAGE sql BEGIN ATOMIC SELECT ROW(x)::comp FROM t; END;
	CREATE FUNCTION a3() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT cardinality(ARRAY[x]::dom[]) FROM t; END;
	CREATE FUNCTION a4() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT (x::text::dom)::int FROM t; END;
	CREATE FUNCTION a5() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT (x::rdom)::int FROM t; END;
	CREATE FUNCTION a6() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x FROM vd; END;
	CREATE FUNCTION a7() RETURNS int LANGUAGE sql AS 'SELECT (x::over)::int FROM t';
	CREATE FUNCTION a8() RETURNS int LANGUAGE plpgsql AS $$ DECLARE v dom; BEGIN RETURN 1; END $$;
	CREATE FUNCTION a9() RETURNS int LANGUAGE plpgsql AS $$ DECLARE v record; BEGIN SELECT x::dom AS x INTO v FROM t; RETURN v.x; END $$;
	CREATE FUNCTION a10(v dom) RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION a11() RETURNS dom LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
	CREATE FUNCTION a12() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION a13() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT x FROM vd); END $$;
	CREATE TABLE d1 (id int, x int DEFAULT (5::dom)::int);
	CREATE TABLE d2 (id int, x int CHECK ((x::dom) > 0));
	CREATE TABLE d3 (id int, x int GENERATED ALWAYS AS (id + 1) STORED); CREATE INDEX ON d3 ((id + 1)) WHERE (id::dom) > 0;
	CREATE TABLE d4 (id int, x int); CREATE TABLE d4b (id int, x int); CREATE RULE r AS ON INSERT TO d4 DO ALSO INSERT INTO d4b VALUES (NEW.id, NEW.x::dom);
	CREATE TABLE d5 (id int, x int); CREATE INDEX ON d5 ((x + 1)) WHERE (x::dom) > 0;
	CREATE TABLE d6 (id int, x int); CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
	CREATE TRIGGER t BEFORE INSERT ON d6 FOR EACH ROW WHEN ((NEW.x::dom) > 0) EXECUTE FUNCTION tr();
	CREATE TABLE d7 (id int, x int) PARTITION BY LIST (id); CREATE TABLE d7_1 PARTITION OF d7 DEFAULT; CREATE TRIGGER t BEFORE INSERT ON d7_1 FOR EACH ROW WHEN ((NEW.x::dom) > 0) EXECUTE FUNCTION tr();
	CREATE FUNCTION at_d4() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO d4 VALUES (1, 1); END;
	CREATE FUNCTION text_d4() RETURNS void LANGUAGE sql AS 'INSERT INTO d4 VALUES (1, 1)';
	CREATE FUNCTION defarg(x int DEFAULT (7::dom)::int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x; END;`

var checks = []behind{
	{"", "", `SELECT a1()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a2()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a3()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a4()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a5()`, "reads=l,t ro"},
	{"", "", `SELECT a6()`, "reads=t,vd reaches=l unkept: it writes l"},
	{"", "", `SELECT a7()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a8()`, "reaches=l unkept: it writes l"},
	{"", "", `SELECT a9()`, "reads=t reaches=l unkept: it writes l"},
	{"", "", `SELECT a10(1)`, "reaches=l unkept: it writes l"},
	{"", "", `SELECT a11()`, "reaches=l unkept: it writes l"},
	{"", "", `SELECT a12()`, "ro"}, // it casts nothing
	{"", "", `SELECT a13()`, "reads=t,vd reaches=l unkept: it writes l"},
	{"", "", `SELECT $1::dom`, "reaches=l unkept: it writes l"},
	{"", "", `INSERT INTO d1 (id) VALUES (1)`, "writes=d1 reaches=l unkept: it writes d1, l"},
	{"", "", `INSERT INTO d2 VALUES (1, 1)`, "writes=d2 reaches=l unkept: it writes d2, l"},
	{"", "", `INSERT INTO d3 VALUES (1)`, "writes=d3 reaches=l unkept: it writes d3, l"},
	{"", "", `INSERT INTO d4 VALUES (1, 1)`, "reads=d4 writes=d4,d4b reaches=l unkept: it writes d4, d4b, l"},
	{"", "", `INSERT INTO d5 VALUES (1, 1)`, "writes=d5 reaches=l unkept: it writes d5, l"},
	{"", "", `INSERT INTO d6 VALUES (1, 1)`, "writes=d6 reaches=l unkept: it writes d6, l"},
	{"", "", `INSERT INTO d7 VALUES (1, 1)`, "writes=d7 reaches=d7_1,l unkept: it writes d7, d7_1, l"},
	{"", "", `SELECT at_d4()`, "reaches=d4,d4b,l unkept: it writes d4, d4b, l"},
	{"", "", `SELECT text_d4()`, "reaches=d4,d4b,l unkept: it writes d4, d4b, l"},
	{"", "", `SELECT defarg()`, "reaches=l unkept: it writes l"},
	{"", "", `SELECT x FROM t`, "reads=t ro"},
}

func TestTheCheckOfADomainRunsWhereverAValueIsMade(t *testing.T) {
	t.Parallel()
	a := with(t, checked, "")
	for _, c := range checks {
		if got := keyless(summary(analyze(t, a, ":many", c.sql).Effects)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// standby are functions that a standby does not run, and results that are not the same
// each time, behind functions.
var standby = []behind{
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN txid_current(); END $$`, `SELECT f()`, "volatile unkept: txid_current in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT txid_current() $$`, `SELECT f()`, "volatile unkept: txid_current in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT txid_current() $$`, `SELECT f()`, "volatile unkept: txid_current in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT txid_current(); END`, `SELECT f()`, "volatile unkept: txid_current in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN pg_current_xact_id()::text::bigint; END $$`, `SELECT f()`, "volatile unkept: pg_current_xact_id in function f() is volatile"},
	{"", `CREATE DOMAIN dtx AS bigint CHECK (VALUE < txid_current())`, `SELECT $1::dtx`, "volatile unkept: txid_current is volatile"},
	{"", `CREATE DOMAIN dtx AS bigint CHECK (VALUE < txid_current()); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1::dtx::bigint'`, `SELECT f()`, "volatile unkept: txid_current in function f() is volatile"},
	{"", `CREATE DOMAIN young AS timestamptz CHECK (VALUE < now())`, `SELECT $1::young`, "ro volatile unkept: now tells the time"},
	{"", `CREATE VIEW fu AS SELECT id FROM books FOR UPDATE; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM fu $$`, `SELECT f()`, "reads=books,fu unkept: a lock in view fu has an effect"},
	{"", `CREATE VIEW fu AS SELECT id FROM books FOR KEY SHARE; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM fu; END`, `SELECT f()`, "reads=books,fu unkept: a lock in view fu has an effect"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT id FROM books FOR UPDATE; END`, `SELECT f()`, "reads=books unkept: a lock in function f() has an effect"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(id) FROM books TABLESAMPLE BERNOULLI (30)'`, `SELECT f()`, "reads=books ro volatile unkept: TABLESAMPLE in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(id) FROM books TABLESAMPLE SYSTEM (30)); END $$`, `SELECT f()`, "reads=books ro volatile unkept: TABLESAMPLE in function f() is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(id) FROM books TABLESAMPLE BERNOULLI (30); END`, `SELECT f()`, "reads=books ro volatile unkept: TABLESAMPLE in function f() is volatile"},
	{"", `CREATE VIEW sample AS SELECT id FROM books TABLESAMPLE BERNOULLI (30); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(id) FROM sample'`, `SELECT f()`, "reads=books,sample ro volatile unkept: TABLESAMPLE in view sample is volatile"},
	{"", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(id) FROM books TABLESAMPLE BERNOULLI (30) REPEATABLE (1)'`, `SELECT f()`, "reads=books ro"},
}

func TestWhatAStandbyRefusesIsKnownBehindFunctions(t *testing.T) {
	t.Parallel()
	holdsBehind(t, hits, standby)
}

// labelled are functions whose labels promise more than their bodies hold.
var labelled = []behind{
	{"", `CREATE TABLE people (id int PRIMARY KEY, born date); CREATE FUNCTION f(born date) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch from now() - born::timestamp)::bigint % 100000)::int $$`, `SELECT f(born) FROM people WHERE id = $1`,
		"reads=people rkeys=people.id$1 ro volatile unique unkept: now in function f() tells the time"},
	{"", `CREATE FUNCTION f(ts timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT ts::date $$`, `SELECT f($1)`, "ro unkept: date in function f() depends on the session"},
	{"", `CREATE FUNCTION f() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT current_setting('my.var', true) $$; CREATE TABLE docs (id int, owner text); CREATE VIEW my_docs AS SELECT id FROM docs WHERE owner = f()`, `SELECT id FROM my_docs`,
		"reads=docs,my_docs ro unkept: current_setting in function f() depends on the session"},
	{"", `CREATE FUNCTION f(o text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN o = current_setting('my.var', true); END $$`, `SELECT f('x')`, "ro unkept: current_setting in function f() depends on the session"},
	{"", `CREATE FUNCTION f() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT current_user::text $$`, `SELECT f()`, "ro unkept: current_user in function f() depends on the session"},
	{"", `CREATE FUNCTION f() RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT current_user::text; END`, `SELECT f()`, "ro unkept: current_user in function f() depends on the session"},
	{"", `CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT hit(1)'`, `SELECT f()`, "reaches=hits unkept: it writes hits"},
	{"", `CREATE FUNCTION f() RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN random(); END $$`, `SELECT f()`, "ro volatile unkept: random in function f() is volatile"},
	{"", `CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT a + 1'`, `SELECT f(1)`, "ro"},
}

func TestALabelHidesNothingThatABodySays(t *testing.T) {
	t.Parallel()
	holdsBehind(t, hits, labelled)
}

// timely are bodies whose value a setting decides, though no name in them says so. FN is
// the name of the function.
var timely = []struct{ argument, schema, want string }{
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS int STABLE LANGUAGE sql AS 'SELECT extract(hour FROM to_timestamp(e))::int'`, "extract"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS $$ SELECT date_trunc('day', to_timestamp(max(ep))) || '' FROM t $$`, "anytextcat"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT left(to_timestamp(e)::text, 13)'`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS $$ SELECT (SELECT to_timestamp(e)) || '' $$`, "anytextcat"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS $$ SELECT format('%s', to_timestamp(e)) $$`, "format"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS $$ SELECT string_agg(to_timestamp(ep)::text, ',') FROM t $$`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE x text; BEGIN x := to_timestamp(e); RETURN x; END $$`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN to_timestamp(e); END $$`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE x text; BEGIN SELECT to_timestamp(e) INTO x; RETURN x; END $$`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE x text := to_timestamp(e); BEGIN RETURN x; END $$`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SELECT to_timestamp(e) AS at INTO r; RETURN r.at || ''; END $$`, "anytextcat"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS date STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN '01/02/2003'; END $$`, "a cast to date"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS json STABLE LANGUAGE sql AS $$ SELECT json_build_object('t', to_timestamp(e)) $$`, "json_build_object"},
	{"1::bigint", `CREATE FUNCTION g(e bigint) RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT to_timestamp(e)'; CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT g(e)::text'`, "a cast from timestamp"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS numeric STABLE LANGUAGE sql AS 'SELECT extract(epoch FROM age(to_timestamp(max(ep)))) FROM t'`, "age"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT to_tsvector(body)::text FROM docs'`, "to_tsvector"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE sql AS $$ SELECT ts_headline(body, plainto_tsquery('dog')) FROM docs $$`, "ts_headline"},
	{"$1::bytea", `CREATE FUNCTION FN(b bytea) RETURNS text STABLE LANGUAGE sql AS 'SELECT b::text'`, "a cast from bytea"},
	{"$1::timestamptz", `CREATE FUNCTION FN(a anyelement) RETURNS text STABLE LANGUAGE sql AS 'SELECT a::text'`, "a cast from timestamp"},
	{"$1::timestamptz", `CREATE FUNCTION FN(a anyelement) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE x text := a; BEGIN RETURN x; END $$`, "a cast from timestamp"},
	{"$1::float8", `CREATE FUNCTION FN(a float8) RETURNS text STABLE LANGUAGE sql AS 'SELECT a::text'`, "a cast from double precision"},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS int[] STABLE LANGUAGE plpgsql AS $$ DECLARE a int[] := '{1,2}'; BEGIN RETURN a || '{3}'::int[]; END $$`, ""},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text[] STABLE LANGUAGE plpgsql AS $$ DECLARE a text[] := '{a,null}'; BEGIN RETURN a; END $$`, "a cast to text[]"},
	{"$1::int", `CREATE FUNCTION FN(a anyelement) RETURNS text STABLE LANGUAGE sql AS 'SELECT a::text'`, ""},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$ DECLARE x text := e; BEGIN RETURN x || e::text; END $$`, ""},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT to_timestamp(e)'`, ""},
	{"1::bigint", `CREATE FUNCTION FN(e bigint) RETURNS date STABLE LANGUAGE plpgsql AS $$ DECLARE d date := '2020-01-02'; BEGIN RETURN d; END $$`, ""},
}

func TestASettingThatDecidesAValueIsKnownBehindFunctions(t *testing.T) {
	t.Parallel()
	schema := "CREATE TABLE t (ep bigint); CREATE TABLE docs (body text);"
	for i, c := range timely {
		schema += strings.ReplaceAll(c.schema, "FN(", fmt.Sprintf("f_%d(", i)) + ";"
	}
	a := with(t, schema, "")
	for i, c := range timely {
		got := analyze(t, a, ":many", fmt.Sprintf("SELECT f_%d(%s)", i, c.argument)).NotCacheable
		if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.schema, got, c.want)
		}
	}
}

// loose are bodies that the server refuses when they are called, or may refuse here: by
// name, every relation and function counts that may be meant.
var loose = []behind{
	{"a table that is not there", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT 1 FROM nowhere); END $$`, `SELECT f()`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a function that is not there", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN nothing(1); END $$`, `SELECT f()`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a record of which nothing is known", `CREATE FUNCTION f(x text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SELECT json_to_record('{}') INTO r; DELETE FROM hits WHERE n = r.n; RETURN 1; END $$`, `SELECT f('x')`,
		"reaches=hits unkept: it writes hits"},
	{"a call with a record of which nothing is known", `CREATE FUNCTION f(r record) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN hit(r.n); END $$`, `SELECT f(ROW(1))`, "reaches=hits unkept: it writes hits"},
	{"a read with a record of which nothing is known", `CREATE FUNCTION f(r record) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT price FROM books WHERE id = r.n); END $$`, `SELECT f(ROW(1))`,
		"reads=books ro unkept: an expression whose types are not known (the type of its variable r is not known) in function f() depends on the session"},
	{"a variable of a type that is not there", `CREATE TYPE gone AS (n int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE g gone; BEGIN RETURN hit(g.n); END $$; DROP TYPE gone`, `SELECT f()`, "reaches=hits unkept: it writes hits"},
	{"another language", `CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'int4pl'`, `SELECT f()`, "ANYTHING READSANYTHING volatile unkept: it may change anything"},
}

func TestWhatABodyThatDoesNotCompileMayDo(t *testing.T) {
	t.Parallel()
	holdsBehind(t, `SET check_function_bodies = off;`+hits, loose)
}
