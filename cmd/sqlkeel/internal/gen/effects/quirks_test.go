package effects

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// odd is what schemas seldom have.
const odd = `
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN address AS citext; CREATE DOMAIN exact_address AS address;
CREATE TABLE mails (id int PRIMARY KEY, cs citext, ci citext, pattern text, folded text, nested exact_address, again exact_address, code varchar, names text[], raw bytea, n int);
CREATE UNIQUE INDEX ON mails (cs text_ops); CREATE UNIQUE INDEX ON mails (ci); CREATE UNIQUE INDEX ON mails (pattern text_pattern_ops);
CREATE UNIQUE INDEX ON mails (folded COLLATE loose); CREATE UNIQUE INDEX ON mails (nested text_ops); CREATE UNIQUE INDEX ON mails (again);
CREATE UNIQUE INDEX ON mails (code); CREATE UNIQUE INDEX ON mails (names); CREATE UNIQUE INDEX ON mails (id, n) INCLUDE (code);
CREATE UNLOGGED TABLE quick (id int PRIMARY KEY); CREATE VIEW quicker AS SELECT * FROM quick; CREATE TABLE slow (id int); CREATE UNLOGGED TABLE slower () INHERITS (slow);
CREATE FOREIGN DATA WRAPPER f; CREATE SERVER s FOREIGN DATA WRAPPER f; CREATE FOREIGN TABLE far (id int) SERVER s;
CREATE TABLE mixed (id int, k int) PARTITION BY LIST (k); CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1);
CREATE FOREIGN TABLE mixed_2 PARTITION OF mixed FOR VALUES IN (2) SERVER s;
CREATE VIEW locked AS SELECT * FROM notes FOR UPDATE; CREATE VIEW where_at AS SELECT ctid AS place, id FROM notes;

CREATE FUNCTION locks_rows() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM notes FOR UPDATE; RETURN 1; END $$;
CREATE FUNCTION locks_text() RETURNS bigint LANGUAGE sql AS 'SELECT id FROM notes FOR KEY SHARE';
CREATE FUNCTION locks_atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT id FROM notes FOR UPDATE; END;
CREATE FUNCTION locks_table() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE notes IN SHARE MODE; RETURN 1; END $$;
CREATE FUNCTION tells() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN NOTIFY changed; RETURN 1; END $$;
CREATE FUNCTION listens() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN LISTEN changed; RETURN 1; END $$;
CREATE FUNCTION analyses() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN ANALYZE notes; RETURN 1; END $$;
CREATE FUNCTION calls_teller() RETURNS bigint LANGUAGE sql AS 'SELECT tells()';
CREATE FUNCTION aged(d date) RETURNS interval LANGUAGE sql AS 'SELECT age(d)';
CREATE FUNCTION days_of(d date) RETURNS int LANGUAGE sql AS 'SELECT d - $1';
CREATE FUNCTION counts_quick() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM quick';
CREATE FUNCTION draws() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('tickets') $$;
CREATE FUNCTION looks() RETURNS bigint LANGUAGE sql AS $$ SELECT last_value FROM tickets $$;
CREATE FUNCTION places() RETURNS tid LANGUAGE sql AS $$ SELECT ctid FROM notes $$;
CREATE FUNCTION places_atomic() RETURNS tid LANGUAGE sql BEGIN ATOMIC SELECT ctid FROM notes; END;
CREATE TYPE plain AS (a int, b text); CREATE TYPE timed AS (a int, b timestamptz); CREATE DOMAIN timed_domain AS timed;
`

