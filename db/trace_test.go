package db

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
)

// marked are texts that leave something, or may, and what surely leaves it.
var marked = map[string]string{
	"SET app.tenant = '42'":                                "SET",
	"set search_path to nowhere":                           "SET",
	"SET ROLE pg_monitor":                                  "SET",
	"SET SESSION AUTHORIZATION x":                          "SET",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY": "SET",
	"SET session work_mem = '7MB'":                         "SET",
	"SET local.x = '1'":                                    "SET", // a setting of that name
	"SET transaction.x TO 1":                               "SET",
	`SET "local".x = '1'`:                                  "SET",
	"/* /* */ set local x = 1 */ -- c\r SET x.y = 1":       "SET",
	"; ;SET x.y = 1":                                       "SET",
	"SELECT 1; SET x.y = 1":                                "SET",
	"SET LOCAL x.y = 1; set x.y = 1":                       "SET",
	"SET timezone = 'UTC'":                                 "", // PgBouncer keeps it apart
	"SET TIME ZONE 'UTC'":                                  "",
	"SET NAMES 'utf8'":                                     "",
	"SET SESSION application_name = 'x'":                   "",
	"LISTEN news":                                          "LISTEN",
	"select 1;\nlisten news":                               "LISTEN",
	"PREPARE p AS SELECT 1":                                "PREPARE",
	"prepare p (int) as select $1":                         "PREPARE",
	"DECLARE c CURSOR WITH HOLD FOR SELECT 1":              "DECLARE ... WITH HOLD",
	"declare c scroll cursor with /**/ hold for table t":   "DECLARE ... WITH HOLD",
	"CREATE TEMP TABLE t (n int)":                          "",
	"CREATE TEMPORARY VIEW v AS SELECT 1":                  "",
	"create or replace temp view v as select 1":            "",
	"CREATE LOCAL TEMP TABLE t AS SELECT 1":                "",
	"SELECT 1 INTO TEMP t":                                 "",
	"select 1 into local temporary table t":                "",
	"CREATE TABLE pg_temp.t AS SELECT 1":                   "",
	`CREATE VIEW "pg_temp".v AS SELECT 1`:                  "",
	"EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1":      "",
	"LOAD 'auto_explain'":                                  "",
	"DO $$ BEGIN PERFORM 1; END $$":                        "",
	"CALL work(1)":                                         "",
	"EXECUTE p":                                            "",
	"the_name_of_a_prepared_statement":                     "",
	"SELECT set_config('a.b', 'c', false)":                 "set_config",
	"SELECT pg_catalog.set_config('a.b', $1, FALSE)":       "set_config",
	`SELECT "set_config"('a.b', 'c', false)`:               "set_config",
	`SELECT "pg_catalog" . set_config ('a.b', 'c', false)`: "set_config",
	"SELECT SET_CONFIG /* c */ ('a.b', 'c', false)":        "set_config",
	"SELECT set_config('a.b', 'c', $1)":                    "",
	"SELECT set_config('a.b', 'c', true OR false)":         "",
	"SELECT set_config('a.b', 'c', f(true))":               "",
	"SELECT set_config('a.b', 'true)', x)":                 "",
	"SELECT set_config(is_local => false, value => 'x', setting_name => 'a.b')":       "",
	"WITH x AS (SELECT set_config('a.b', 'c', false)) SELECT 1":                       "set_config",
	"INSERT INTO t SELECT 1 WHERE set_config('a.b', 'c', false) IS NOT NULL":          "set_config",
	"SELECT set_config('a.b', 'c', true), set_config('a.b', 'c', false)":              "set_config",
	"SELECT set_config('a.b', set_config('c.d', 'e', false), true)":                   "set_config",
	"SELECT pg_advisory_lock(1)":                                                      "pg_advisory_lock",
	"select pg_try_advisory_lock(1, 2)":                                               "pg_try_advisory_lock",
	"SELECT pg_advisory_lock_shared($1)":                                              "pg_advisory_lock_shared",
	"SELECT PG_CATALOG.PG_TRY_ADVISORY_LOCK_SHARED(1)":                                "pg_try_advisory_lock_shared",
	"SELECT count(*) FILTER (WHERE pg_try_advisory_lock(id)) FROM t":                  "pg_try_advisory_lock",
	"SELECT setseed(0.5)":                                                             "",
	"SELECT set_tenant('x')":                                                          "",
	"SELECT app.lower('x')":                                                           "", // of another schema
	`SELECT "Lower"('x')`:                                                             "",
	`SELECT U&"set\005fconfig"('a.b', 'c', false)`:                                    "",
	"SELECT query_to_xml('select set_config(''a.b'', ''c'', false)', true, true, '')": "",
	"UPDATE t SET n = touch(n)":                                                       "",
	"COPY (SELECT set_tenant('x')) TO STDOUT":                                         "",
	"SELECT * FROM set_tenant('x') AS t (a)":                                          "",
	"SELECT $a$ ' $a$, set_tenant('x'), ' '":                                          "",
	`SELECT E'\'', set_tenant('x'), ''`:                                               "",
}

