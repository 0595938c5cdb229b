package pgtest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
)

// leaks runs a test that leaves a session open in its database, and returns an
// error unless that fails the test and the message names the session.
func leaks(t *testing.T) error {
	t.Helper()
	fake := newFakeT("TestThatLeaks")
	var conn *pgx.Conn
	var name string
	fake.run(func() {
		db := New(fake)
		db.settle = 300 * time.Millisecond
		name = db.name
		var err error
		if conn, err = pgx.Connect(context.Background(), db.DSN()); err != nil {
			fake.Fatalf("%v", err)
		}
		if _, err := conn.Exec(context.Background(), "BEGIN; SELECT 'the leaked one'"); err != nil {
			fake.Fatalf("%v", err)
		}
	})
	if conn == nil {
		t.Fatalf("no database: %q", fake.messages)
	}
	pid := strconv.FormatUint(uint64(conn.PgConn().PID()), 10)
	_ = conn.Close(context.Background())
	drop(t, name)
	if !fake.Failed() {
		return errors.New("the test passed")
	}
	return fake.said("1 sessions left", "pid "+pid, "idle in transaction", "the leaked one")
}

func drop(t *testing.T, database string) {
	t.Helper()
	admin := connect(t, serverDSN(t))
	defer func() { _ = admin.Close(context.Background()) }()
	if _, err := admin.Exec(t.Context(), "DROP DATABASE IF EXISTS "+quote(database)+" WITH (FORCE)"); err != nil {
		t.Error(err)
	}
}

func TestALeakedSessionFailsTheTestAndIsNamed(t *testing.T) {
	t.Parallel()
	if err := leaks(t); err != nil {
		t.Error(err)
	}
}

// keepsADatabase runs a test that fails, and returns an error unless its database
// is still there and the log says where.
func keepsADatabase(t *testing.T) error {
	t.Helper()
	fake := newFakeT("TestThatFails")
	var db *DB
	fake.run(func() {
		db = New(fake, WithMigrations(books()))
		fake.Errorf("as it should")
	})
	if db == nil {
		t.Fatalf("no database: %q", fake.messages)
	}
	defer drop(t, db.name)
	if !query[bool](t, serverDSN(t), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", db.name) {
		return errors.New("the database has gone")
	}
	return fake.said("its database stays", db.DSN())
}

func TestAFailedTestKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	if err := keepsADatabase(t); err != nil {
		t.Error(err)
	}
}

func TestTheLogSaysHowLongADatabaseStays(t *testing.T) {
	t.Parallel()
	if got := (&DB{owned: true}).lifetime(); !strings.Contains(got, "TEST_DATABASE_URL") {
		t.Errorf("on a server of this process: %q", got)
	}
	if got := (&DB{}).lifetime(); got != "" {
		t.Errorf("on a server that lives on: %q", got)
	}
}

func TestAConnectionThatIsNotReleasedFailsTheTest(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestThatKeepsAConnection")
	release := func() {}
	var name string
	fake.run(func() {
		db := New(fake)
		db.settle, name = 300*time.Millisecond, db.name
		conn, err := db.Pool().Acquire(context.Background())
		if err != nil {
			fake.Fatalf("%v", err)
		}
		release = conn.Release
	})
	release() // ends the Close that waits for it
	drop(t, name)
	if !fake.Failed() {
		t.Error("the test passed")
	}
	if err := fake.said("1 connections of the pool were not released"); err != nil {
		t.Error(err)
	}
}

func TestASessionThatEndsLateIsNoLeak(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestThatEndsLate")
	fake.run(func() {
		db := New(fake)
		conn, err := pgx.Connect(context.Background(), db.DSN())
		if err != nil {
			fake.Fatalf("%v", err)
		}
		go func() { _ = conn.Close(context.Background()) }() // while it is looked for
	})
	if fake.Failed() {
		t.Errorf("the test failed: %q", fake.messages)
	}
}

func TestUntilAsksAgainUntilTheAnswerIsYes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		if err := until(t.Context(), func() (bool, error) { asked++; return asked == 3, nil }); err != nil || asked != 3 {
			t.Errorf("asked %d times, %v", asked, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := until(ctx, func() (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("never yes: %v", err)
		}
		boom := errors.New("boom")
		if err := until(t.Context(), func() (bool, error) { return false, boom }); !errors.Is(err, boom) {
			t.Errorf("an error: %v", err)
		}
	})
}