// oddities are statements about it.
var oddities = []struct{ sql, want string }{
	// What a unique index takes for equal.
	{`SELECT * FROM mails WHERE cs = $1`, `reads=mails ro`},
	{`SELECT * FROM mails WHERE ci = $1`, `reads=mails ro unique`},
	{`SELECT * FROM mails WHERE nested = $1`, `reads=mails ro`},
	{`SELECT * FROM mails WHERE again = $1`, `reads=mails ro unique`},
	{`SELECT * FROM mails WHERE code = $1`, `reads=mails rkeys=mails.code$1 ro unique`},
	{`SELECT * FROM mails WHERE names = $1`, `reads=mails ro`}, // nor what compares any array
	{`SELECT * FROM mails WHERE folded = $1`, `reads=mails rkeys=mails.folded$1 ro unique`},
	{`SELECT * FROM mails WHERE n = $1 AND code IS NULL`, `reads=mails rkeys=mails.n$1 ro`},
	{`INSERT INTO mails (folded) VALUES ($1) ON CONFLICT (folded) DO UPDATE SET n = 1`, `writes=mails unkept: it writes mails`},
	{`INSERT INTO mails (code) VALUES ($1) ON CONFLICT (code) DO UPDATE SET n = 1`, `writes=mails wkeys=mails.code$1 unkept: it writes mails`},
	{`INSERT INTO mails (id, n) VALUES ($1, $2) ON CONFLICT (n, id) DO UPDATE SET raw = NULL`, `writes=mails wkeys=mails.id$1,mails.n$2 unkept: it writes mails`},
	{`INSERT INTO mails (pattern) VALUES ($1) ON CONFLICT ON CONSTRAINT mails_pkey DO UPDATE SET n = 1`, `writes=mails unkept: it writes mails`},
	{`INSERT INTO mails (code) VALUES ($1) ON CONFLICT (code COLLATE "default") DO UPDATE SET n = 1`, `writes=mails unkept: it writes mails`},

	// What a standby has nothing of.
	{`SELECT * FROM quick`, `reads=quick`},
	{`SELECT * FROM quicker`, `reads=quick,quicker`},
	{`SELECT * FROM slow`, `reads=slow`},
	{`SELECT * FROM ONLY slow`, `reads=slow`},
	{`SELECT counts_quick()`, `reads=quick`},

	// What changes although no row was written.
	{`SELECT * FROM far`, `reads=far ro volatile unkept: far is a foreign table`},
	{`SELECT * FROM mixed`, `reads=mixed ro volatile unkept: mixed_2 is a foreign table`},
	{`SELECT * FROM mixed_1 WHERE id = $1`, `reads=mixed_1 ro`},
	{`SELECT last_value FROM tickets`, `reads=tickets ro volatile unkept: tickets is a sequence`},
	{`SELECT looks()`, `reads=tickets ro volatile unkept: tickets is a sequence`},
	{`SELECT draws()`, `volatile unkept: nextval in function draws() is volatile`},
	{`SELECT * FROM pg_sequences`, `ro volatile unkept: it reads the system catalogs`},
	{`SELECT * FROM pg_stat_activity`, `ro volatile unkept: it reads the system catalogs`},
	{`SELECT relname FROM pg_class`, `ro volatile unkept: it reads the system catalogs`},
	{`SELECT pg_stat_get_live_tuples($1)`, `ro volatile unkept: pg_stat_get_live_tuples is volatile`},
	{`SELECT pg_current_snapshot()`, `ro volatile unkept: pg_current_snapshot is volatile`},
	{`SELECT txid_current_if_assigned()`, `ro volatile unkept: txid_current_if_assigned is volatile`},
	{`SELECT currval('tickets')`, `volatile unkept: currval is volatile`},
	{`SELECT pg_relation_size('notes')`, `ro volatile unkept: pg_relation_size is volatile`},
	{`SELECT xmin, id FROM notes WHERE id = $1`, `reads=notes rkeys=notes.id$1 ro volatile unique unkept: xmin is volatile`},
	{`SELECT xmax FROM notes`, `reads=notes ro volatile unkept: xmax is volatile`},
	{`SELECT id FROM notes WHERE ctid = '(0,1)'`, `reads=notes ro volatile unkept: ctid is volatile`},
	{`SELECT * FROM where_at`, `reads=notes,where_at ro volatile unkept: ctid is volatile`},
	{`SELECT places()`, `reads=notes ro volatile unkept: ctid in function places() is volatile`},
	{`SELECT places_atomic()`, `reads=notes ro volatile unkept: ctid in function places_atomic() is volatile`},
	{`SELECT tableoid FROM notes`, `reads=notes ro`},
	{`SELECT aged(day) FROM authors`, `reads=authors ro volatile unkept: age in function aged() tells the time`},
	{`SELECT days_of(day) FROM authors`, `reads=authors ro`},

	// What functions do beyond rows.
	{`SELECT locks_rows()`, `reads=notes unkept: a lock in function locks_rows() has an effect`},
	{`SELECT locks_text()`, `reads=notes unkept: a lock in function locks_text() has an effect`},
	{`SELECT locks_atomic()`, `reads=notes unkept: a lock in function locks_atomic() has an effect`},
	{`SELECT locks_table()`, `unkept: a lock in function locks_table() has an effect`},
	{`SELECT tells()`, `unkept: NOTIFY in function tells() has an effect`},
	{`SELECT listens()`, `unkept: LISTEN in function listens() has an effect`},
	{`SELECT analyses()`, `unkept: VACUUM in function analyses() has an effect`},
	{`SELECT calls_teller()`, `unkept: NOTIFY in function tells() has an effect`},
	{`SELECT * FROM locked`, `reads=locked locks=notes unkept: it locks rows of notes`},
	{`SELECT count(*) FROM notes n WHERE EXISTS (SELECT FROM books FOR SHARE)`, `reads=notes locks=books unkept: it locks rows of books`},

	// What reaches a program as text.
	{`SELECT tableoid::regclass FROM notes`, `reads=notes ro unkept: a result of type regclass depends on the session`},
	{`SELECT ARRAY[pg_typeof(id)] FROM notes`, `reads=notes ro unkept: a result of type regtype[] depends on the session`},
	{`SELECT 5::money FROM notes`, `reads=notes ro unkept: money depends on the session`},
	{`SELECT $1::money`, `ro unkept: a result of type money depends on the session`},
	{`SELECT $1::plain, $2::plain[]`, `ro`},
	{`SELECT $1::timed`, `ro unkept: a result of type timed depends on the session`},
	{`SELECT $1::timed_domain`, `ro unkept: a result of type timed depends on the session`},
	{`SELECT a FROM authors a`, `reads=authors ro unkept: a result of type authors depends on the session`},
	{`SELECT n FROM notes n`, `reads=notes ro`},
	{`SELECT (a.id, a.born) FROM authors a`, `reads=authors ro`}, // drivers know records
	{`SELECT raw::text FROM mails`, `reads=mails ro unkept: a cast from bytea depends on the session`},
	{`SELECT raw, encode(raw, 'hex') FROM mails`, `reads=mails ro`},
}