// unmarked are texts that leave nothing.
var unmarked = []string{
	"", " ", ";", "-- SET x = 1", "SELECT 1", "select count(*), max(n), lower(a) from t group by rollup (a, b)",
	"SELECT 'SET x'; select 2", "BEGIN", "commit", "ROLLBACK TO SAVEPOINT a", "SAVEPOINT a", "release a",
	"SET LOCAL app.tenant = '1'", "set transaction isolation level serializable", "SET CONSTRAINTS ALL DEFERRED",
	"set local app.tenant = '1'; set transaction read only; begin",
	"SELECT set_config('a.b', $1, true)", "select pg_catalog.set_config($1, array[f.x, 2]::text, TRUE) from (values (1)) f(x)",
	"SELECT pg_advisory_xact_lock($1)", "SELECT pg_try_advisory_xact_lock(1, 2)", "SELECT pg_advisory_unlock(1)",
	"INSERT INTO books (title, price) VALUES ($1, $2) ON CONFLICT (title) DO UPDATE SET (price, n) = (1, 2) RETURNING id",
	`insert into "app"."Books" ("title") values (lower($1)) returning coalesce(id, 0)`,
	"INSERT INTO temp (n) VALUES (1)", "SELECT temp, temporary FROM weather WHERE temp > 3",
	"WITH RECURSIVE tree(id, parent) AS (SELECT 1, 2 UNION ALL SELECT id, parent FROM tree WHERE id IN (1, 2)) SELECT * FROM tree",
	"WITH x AS MATERIALIZED (SELECT 1) SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM x",
	"SELECT * FROM unnest($1::int[], $2::text[]) AS u(a, b)", "SELECT * FROM (VALUES (1, 2)) v (a, b)",
	"SELECT * FROM jsonb_to_recordset($1) x(a int, b numeric(10, 2))", "SELECT $1::vector(3), cast(a AS varchar(10)) FROM t",
	"SELECT extract(epoch FROM now()), now() - interval '1 day', current_timestamp(3), left(a, 2), trim(both 'x' from a) FROM t",
	"SELECT EXISTS (SELECT 1), a = ANY ($1), (SELECT 1), CASE WHEN (a) THEN (b) END, GREATEST(1, 2), ROW (1, 2) FROM t",
	"UPDATE t SET a = $1, b = jsonb_set(b, '{x}', to_jsonb($2::int)) WHERE id = $3", "DELETE FROM t USING u WHERE t.id = u.id",
	"MERGE INTO t USING s ON (t.id = s.id) WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, 2)",
	"SELECT nextval('s'), gen_random_uuid(), random(), clock_timestamp()", "SELECT pg_notify('a', 'b')", "NOTIFY news, 'x'",
	"DECLARE c CURSOR FOR SELECT 1", "declare hold cursor for select 1", "FETCH 10 FROM c", "CLOSE c", "MOVE c",
	"PREPARE TRANSACTION 'x'", "DEALLOCATE ALL", "RESET ALL", "DISCARD ALL", "UNLISTEN *", "LOCK TABLE t", "SHOW search_path",
	"COPY t (a, b) FROM STDIN", "copy app.t (a) to stdout", "TRUNCATE t", "EXPLAIN (ANALYZE, COSTS OFF) SELECT 1", "VALUES (1)", "TABLE t",
	"(SELECT 1) UNION (SELECT 2)", "GRANT SELECT ON t TO x", "COMMENT ON TABLE t IS 'SET x'", "SELECT set, listen FROM t",
	`SELECT "set_tenant", 'set_tenant(1)', $$set_tenant(1)$$ FROM t -- set_tenant(1)`, "CREATE TABLE t (n int)",
}

