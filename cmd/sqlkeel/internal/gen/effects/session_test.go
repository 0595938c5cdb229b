package effects

import "testing"

// What a statement, or a body behind it, leaves in the session that ran it.
func TestWhatIsLeftInTheSessionIsKnown(t *testing.T) {
	t.Parallel()
	a := with(t, `CREATE TABLE t (id int);
		CREATE FUNCTION locks() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(1); END $$;
		CREATE FUNCTION locks_xact() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); END $$;
		CREATE FUNCTION sets() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET work_mem = '8MB'; END $$;
		CREATE FUNCTION sets_locally() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL work_mem = '8MB'; PERFORM set_config('a.b', 'c', true); END $$;
		CREATE FUNCTION configures(l boolean) RETURNS text LANGUAGE sql AS $$ SELECT set_config('a.b', 'c', l) $$;
		CREATE FUNCTION listens() RETURNS void LANGUAGE plpgsql AS $$ BEGIN LISTEN x; END $$;
		CREATE FUNCTION keeps() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE mine (id int); END $$;
		CREATE FUNCTION drops() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE mine (id int) ON COMMIT DROP; END $$;
		CREATE FUNCTION calls() RETURNS void LANGUAGE sql AS 'SELECT locks()';
		CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM locks(); RETURN NEW; END $$; CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr();
		CREATE VIEW v AS SELECT pg_try_advisory_lock(1)`, "")
	for sql, want := range map[string]string{
		`SELECT locks()`: "pg_advisory_lock in function locks()", `SELECT locks_xact()`: "", `SELECT sets()`: "SET work_mem in function sets()",
		`SELECT sets_locally()`: "", `SELECT configures($1)`: "set_config in function configures()", `SELECT listens()`: "LISTEN in function listens()",
		`SELECT keeps()`: "a temporary table in function keeps()", `SELECT drops()`: "", `SELECT calls()`: "pg_advisory_lock in function locks()",
		`INSERT INTO t VALUES (1)`: "pg_advisory_lock in function locks()", `DELETE FROM t`: "", `SELECT * FROM v`: "pg_try_advisory_lock",
		`SELECT set_config('a.b', 'c', false)`: "set_config", `SELECT set_config('a.b', 'c', true)`: "", `SELECT set_config('a.b', 'c', $1)`: "set_config",
		`SET work_mem = '8MB'`: "SET work_mem", `SET LOCAL work_mem = '8MB'`: "", `LISTEN x`: "LISTEN", `NOTIFY x`: "", `SELECT setseed(0.5)`: "setseed",
		`CREATE TEMP TABLE mine AS SELECT id FROM t`: "a temporary table", `SELECT id FROM t`: "",
	} {
		if got := analyze(t, a, ":exec", sql).Session; got != want {
			t.Errorf("%s leaves %q, want %q", sql, got, want)
		}
	}
}

func TestWhyAStandbyCannotRunAStatementIsSaid(t *testing.T) {
	t.Parallel()
	a := with(t, `CREATE UNLOGGED TABLE quick (id int); CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM quick; CREATE SEQUENCE s;
		CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM v'; CREATE FUNCTION x() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE current_setting('a.b'); END $$;
		CREATE FUNCTION parts() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT inhrelid::regclass::text FROM pg_inherits; END $$;
		CREATE FUNCTION counts(n text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE c bigint; BEGIN EXECUTE format('SELECT count(*) FROM %I', n) INTO c; RETURN c; END $$;
		CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (n int) SERVER nowhere;
		CREATE FUNCTION fars() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM far'; CREATE FUNCTION mixed(n text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) + counts(n) FROM pg_class'`, "")
	for sql, want := range map[string]string{
		`SELECT id FROM t`: "", `SELECT id FROM quick`: "no standby has the rows of quick, which is UNLOGGED", `SELECT id FROM v`: "no standby has the rows of quick, which is UNLOGGED",
		`SELECT f()`: "no standby has the rows of quick, which is UNLOGGED", `SELECT nextval('s')`: "nextval has an effect", `SELECT id FROM t FOR UPDATE`: "it locks rows of t",
		`DELETE FROM t`: "it writes t", `SELECT x()`: "it may change anything", `TRUNCATE t`: "it is a TRUNCATE", `SELECT txid_current()`: "txid_current has an effect",
		`SELECT parts()`: "", `SELECT relname FROM pg_class`: "", `SELECT fars()`: "", `SELECT n FROM far`: "", `SELECT counts($1)`: "it may read anything", `SELECT mixed($1)`: "it may read anything",
	} {
		out := analyze(t, a, ":many", sql)
		if got := out.NoStandby; got != want || out.ReadOnly != (want == "") {
			t.Errorf("%s: %q, read-only %v, want %q", sql, got, out.ReadOnly, want)
		}
	}
}
