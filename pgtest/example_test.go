package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// migrations stand for the embedded files of a service.
var migrations = fstest.MapFS{
	"00001_books.sql": {Data: []byte("-- +goose Up\nCREATE TABLE books (title text);\n")},
}

// A test with a database of its own, which holds what the seed put there.
func ExampleNew() {
	addEmma := func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO books VALUES ('Emma')")
		return err
	}
	_ = func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t, pgtest.WithMigrations(migrations), pgtest.WithSeed("Emma", addEmma))
		var title string
		if err := db.Pool().QueryRow(t.Context(), "SELECT title FROM books").Scan(&title); err != nil {
			t.Fatal(err)
		}
	}
}

// A test that sees its server die.
func ExampleNewServer() {
	_ = func(t *testing.T) {
		server := pgtest.NewServer(t, pgtest.WithSetting("max_connections", "20"))
		conn, err := pgx.Connect(t.Context(), server.DSN())
		if err != nil {
			t.Fatal(err)
		}
		server.Kill()
		if conn.Ping(t.Context()) == nil {
			t.Error("the connection survived its server")
		}
		server.Start()
	}
}

// A test that sees a standby take over.
func ExampleServer_NewStandby() {
	_ = func(t *testing.T) {
		primary := pgtest.NewServer(t)
		standby := primary.NewStandby()
		primary.Kill()
		standby.Promote()
		conn, err := pgx.Connect(t.Context(), standby.DSN())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "CREATE TABLE books (title text)"); err != nil {
			t.Errorf("a write to the new primary: %v", err)
		}
	}
}

// A test whose network goes silent.
func ExampleNewProxy() {
	_ = func(t *testing.T) {
		server := pgtest.NewServer(t)
		proxy := pgtest.NewProxy(t, server.Addr())
		conn, err := pgx.Connect(t.Context(), proxy.DSN(server.DSN()))
		if err != nil {
			t.Fatal(err)
		}
		proxy.Hang()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if conn.Ping(ctx) == nil {
			t.Error("an answer came through a silent network")
		}
	}
}

// A test whose COMMIT arrives after its client got no answer.
func ExampleProxy_OnCommit() {
	_ = func(t *testing.T) {
		server := pgtest.NewServer(t)
		proxy := pgtest.NewProxy(t, server.Addr())
		conn, err := pgx.Connect(t.Context(), proxy.DSN(server.DSN()))
		if err != nil {
			t.Fatal(err)
		}
		proxy.OnCommit(func() pgtest.CommitFate { return pgtest.CommitDelayed })
		err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "CREATE TABLE books (title text)")
			return err
		})
		if err == nil {
			t.Error("an answer came to a COMMIT that the server has not seen")
		}
		proxy.ReleaseCommits() // and now the table comes to be
	}
}

// How a service meets a conflict, without a server.
func ExampleNewFaulty() {
	db := pgtest.NewFaulty(nil)
	db.FailCode("GetBook", "40001")

	var title string
	err := db.QueryRow(context.Background(), "-- name: GetBook :one\nSELECT title FROM books").Scan(&title)
	var pg *pgconn.PgError
	fmt.Println(errors.As(err, &pg) && pg.Code == "40001", db.Calls("GetBook"))
	// Output: true 1
}

// A call that waits until the test says go.
func ExampleFaulty_Hold() {
	db := pgtest.NewFaulty(nil)
	arrived, release := db.Hold("GetBook")
	ended := make(chan error)
	go func() {
		_, err := db.Exec(context.Background(), "-- name: GetBook :one\nSELECT title FROM books")
		ended <- err
	}()
	<-arrived
	fmt.Println("waiting")
	release()
	fmt.Println(errors.Is(<-ended, pgtest.ErrNoServer))
	// Output:
	// waiting
	// true
}

// A test that something takes one round trip.
func ExampleNewCounter() {
	_ = func(t *testing.T) {
		counter := pgtest.NewCounter()
		pool := pgtest.New(t).Pool(counter.Attach)
		if _, err := pool.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if counter.RoundTrips() != 1 {
			t.Errorf("%d round trips: %q", counter.RoundTrips(), counter.Statements())
		}
	}
}