func TestATextIsMarkedByItsWords(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	known := func(name string) bool { return (*d.harmless.Load())[name] }
	for sql, use := range marked {
		if got := traceOf(sql, sqltext.Rules{}, known); got.mark == traceless || got.use != use {
			t.Errorf("%s: %d, %q, want %q", sql, got.mark, got.use, use)
		}
		if got := traceOf("SELECT 'x''y' FROM t;"+sql+";SELECT 1", sqltext.Rules{}, known); got.mark == traceless || got.use != use {
			t.Errorf("%s: between others: %d, %q, want %q", sql, got.mark, got.use, use)
		}
	}
	for _, sql := range unmarked {
		if got := traceOf(sql, sqltext.Rules{}, known); got != (trace{}) {
			t.Errorf("%s: %d, %q", sql, got.mark, got.use)
		}
	}
	for _, sql := range []string{"LOAD 'x'", "select setseed(0)", "SELECT ext.dblink_connect('x', '')", "SELECT 1; load 'x'", "SELECT f(setseed(0))"} {
		if got := traceOf(sql, sqltext.Rules{}, known); got.mark != lasting {
			t.Errorf("%s: %d", sql, got.mark)
		}
	}
}

func TestTheRulesOfTheSessionDecideWhatIsAString(t *testing.T) {
	t.Parallel()
	all := func(string) bool { return true }
	sql := `SELECT 'a\', set_config('a.b', 'c', false), '`
	if got := traceOf(sql, sqltext.Rules{}, all); got.use != "set_config" {
		t.Errorf("by the default it is %+v", got)
	}
	sql = `SELECT 'a\'', set_config('a.b', 'c', false), ''`
	if got := traceOf(sql, sqltext.Rules{Backslashes: true}, all); got.use != "set_config" {
		t.Errorf("with backslashes it is %+v", got)
	}
}

func TestTheBookstoresStatementsLeaveNothing(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	for name, cfg := range map[string]Config{
		"known": {DSN: pg.DSN(), Statements: queries.Statements}, "unknown": {DSN: pg.DSN()},
	} {
		d := start(t, cfg)
		for _, s := range queries.Statements.Statements() {
			if got := d.traceOf(conn, d.cfg.Statements.Lookup(s.SQL), s.SQL); got != (trace{}) {
				t.Errorf("%s: %s: %+v", name, s.Name, got)
			}
		}
	}
}

func TestWithoutAnswerFromTheCatalogEveryFunctionMarks(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	if got := traceOf("SELECT count(*) FROM t", sqltext.Rules{}, none); got.mark != cleanable {
		t.Errorf("it is %+v", got)
	}
}

func TestTheSameTextIsReadOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	d := start(t, Config{DSN: pg.DSN()})
	long := "SELECT 1 " + strings.Repeat("-", longestKept)
	for _, sql := range []string{"SELECT set_tenant(1)", "SELECT 1", long} {
		first := d.traceOf(conn, nil, sql)
		for range 3 {
			if got := d.traceOf(conn, nil, sql); got != first {
				t.Errorf("%+v, and then %+v", first, got)
			}
		}
	}
	for i := range 10_000 { // more than there are places
		sql := "SELECT " + strings.Repeat("1+", i%97) + "set_tenant(1)"
		if i%2 == 0 {
			sql = strings.Replace(sql, "set_tenant", "abs", 1)
		}
		if got := d.traceOf(conn, nil, sql); (got.mark == traceless) != (i%2 == 0) {
			t.Fatalf("%s: %+v", sql, got)
		}
	}
}

func TestATextThatIsKnownCostsNoAllocation(t *testing.T) { // not parallel: they are counted
	pg := pgtest.New(t)
	conn, d := pg.Conn(), start(t, Config{DSN: pg.DSN()})
	sql := "SELECT a, count(*) FROM t WHERE b = $1 GROUP BY a"
	d.traceOf(conn, nil, sql)
	if n := testing.AllocsPerRun(100, func() { d.traceOf(conn, nil, sql) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
