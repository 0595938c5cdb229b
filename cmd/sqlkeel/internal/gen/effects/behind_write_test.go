package effects

import "testing"

const ledger = `CREATE TABLE l (w text); CREATE TABLE t (id int PRIMARY KEY, a int, b int, g int GENERATED ALWAYS AS (a * 2) STORED, at timestamptz);
	CREATE FUNCTION lg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l VALUES (TG_NAME); RETURN NULL; END $$;
	CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
	CREATE FUNCTION wlog(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l VALUES (i); RETURN true; END $$;
	CREATE TYPE kind AS ENUM ('a', 'b'); CREATE DOMAIN slug AS text CHECK (VALUE <> '');
	CREATE SCHEMA s; CREATE TABLE s.t (id int); CREATE TABLE s.l (w text);`

var written = []behind{
	// With a row trigger BEFORE UPDATE every generated column counts as updated.
	{"a generated column is updated by any UPDATE", `CREATE TRIGGER ofg AFTER UPDATE OF g ON t FOR EACH ROW EXECUTE FUNCTION lg(); CREATE TRIGGER bb BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION same()`,
		`UPDATE t SET b = b + 1 WHERE id = $1`, "writes=t reaches=l wkeys=t.id$1 unkept: it writes l, t"},
	{"through a view", `CREATE TRIGGER ofg AFTER UPDATE OF g ON t FOR EACH ROW EXECUTE FUNCTION lg(); CREATE TRIGGER bb BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION same();
		CREATE VIEW v AS SELECT id, b AS p FROM t; CREATE VIEW vv AS SELECT * FROM v`, `UPDATE vv SET p = 1 WHERE id = $1`, "writes=t,v,vv reaches=l unkept: it writes l, t, v, vv"},
	{"but not without such a trigger", `CREATE TRIGGER ofg AFTER UPDATE OF g ON t FOR EACH ROW EXECUTE FUNCTION lg(); CREATE TRIGGER bb BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION same()`,
		`UPDATE t SET b = b + 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},
	{"nor when it is of a column that is not generated", `CREATE TRIGGER ofa AFTER UPDATE OF at ON t FOR EACH ROW EXECUTE FUNCTION lg(); CREATE TRIGGER bb BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION same()`,
		`UPDATE t SET b = b + 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},

	// What the WHERE of a view calls runs when a body changes the view too.
	{"a view's condition, PL/pgSQL", vv + `CREATE FUNCTION upd() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE vv SET a = a; END $$`, `SELECT upd()`, "reaches=l,t,vv unkept: it writes l, t, vv"},
	{"a view's condition, text", vv + `CREATE FUNCTION upd() RETURNS void LANGUAGE sql AS 'DELETE FROM vv'`, `SELECT upd()`, "reaches=l,t,vv unkept: it writes l, t, vv"},
	{"a view's condition, atomic", vv + `CREATE FUNCTION upd() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE vv SET a = a; END`, `SELECT upd()`, "reaches=l,t,vv unkept: it writes l, t, vv"},
	{"a view's condition, a view over it", vv + `CREATE VIEW w AS SELECT * FROM vv; CREATE FUNCTION upd() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE w SET a = a; END`, `SELECT upd()`, "reaches=l,t,vv,w unkept: it writes l, t, vv, w"},
	{"a view's condition, a trigger", vv + `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE vv SET a = a; RETURN NULL; END $$; CREATE TABLE x (id int); CREATE TRIGGER t AFTER INSERT ON x EXECUTE FUNCTION tr()`,
		`INSERT INTO x VALUES ($1)`, "writes=x reaches=l,t,vv wkeys=x.id$1 unkept: it writes l, t, vv, x"},
	{"a view's condition, a rule", vv + `CREATE TABLE x (id int); CREATE RULE r AS ON INSERT TO x DO ALSO UPDATE vv SET a = a`, `INSERT INTO x VALUES ($1)`, "reads=x writes=t,vv,x reaches=l unkept: it writes l, t, vv, x"},

	// One function for all events returns the row as it is.
	{"coalesce(NEW, OLD)", row(`RETURN coalesce(NEW, OLD);`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},
	{"CASE of NEW and OLD", row(`RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},
	{"NEW by an alias", `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n ALIAS FOR NEW; BEGIN RETURN n; END $$; CREATE TRIGGER x BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tr()`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},
	{"another column of NEW", row(`NEW.b := 1; RETURN NEW;`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},
	{"the column of NEW", row(`NEW.id := 1; RETURN NEW;`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t unkept: it writes t"},
	{"another row", row(`RETURN ROW(1, 2, 3, 4, now());`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t unkept: it writes t"},
	{"coalesce with another row", row(`RETURN coalesce((SELECT x FROM t x LIMIT 1), NEW);`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t unkept: it writes t"},
	{"a column by INTO", row(`SELECT 5 INTO NEW.id; RETURN NEW;`), `UPDATE t SET a = 1 WHERE id = $1`, "writes=t unkept: it writes t"},
	{"the argument of moddatetime", `CREATE EXTENSION moddatetime; CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moddatetime(at)`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t wkeys=t.id$1 unkept: it writes t"},

	// A name means what the search_path of the caller says, and no other.
	{"the search_path of another function", `CREATE FUNCTION other() RETURNS int LANGUAGE sql SET search_path = s, public AS 'SELECT 1'; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'`,
		`SELECT f()`, "reads=t ro"},
	{"the search_path of the caller", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; CREATE FUNCTION g() RETURNS bigint LANGUAGE sql SET search_path = s, public AS 'SELECT f()'`, `SELECT g()`, "reads=s.t ro"},
	{"both callers", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; CREATE FUNCTION g() RETURNS bigint LANGUAGE sql SET search_path = s, public AS 'SELECT f()'`, `SELECT f(), g()`, "reads=s.t,t ro"},
	{"the search_path under which a trigger fires", `CREATE TABLE x (id int); CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION lg();
		CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql SET search_path = s, public AS $$ BEGIN INSERT INTO x VALUES (1); END $$`, `SELECT g()`, "reaches=s.l,x unkept: it writes s.l, x"},
	{"a search_path that a body sets", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = s; RETURN (SELECT count(*) FROM t); END $$`, `SELECT f()`, "reads=s.t,t unkept: SET search_path in function f() has an effect"},
	{"a schema that a body sets", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN SET LOCAL SCHEMA 's'; RETURN (SELECT count(*) FROM t); END $$`, `SELECT f()`, "reads=s.t,t unkept: SET search_path in function f() has an effect"},
	{"a schema that DO sets", "", `DO $$ BEGIN SET search_path = s; DELETE FROM l; END $$`, "writes=l,s.l unkept: it is a utility statement"},
	{"a schema that EXECUTE sets", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE $x$SET SCHEMA 's'$x$; DELETE FROM l; END $$`, `SELECT f()`, "reaches=l,s.l unkept: it writes l, s.l"},
	{"an empty search_path", `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN RETURN (SELECT count(*) FROM public.t); END $$`, `SELECT f()`, "reads=t ro"},

	// Types of the schema in bodies.
	{"INTO an enum and a domain", `CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ DECLARE v_n int; v_k kind; v_s slug; BEGIN SELECT a, 'a', 'x' INTO v_n, v_k, v_s FROM t; RETURN v_k::text || v_s; END $$`, `SELECT f()`, "reads=t ro"},
	{"INTO of a write", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE v_k kind; v_s slug; BEGIN INSERT INTO l VALUES ('a') RETURNING w::kind, w INTO v_k, v_s; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"a record and an enum", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; k kind; BEGIN FOR r IN SELECT 'a'::kind AS k, id FROM t LOOP k := r.k; DELETE FROM l WHERE w = r.k::text; END LOOP; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},

	// What a body does to the session, and for itself.
	{"a setting", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL work_mem = '8MB'; DELETE FROM l; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"a role", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE postgres; DELETE FROM l; END $$`, `SELECT f()`, "reaches=l ANYTHING READSANYTHING unkept: it writes l"},
	{"a temporary table", `CREATE FUNCTION f(n int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE IF EXISTS mine; CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT id, n AS m FROM t WHERE a = n;
		INSERT INTO mine VALUES (1, 2); UPDATE mine SET m = 3; DELETE FROM l USING mine WHERE mine.m = 1; TRUNCATE mine; DROP TABLE mine; END $$`, `SELECT f(1)`, "reads=t reaches=l unkept: it writes l"},
	{"a temporary table alone", `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TEMPORARY TABLE mine (id int PRIMARY KEY); RETURN (SELECT max(id) FROM mine); END $$`, `SELECT f()`, "unkept: a temporary table in function f() has an effect"},
	{"a temporary table with a default", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE mine (id boolean DEFAULT wlog(1)); INSERT INTO mine DEFAULT VALUES; END $$`, `SELECT f()`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a temporary table that is perhaps made, called like another", `CREATE FUNCTION f(x boolean) RETURNS void LANGUAGE plpgsql AS $$ BEGIN IF x THEN CREATE TEMP TABLE l (w text); END IF; DELETE FROM l; END $$`, `SELECT f(false)`, "reaches=l ANYTHING READSANYTHING unkept: it writes l"},
	{"a table that lasts", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE mine (id int); END $$`, `SELECT f()`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a format that reads", `CREATE FUNCTION f(n text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN EXECUTE format('SELECT max(%I) FROM %I.%I WHERE w = %L', n, 's', n, n) INTO x; DELETE FROM l; RETURN x; END $$`, `SELECT f('x')`, "reaches=l READSANYTHING unkept: it writes l"},
	{"a format that writes", `CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I VALUES (1)', n); END $$`, `SELECT f('x')`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a format that calls", `CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT %I()', n); END $$`, `SELECT f('x')`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a format with a piece of SQL", `CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT 1 FROM l WHERE 5 %s', n); END $$`, `SELECT f('x')`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"a format that reads where a view writes", vv + `CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT 1 FROM %I', n); END $$`, `SELECT f('x')`, "ANYTHING READSANYTHING unkept: it may change anything"},
	{"what a COMMENT declares", `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I VALUES (1)', TG_ARGV[0]); RETURN NULL; END $$;
		COMMENT ON FUNCTION f() IS E'Writes an audit trail.\n@writes l, s.l'; CREATE TRIGGER x AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t reaches=l,s.l wkeys=t.id$1 unkept: it writes l, s.l, t"},
	{"a COMMENT that declares nothing", `CREATE FUNCTION f(x text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE x; RETURN 1; END $$; COMMENT ON FUNCTION f(text) IS E'@writes nothing\n@reads t'`, `SELECT f('x')`, "reads=t ro"},
	{"a foreign table", foreign, `INSERT INTO far VALUES (1)`, "writes=far ANYTHING volatile unkept: it writes far"},
	{"a foreign table whose COMMENT declares nothing", foreign + `COMMENT ON FOREIGN TABLE far IS '@writes nothing'`, `INSERT INTO far VALUES (1)`, "writes=far volatile unkept: it writes far"},
	{"a foreign table that leads back", foreign + `COMMENT ON FOREIGN TABLE far IS E'Our own log.\n@writes l'`, `INSERT INTO far VALUES (1)`, "writes=far reaches=l volatile unkept: it writes far, l"},
	{"a COMMENT that names no relation", `CREATE FUNCTION f(x text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE x; RETURN 1; END $$; COMMENT ON FUNCTION f(text) IS '@writes nowhere'`, `SELECT f('x')`, "ANYTHING READSANYTHING unkept: it may change anything"},
}

const foreign = `DROP FOREIGN DATA WRAPPER IF EXISTS nothing CASCADE; CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (n int) SERVER nowhere;`

// vv is a view whose condition writes.
const vv = `CREATE VIEW vv AS SELECT id, a FROM t WHERE wlog(id);`

// row is a trigger on t before a row is written.
func row(body string) string {
	return `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + body + ` END $$; CREATE TRIGGER x BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION tr();`
}

func TestWhatIsWrittenBehindAStatement(t *testing.T) {
	t.Parallel()
	holdsBehind(t, `DROP SCHEMA IF EXISTS s CASCADE;`+ledger, written)
}

// bodied are bodies that PostgreSQL needs more for than their text.
var bodied = []behind{
	{"transition tables", `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l SELECT n.a::text FROM fresh n JOIN gone o USING (id); RETURN NULL; END $$;
		CREATE TRIGGER x AFTER UPDATE ON t REFERENCING NEW TABLE AS fresh OLD TABLE AS gone EXECUTE FUNCTION tr()`, `UPDATE t SET a = 1 WHERE id = $1`, "writes=t reaches=l wkeys=t.id$1 unkept: it writes l, t"},
	{"one function on several tables", `CREATE TABLE u (id text, z int); CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l VALUES (NEW.id); RETURN NEW; END $$;
		CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr(); CREATE TRIGGER x AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION tr()`, `INSERT INTO u VALUES ($1, 2)`, "writes=u reaches=l wkeys=u.id$1 unkept: it writes l, u"},
	{"a cursor with arguments", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE c CURSOR (k int) FOR SELECT * FROM t WHERE a = k; BEGIN FOR r IN c(3) LOOP DELETE FROM l WHERE w = r.b::text; END LOOP; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"FETCH INTO a record", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE c refcursor; r record; BEGIN OPEN c FOR SELECT * FROM t; FETCH c INTO r; DELETE FROM l WHERE w = r.b::text; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"a record before it is assigned in a loop", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN LOOP DELETE FROM l WHERE w = r.b::text; SELECT * INTO r FROM t; END LOOP; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"a record of several shapes", `CREATE FUNCTION p(int) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1'; CREATE FUNCTION p(text) RETURNS int LANGUAGE sql AS 'DELETE FROM s.l RETURNING 1';
		CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SELECT 1 AS x INTO r; LOOP PERFORM p(r.x); SELECT 'a'::text AS x INTO r; END LOOP; END $$`, `SELECT f()`, "reaches=l,s.l unkept: it writes l, s.l"},
	{"positional arguments", `CREATE FUNCTION f(a int, text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM l WHERE w = $2 AND $1 = a; RETURN n; END $$`, `SELECT f(1, 'x')`, "reads=l ro"},
	{"OUT arguments", `CREATE FUNCTION f(a int, OUT x bigint, INOUT y text) LANGUAGE plpgsql AS $$ BEGIN SELECT count(*) INTO x FROM l WHERE w = y; y := $2::text || a; END $$`, `SELECT f(1, 'x')`, "reads=l ro"},
	{"columns that are returned", `CREATE FUNCTION f() RETURNS TABLE (id int, n bigint) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT t.id, count(*) FROM t JOIN l ON l.w = t.a::text GROUP BY t.id; END $$`, `SELECT id FROM f()`, "reads=l,t ro"},
	{"a variable that is called like a column", `CREATE FUNCTION f(w text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM l WHERE l.w = f.w); END $$`, `SELECT f('x')`, "reads=l ro"},
	{"a variable that wins", `CREATE FUNCTION p(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION p(text) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1';
		CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE a text := 'x'; BEGIN PERFORM p(a) FROM t; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"a column that wins", `CREATE FUNCTION p(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION p(text) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1';
		CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE a text := 'x'; BEGIN PERFORM p(a) FROM t; END $$`, `SELECT f()`, "reads=t ro"},
	{"a variable by its block", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ <<top>> DECLARE x int := 1; BEGIN DECLARE x text := 'a'; BEGIN DELETE FROM l WHERE w = x AND top.x = 1; END; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"an assignment is a cast in assignments", `CREATE TYPE c AS (n int); CREATE FUNCTION cast_c(c) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1'; CREATE CAST (c AS int) WITH FUNCTION cast_c(c) AS ASSIGNMENT;
		CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN x := ROW(1)::c; RETURN x; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"a returned value is cast too", `CREATE TYPE c AS (n int); CREATE FUNCTION cast_c(c) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1'; CREATE CAST (c AS int) WITH FUNCTION cast_c(c) AS ASSIGNMENT;
		CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(1)::c; END $$`, `SELECT f()`, "reaches=l unkept: it writes l"},
	{"no cast that is not made", `CREATE TYPE c AS (n int); CREATE FUNCTION cast_c(c) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1'; CREATE CAST (c AS int) WITH FUNCTION cast_c(c) AS ASSIGNMENT;
		CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$`, `SELECT f()`, "ro"},
	{"the overload that is called", `CREATE FUNCTION p(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION p(text) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1';
		CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN p(1); END $$`, `SELECT f()`, "ro"},
	{"the overload of a generic function", `CREATE FUNCTION p(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION p(text) RETURNS int LANGUAGE sql AS 'DELETE FROM l RETURNING 1';
		CREATE FUNCTION f(anyelement) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN p($1); END $$`, `SELECT f($1::text)`, "reaches=l unkept: it writes l"},
	{"several statements in SQL", `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'DELETE FROM l; TRUNCATE s.l; SELECT count(*) FROM t;'`, `SELECT f()`, "reads=t reaches=l,s.l unkept: it writes l, s.l"},
	{"statements that only work one after the other", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE mine AS SELECT id FROM t; PERFORM id FROM mine; LOCK TABLE l; END $$`, `SELECT f()`, "reads=t unkept: a lock in function f() has an effect"},
	{"EXECUTE of a constant", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT id, $1 AS n FROM t' USING 'x'::text LOOP DELETE FROM l WHERE w = r.n; END LOOP; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"DO", `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DO $x$ DECLARE r record; BEGIN SELECT * INTO r FROM t; DELETE FROM l WHERE w = r.a::text; END $x$; END $$`, `SELECT f()`, "reads=t reaches=l unkept: it writes l"},
	{"DO as the statement", "", `DO LANGUAGE plpgsql 'BEGIN DELETE FROM l WHERE w = ''x''; END'`, "writes=l unkept: it is a utility statement"},
	{"DO of a text", "", `DO $$ BEGIN EXECUTE current_setting('x.y'); END $$`, "ANYTHING READSANYTHING unkept: it is a utility statement"},
	{"a temporary table as the statement", "", `CREATE TEMP TABLE mine AS SELECT a FROM t`, "reads=t unkept: it is a CREATE TABLE"},
	{"a policy", `ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a < txid_current())`, `SELECT id FROM t`, "reads=t volatile unkept: row-level security on t"},
	{"a view WITH CHECK OPTION", `CREATE VIEW co AS SELECT id, a FROM t WHERE wlog(id) WITH CHECK OPTION; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO co VALUES (1, 2); END $$`, `SELECT f()`, "reaches=co,l,t unkept: it writes co, l, t"},
	{"recursion", `CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n = 0 THEN DELETE FROM l; RETURN 0; END IF; RETURN f(n - 1); END $$`, `SELECT f(1)`, "reaches=l unkept: it writes l"},
	{"NOTIFY in a rule", `CREATE RULE r AS ON INSERT TO l DO ALSO NOTIFY x`, `INSERT INTO l VALUES ('x')`, "writes=l unkept: it writes l"},
}

func TestWhatPostgreSQLMakesOfABody(t *testing.T) {
	t.Parallel()
	holdsBehind(t, `DROP SCHEMA IF EXISTS s CASCADE;`+ledger, bodied)
}
