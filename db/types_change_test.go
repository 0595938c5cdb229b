package db

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db/testdata/typed"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// recreate makes the types anew, so that they have other OIDs.
func recreate(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	execute(t, conn, `DROP SCHEMA public CASCADE`, `DROP SCHEMA store CASCADE`, `DROP SCHEMA "Odd.Name" CASCADE`, `CREATE SCHEMA public`, typedSchema(t))
}

// typeLoads counts the queries for types that go out, on all connections of a DB.
type typeLoads struct{ atomic.Int64 }

func (l *typeLoads) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	return &loadsConn{conn, l}, err
}

type loadsConn struct {
	net.Conn
	loads *typeLoads
}

func (c *loadsConn) Write(b []byte) (int, error) {
	c.loads.Add(int64(bytes.Count(b, []byte("WITH RECURSIVE candidate"))))
	return c.Conn.Write(b)
}

// startCounted is start, and counts the queries for types.
func startCounted(t *testing.T, cfg Config) (*DB, *typeLoads) {
	t.Helper()
	loads := &typeLoads{}
	return startOn(t, cfg, hooks{dial: loads.dial}), loads
}

func TestTypesAreLoadedOnceForAPool(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	counter := pgtest.NewCounter()
	d, loads := startCounted(t, Config{DSN: pg.DSN(), MaxConns: 5, MinConns: 3, Statements: stmt.Join(typed.Statements, typed.Statements), Tracer: counter.Tracer()})
	fill(t, d, 5)
	if err := exercise(t.Context(), t, d, 1); err != nil {
		t.Fatal(err)
	}
	if n := loads.Load(); n != 1 {
		t.Errorf("types were loaded %d times for five connections", n)
	}
	if n := counter.RoundTrips(); n != 7 {
		t.Errorf("seven statements took %d round trips: %v", n, counter.Statements())
	}
}

func TestAPoolWhoseStatementsNeedNoTypesAsksForNone(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t), "INSERT INTO copied VALUES (1, 'ok', '{}', '{}')")
	for _, statements := range []*stmt.Registry{nil, stmt.NewRegistry(nil, stmt.Statement{Name: "One", SQL: "SELECT 1"})} {
		d, loads := startCounted(t, Config{DSN: pg.DSN(), Statements: statements})
		var mood string
		if err := d.QueryRow(t.Context(), "SELECT mood FROM copied").Scan(&mood); err != nil || mood != "ok" {
			t.Errorf("%q, %v", mood, err)
		}
		if _, err := typed.New(d).ListCopied(t.Context()); err == nil || loads.Load() != 0 {
			t.Errorf("without a registry: %v, %d loads", err, loads.Load())
		}
	}
}

func TestTypesThatAreMadeAnewAreKnown(t *testing.T) {
	t.Parallel()
	d, conn := openTyped(t, Config{MaxConns: 2})
	fill(t, d, 2)
	ways := executors(t, d)
	for _, name := range []string{"DB", "DB", "txn", "txn"} {
		recreate(t, conn)
		// A first use of each: of parameters, of columns alone, and of both in lists.
		for i, use := range []func(typed.DBTX) error{
			func(db typed.DBTX) error { return typed.New(db).AddPerson(t.Context(), ann(1)) },
			func(db typed.DBTX) error { _, err := typed.New(db).GetPerson(t.Context(), 1); return err },
			func(db typed.DBTX) error { return exerciseLists(t.Context(), t, typed.New(db), 1) },
		} {
			if err := ways[name](t.Context(), func(db typed.DBTX) error { return use(db) }); err != nil {
				t.Errorf("%s, use %d: %v", name, i, err)
			}
		}
	}
	if s := d.stats(); s.NewConns != 2 {
		t.Errorf("the pool opened more: %+v", s)
	}
}

