package db_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
)

// A service sets the size, two timeouts and a logger, and leaves the rest.
func ExampleConfig() {
	dsn, done := database()
	defer done()
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg := db.Config{
		DSN:  dsn,
		Name: "shop", // in logs, errors and reports

		MaxConns: 8, // the most connections at a time
		MinConns: 2, // kept open without work

		AcquireTimeout:   2 * time.Second,  // a caller's wait for a connection
		StatementTimeout: 10 * time.Second, // the server cancels a longer statement

		Logger:         logger,
		OnHealthChange: func(r db.Report) { logger.Warn("database", "state", r.State, "why", r.Why) },
	}
	d, err := db.Open(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	var timeout string
	err = d.QueryRow(ctx, "SHOW statement_timeout").Scan(&timeout)
	fmt.Println(timeout, err)
	// Output: 10s <nil>
}

// One call goes to another database than the rest.
func ExampleWithTarget() {
	north, done := database("CREATE TABLE site (city text)", "INSERT INTO site VALUES ('Oslo')")
	defer done()
	south, done := database("CREATE TABLE site (city text)", "INSERT INTO site VALUES ('Rome')")
	defer done()
	set, err := db.OpenSet(ctx, "north", db.Config{Name: "north", DSN: north}, db.Config{Name: "south", DSN: south})
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close(ctx)
	visit := func(ctx context.Context) {
		var city string
		err := set.QueryRow(db.WithTarget(ctx, "south"), "SELECT city FROM site").Scan(&city)
		fmt.Println(city, err)
	}
	visit(ctx)
	// Output: Rome <nil>
}

// Many rows are sent as one COPY.
func ExampleDB_CopyFrom() {
	dsn, done := database("CREATE TABLE books (id int, title text)")
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	titles := []string{"Middlemarch", "Emma", "Villette"}
	n, err := d.CopyFrom(ctx, pgx.Identifier{"books"}, []string{"id", "title"},
		pgx.CopyFromSlice(len(titles), func(i int) ([]any, error) { return []any{i + 1, titles[i]}, nil }))
	fmt.Println(n, err)
	// Output: 3 <nil>
}
