package effects

import "testing"

// idioms are what people write in bodies.
var idioms = []behind{
	{"sql fname.arg", `CREATE FUNCTION f(w text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM l WHERE l.w = f.w'`, `SELECT f('x')`, "reads=l ro"},
	{"sql empty", `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''`, `SELECT f()`, "ro"},
	{"sql comment", `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS '-- nothing'`, `SELECT f()`, "ro"},
	{"variadic", `CREATE FUNCTION f(VARIADIC xs int[]) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE x int; n bigint := 0; BEGIN FOREACH x IN ARRAY xs LOOP n := n + (SELECT count(*) FROM t WHERE id = x); END LOOP; RETURN n; END $$`, `SELECT f(1, 2)`, "reads=t ro"},
	{"procedure", `CREATE PROCEDURE p(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM l; n := 1; END $$; CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN CALL p(n); RETURN n; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"instead of", `CREATE VIEW v AS SELECT id, a FROM t; CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l VALUES (NEW.a::text); RETURN NEW; END $$; CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tr()`, `INSERT INTO v VALUES (1, 2)`, "writes=v reaches=l unkept: it writes l, v"},
	{"types", `CREATE TYPE "Odd T" AS (x int, y text); CREATE FUNCTION f("Arg X" int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE a varchar(10)[]; b double precision; c timestamp with time zone; d character varying (3); e interval day to second(3); g "Odd T"; h public.t.at%TYPE; i public.t%ROWTYPE; j "Odd T"[]; k t.a%type; "Weird V" int; BEGIN "Weird V" := "Arg X"; g.y := 'x'; j[1] := g; i.a := 3; SELECT count(*) INTO b FROM l WHERE w = g.y AND "Weird V" = i.a; RETURN b; END $$`, `SELECT f(1)`, "reads=l ro"},
	{"composite argument", `CREATE FUNCTION f(rec t) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(id) FROM t WHERE a = rec.a AND b = (rec).b); END $$`, `SELECT f(t) FROM t`, "reads=t ro"},
	{"row star", `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy SELECT NEW.*; INSERT INTO copy VALUES (OLD.*); RETURN NULL; END $$; CREATE TABLE copy (LIKE t); CREATE TRIGGER x AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tr()`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t reaches=copy wkeys=t.id$1 unkept: it writes copy, t"},
	{"generic audit", `CREATE TABLE u (id int, x text); CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_TABLE_NAME = 'u' THEN INSERT INTO l VALUES (NEW.x); ELSE INSERT INTO l VALUES (NEW.a); END IF; RETURN NEW; END $$;
			CREATE TRIGGER x BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION tr(); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr()`, `INSERT INTO u VALUES ($1, 'x')`, "writes=u reaches=l wkeys=u.id$1 unkept: it writes l, u"},
	{"jsonb of NEW", `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE d jsonb; BEGIN d := to_jsonb(NEW) - 'id'; IF d ? 'a' THEN INSERT INTO l VALUES (d ->> 'a'); END IF; RETURN NEW; END $$; CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tr()`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t reaches=l wkeys=t.id$1 unkept: it writes l, t"},
	{"return query execute", `CREATE FUNCTION f(n text) RETURNS SETOF t LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT * FROM %I', n); END $$`, `SELECT id FROM f('t')`, "READSANYTHING unkept: it may read anything"},
	{"set-returning in FROM", `CREATE FUNCTION f() RETURNS TABLE (k int, v text) LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id, b FROM t LOOP k := r.id; v := r.b; RETURN NEXT; END LOOP; END $$`, `SELECT * FROM f()`, "reads=t ro"},
	{"column definition list", `CREATE FUNCTION g() RETURNS SETOF record LANGUAGE sql AS 'SELECT id, b FROM t'; CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM g() AS x (i int, j int)); END $$`, `SELECT f()`, "reads=t ro"},
	{"crlf", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\r\nBEGIN\r\n  -- a; comment\r\n  RETURN (SELECT max(id) FROM t);\r\nEND;\r\n$$", `SELECT f()`, "reads=t ro"},
	{"security definer with path", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS 'SELECT count(*) FROM t'`, `SELECT f()`, "reads=t ro"},
	{"set time zone", `CREATE FUNCTION f(x timestamptz) RETURNS text LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$ BEGIN RETURN x::text; END $$`, `SELECT f($1)`, "ro unkept: a cast from timestamp with time zone in function f() depends on the session"},
	{"exception block", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN BEGIN INSERT INTO l VALUES ('x'); EXCEPTION WHEN unique_violation OR check_violation THEN RETURN 0; WHEN OTHERS THEN RAISE; END; RETURN 1; END $$`, `SELECT 1 AS a`, "ro"},
	{"returning into record", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN DELETE FROM l RETURNING w, 1 AS n INTO r; RETURN r.n; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"array of records", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE rs t[]; r t; BEGIN rs := ARRAY(SELECT x FROM t x); FOREACH r IN ARRAY rs LOOP RETURN r.a; END LOOP; END $$`, `SELECT f()`, "reads=t ro"},
	{"record := row variable", `CREATE FUNCTION f(x t) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; s record; BEGIN r := x; s := r; RETURN s.a; END $$`, `SELECT f(t) FROM t`, "reads=t ro"},
	{"with query", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN WITH d AS (DELETE FROM l RETURNING 1), c AS (SELECT count(*)::int AS k FROM d) SELECT k INTO n FROM c; RETURN n; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"on conflict", `CREATE FUNCTION f(p int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t (id, a) VALUES (p, 1) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE t.b = p; END $$`, `SELECT f(1)`, "reaches=t unkept: it writes t"},
	{"merge", `CREATE FUNCTION f(p int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN MERGE INTO t USING (SELECT p AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = p WHEN NOT MATCHED THEN INSERT (id) VALUES (p); END $$`, `SELECT f(1)`, "reaches=t unkept: it writes t"},
	{"REFRESH", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN REFRESH MATERIALIZED VIEW m; END $$; CREATE MATERIALIZED VIEW m AS SELECT id FROM t`, `SELECT f()`, "reaches=m unkept: it writes m"},
	{"rows that are compared", `CREATE FUNCTION f() RETURNS boolean LANGUAGE sql AS 'SELECT (1, 2) = (SELECT 1, 2) AND ROW(1, 2) < ROW(2, 1)'`, `SELECT f()`, "ro"},
	{"JSON of numbers", `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT json_object_agg(id, a)::text FROM t $$`, `SELECT f()`, "reads=t ro"},
}

func TestTheIdiomsOfBodiesAreUnderstood(t *testing.T) {
	t.Parallel()
	holdsBehind(t, `DROP SCHEMA IF EXISTS s CASCADE;`+ledger, idioms)
}