func TestColumnsOfNewTypesAreReadWhenNothingElseToldOfThem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"DB", "BeginTx", "txn"} {
		d, conn := openTyped(t, Config{MaxConns: 1})
		recreate(t, conn)
		if err := exercise(t.Context(), t, pgtestPool(t, conn), 1); err != nil {
			t.Fatal(err)
		}
		err := executors(t, d)[name](t.Context(), func(db typed.DBTX) error {
			list, err := typed.New(db).ListPeople(t.Context())
			if err == nil && len(list) == 1 {
				want := ann(1)
				want.Moods = []typed.Mood{typed.MoodHappy}
				matches(t, list[0], want)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pgtestPool is a connection that knows the types, past the DB under test.
func pgtestPool(t *testing.T, conn *pgx.Conn) *pgx.Conn {
	t.Helper()
	if err := RegisterTypes(t.Context(), conn, typed.Statements); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestABatchThatWasNotSentLearnsItsTypes(t *testing.T) {
	t.Parallel()
	d, conn := openTyped(t, Config{MaxConns: 1})
	recreate(t, conn)
	execute(t, conn, "CREATE TABLE homes (id int, homes place[])")
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO homes VALUES ($1, $2)", 1, ann(1).Homes)
	batch.Queue("SELECT homes[1] = $1::place FROM homes", ann(1).Homes[0]).QueryRow(func(row pgx.Row) error {
		var same bool
		if err := row.Scan(&same); err != nil || !same {
			t.Errorf("%t, %v", same, err)
		}
		return nil
	})
	if err := d.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Error(err)
	}
	if n := number(t, conn, "SELECT count(*) FROM homes"); n != 1 {
		t.Errorf("the batch ran %d times", n)
	}
}

func TestCopyFromKnowsNewTypesTheSecondTime(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"DB", "BeginTx", "txn"} {
		d, conn := openTyped(t, Config{MaxConns: 1})
		recreate(t, conn)
		execute(t, conn, `CREATE TABLE "Homes" (home place)`)
		copyOne := func() error {
			return executors(t, d)[name](t.Context(), func(db typed.DBTX) error {
				_, err := db.CopyFrom(t.Context(), pgx.Identifier{"Homes"}, []string{"home"}, pgx.CopyFromRows([][]any{{ann(1).Home}}))
				return err
			})
		}
		if err := copyOne(); err == nil {
			t.Errorf("%s: the first CopyFrom succeeded: say so in the docs", name)
		}
		if err := copyOne(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := number(t, conn, `SELECT count(*) FROM "Homes"`); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestTypesThatAreMadeAfterOpenAreKnown(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 2, Statements: typed.Statements})
	fill(t, d, 1)
	var missing *VerifyError
	if err := d.Verify(t.Context(), typed.Statements); !errors.As(err, &missing) || !slices.Equal(missing.Types, typed.Statements.Types()) ||
		!strings.Contains(err.Error(), "9 missing types") || !strings.Contains(err.Error(), "\ntype store.mood is missing: apply the migration that creates it\n") {
		t.Errorf("Verify of an empty database: %v", err)
	}
	execute(t, pg.Conn(), typedSchema(t))
	if err := exercise(t.Context(), t, d, 1); err != nil {
		t.Error(err)
	}
	if err := d.Verify(t.Context(), typed.Statements); err != nil {
		t.Error(err)
	}
	execute(t, pg.Conn(), `ALTER TYPE store.mood RENAME TO state`)
	if err := d.Verify(t.Context(), typed.Statements); !errors.As(err, &missing) || !slices.Equal(missing.Types, []string{"store.mood"}) {
		t.Errorf("Verify after a type was renamed: %v", err)
	}
}

func TestEachDatabaseOfASetHasItsOwnTypes(t *testing.T) {
	t.Parallel()
	var configs []Config
	for i, name := range []string{"first", "second"} {
		pg := pgtest.New(t)
		if i == 1 { // the OIDs of one are other types in the other
			execute(t, pg.Conn(), "CREATE TYPE one AS (a int)", "CREATE TYPE two AS ENUM ('x')")
		}
		execute(t, pg.Conn(), typedSchema(t))
		configs = append(configs, Config{Name: name, DSN: pg.DSN(), MaxConns: 2, Statements: typed.Statements})
	}
	set, err := OpenSet(t.Context(), "first", configs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close(context.Background()) })
	for id, name := range []string{"first", "second", "first"} {
		if err := exercise(WithTarget(t.Context(), name), t, set, int64(id)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A database is replaced by another of the same name, as when a dump is restored or
// an address leads to another server.
func TestConnectionsToAnotherDatabaseHaveItsTypes(t *testing.T) {
	t.Parallel()
	old, restored := pgtest.New(t), pgtest.New(t)
	conns := []*pgx.Conn{old.Conn(), restored.Conn()}
	execute(t, conns[0], typedSchema(t))
	execute(t, conns[1], "CREATE TYPE first AS (a int)", typedSchema(t))
	admin := pgtest.New(t).Conn()
	name, other := conns[0].Config().Database, conns[1].Config().Database
	t.Cleanup(func() {
		_, _ = admin.Exec(context.Background(), "ALTER DATABASE "+name+" RENAME TO "+other)
		_, _ = admin.Exec(context.Background(), "ALTER DATABASE "+name+"_old RENAME TO "+name)
		_, _ = admin.Exec(context.Background(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
	})
	d := start(t, Config{DSN: old.DSN(), MaxConns: 2, Statements: typed.Statements})
	fill(t, d, 2)
	for _, conn := range conns {
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, admin, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	execute(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	eventually(t, "the old database is free", func() bool {
		return number(t, admin, "SELECT count(*) FROM pg_stat_activity WHERE datname IN ($1, $2)", name, other) == 0
	})
	execute(t, admin, "ALTER DATABASE "+name+" RENAME TO "+name+"_old", "ALTER DATABASE "+other+" RENAME TO "+name)
	if err := exercise(t.Context(), t, d, 1); err != nil {
		t.Error(err)
	}
}

func TestATypeWhoseOIDIsAnothersNowIsAskedForAgain(t *testing.T) {
	t.Parallel()
	d, conn := openTyped(t, Config{MaxConns: 1})
	execute(t, conn, "CREATE TABLE t (home place)", "INSERT INTO t VALUES ('(,,,)')")
	fill(t, d, 1)
	execute(t, conn, "ALTER TYPE place ADD ATTRIBUTE more int") // the same OID, and another type
	home := struct {
		Street *string
		Number *int32
		Mood   *string
		Tags   []string
		More   *int32
	}{More: pointer(int32(5))}
	if err := d.QueryRow(t.Context(), "SELECT home FROM t").Scan(&home); err == nil {
		t.Error("five fields were read of a type of four: say so in the docs")
	}
	if _, err := d.Exec(t.Context(), "UPDATE t SET home = $1", home); err != nil {
		t.Errorf("a parameter: %v", err)
	}
	if err := d.QueryRow(t.Context(), "SELECT home FROM t").Scan(&home); err != nil || *home.More != 5 {
		t.Errorf("a column: %v", err)
	}
}

func TestATypeThatDoesNotFitIsAskedForAgainOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	d, loads := startCounted(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: typed.Statements})
	var home struct{ Street *string }
	for range 3 {
		if err := d.QueryRow(t.Context(), "SELECT ROW('x',1,'ok','{}')::place").Scan(&home); err == nil {
			t.Error("four fields fit into one")
		}
	}
	if n := loads.Load(); n != 2 {
		t.Errorf("%d loads", n)
	}
}

func TestAnErrorOfAnArgumentIsNoneOfItsType(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	d, loads := startCounted(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: typed.Statements})
	for range 3 {
		if _, err := d.Exec(t.Context(), "SELECT $1::mood", struct{ A int }{1}); err == nil {
			t.Error("a struct is no mood")
		}
		if _, err := d.Exec(t.Context(), "SELECT @a::mood", pgx.NamedArgs{"a": struct{ A int }{1}}); err == nil {
			t.Error("a struct is no mood")
		}
	}
	if n := loads.Load(); n != 2 {
		t.Errorf("%d loads; one is at Open", n)
	}
	err := pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
		_, _ = tx.Exec(t.Context(), "SELECT $1::mood", struct{ A int }{1})
		_, err := tx.Exec(t.Context(), "SELECT 1")
		return err
	})
	if err != nil {
		t.Errorf("the transaction went on: %v", err)
	}
}

func TestALoadThatFailsDoesNotFailOpen(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	role := "types_" + strings.ToLower(rand.Text())
	execute(t, conn, typedSchema(t), "CREATE ROLE "+role+" LOGIN PASSWORD 'types'", "GRANT ALL ON ALL TABLES IN SCHEMA public TO "+role,
		"GRANT USAGE ON SCHEMA store TO "+role, `GRANT USAGE ON SCHEMA "Odd.Name" TO `+role, "REVOKE SELECT ON pg_range FROM PUBLIC")
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol)
	})
	dsn, err := url.Parse(pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.UserPassword(role, "types")
	d := start(t, Config{DSN: dsn.String(), MaxConns: 1, Statements: typed.Statements})
	if h := d.Health(); h.State != Up || len(h.Errors) == 0 || h.Errors[0].SQLSTATE != "42501" {
		t.Errorf("%+v", h)
	}
	if _, err := d.Exec(t.Context(), "SELECT $1::place", ann(1).Home); err == nil {
		t.Error("a type was found that cannot be loaded")
	}
	execute(t, conn, "GRANT SELECT ON pg_range TO PUBLIC")
	if err := exercise(t.Context(), t, d, 1); err != nil {
		t.Errorf("after the grant: %v", err)
	}
}

// shouting is a codec that only a hook registers.