func TestOddStatements(t *testing.T) {
	t.Parallel()
	a := with(t, shop+odd, "")
	for _, c := range oddities {
		if got := summary(analyze(t, a, ":many", c.sql).Effects); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// A role called like a schema finds its own tables there, in bodies too.
func TestNamesInBodiesAreLookedUpInTheSchemaOfWhoeverAsks(t *testing.T) {
	t.Parallel()
	role := "effects_" + strings.ToLower(rand.Text())
	conn := pgtest.New(t).Conn()
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol)
	})
	_, err := conn.Exec(t.Context(), "CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE ROLE "+role+"; CREATE SCHEMA "+role+"; GRANT USAGE ON SCHEMA "+role+" TO "+role+
		"; CREATE TABLE "+role+".t (id int); GRANT SELECT ON t, u, "+role+`.t TO `+role+`;
		CREATE FUNCTION plain() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
		CREATE FUNCTION other() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM u';
		CREATE FUNCTION full_name() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t';
		CREATE FUNCTION fixed() RETURNS bigint LANGUAGE sql SET search_path = public AS 'SELECT count(*) FROM t';
		CREATE FUNCTION users() RETURNS bigint LANGUAGE sql SET search_path = "$user", public AS 'SELECT count(*) FROM t'`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	a := on(t, conn, role)
	for call, want := range map[string]string{
		"plain": role + ".t,t", "users": role + ".t,t", "fixed": "t", "other": "u", "full_name": "t",
	} {
		if got := strings.Join(analyze(t, a, ":one", "SELECT public."+call+"()").Reads, ","); got != want {
			t.Errorf("%s reads %s, want %s", call, got, want)
		}
	}
}

// A role may have a search_path of its own, in which statements and bodies find
// other tables.
func TestNamesAreLookedUpInTheSearchPathOfTheRole(t *testing.T) {
	t.Parallel()
	role := "effects_" + strings.ToLower(rand.Text())
	conn := pgtest.New(t).Conn()
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol)
	})
	_, err := conn.Exec(t.Context(), `CREATE TABLE t (id int); CREATE SCHEMA other_place; CREATE TABLE other_place.t (id int);
		CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; CREATE ROLE `+role+`; ALTER ROLE `+role+` SET search_path = other_place, public;
		GRANT USAGE ON SCHEMA other_place TO `+role+`; GRANT SELECT ON t, other_place.t TO `+role, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{`SELECT * FROM t`: "other_place.t", `SELECT counts()`: "other_place.t,t", `SELECT * FROM public.t`: "t"} {
		if got := strings.Join(analyze(t, on(t, conn, role), ":many", sql).Reads, ","); got != want {
			t.Errorf("%s reads %s, want %s", sql, got, want)
		}
	}
	if got := strings.Join(analyze(t, on(t, conn, ""), ":many", `SELECT * FROM t`).Reads, ","); got != "t" {
		t.Errorf("the owner reads %s", got)
	}
}
