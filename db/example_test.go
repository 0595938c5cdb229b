package db_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func ExampleOpen() {
	dsn, done := database("CREATE TABLE books (title text)")
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn, Name: "shop", MaxConns: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	if _, err := d.Exec(ctx, "INSERT INTO books VALUES ($1)", "Middlemarch"); err != nil {
		log.Fatal(err)
	}
	var title string
	err = d.QueryRow(ctx, "SELECT title FROM books").Scan(&title)
	fmt.Println(title, err)
	// Output: Middlemarch <nil>
}

// Every setting that cannot be used is named.
func ExampleOpen_config() {
	_, err := db.Open(ctx, db.Config{DSN: "postgres://anna@localhost/shop?pool_max_conns=4", MaxConns: 2, MinConns: 3})
	fmt.Println(err)
	// Output:
	// db: DSN sets pool_max_conns: set the fields of Config instead
	// db: MinConns is more than MaxConns: lower it or raise MaxConns
}

// At start-up, or in a job before a deployment: does the code fit the database?
func ExampleDB_Verify() {
	dsn, done := database("CREATE TABLE books (id int, name text)")
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn, Name: "shop"})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	registry := stmt.NewRegistry( // generated code has it as queries.Statements
		map[string]string{"authors": "694864f6256936898cf468ec471b25e5"},
		stmt.Statement{Name: "GetBook", Source: "queries/books.sql:3", SQL: "-- name: GetBook :one\nSELECT id, title FROM books WHERE id = $1"},
	)
	fmt.Println(d.Verify(ctx, registry))
	// Output:
	// db: the generated code does not fit "shop": 1 changed relation, 1 refused statement
	// authors is missing
	// queries/books.sql:3: GetBook: column "title" does not exist (SQLSTATE 42703)
}

// Settings of a session do not outlive the function.
func ExampleDB_WithConn() {
	dsn, done := database()
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn, MaxConns: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	var date string
	err = d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "SET DateStyle = 'German'"); err != nil {
			return err
		}
		return conn.QueryRow(ctx, "SELECT DATE '2026-05-04'::text").Scan(&date)
	})
	fmt.Println(date, err)
	err = d.QueryRow(ctx, "SELECT DATE '2026-05-04'::text").Scan(&date)
	fmt.Println(date, err)
	// Output:
	// 04.05.2026 <nil>
	// 2026-05-04 <nil>
}

// A statement that is known to be read-only is run once more when its connection
// dies. Generated code knows it; here it is declared by hand.
func ExampleConfig_statements() {
	dsn, done := database("CREATE SEQUENCE runs")
	defer done()
	const ask = `SELECT CASE nextval('runs') WHEN 1 THEN pg_terminate_backend(pg_backend_pid(), 10000)::text ELSE 'here it is' END`
	d, err := db.Open(ctx, db.Config{DSN: dsn, Statements: stmt.Declare(ask, stmt.Effects{ReadOnly: true})})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	var answer string // the first run ends its own session
	err = d.QueryRow(ctx, ask).Scan(&answer)
	fmt.Println(answer, err, d.Health().Pool.Replays)
	// Output:
	// here it is <nil> 1
}

// Two databases, chosen by ctx.
func ExampleSet() {
	const schema = "CREATE TABLE site (city text)"
	north, done := database(schema, "INSERT INTO site VALUES ('Oslo')")
	defer done()
	south, done := database(schema, "INSERT INTO site VALUES ('Rome')")
	defer done()
	set, err := db.OpenSet(ctx, "north", db.Config{Name: "north", DSN: north}, db.Config{Name: "south", DSN: south})
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close(ctx)
	for _, ctx := range []context.Context{ctx, db.WithTarget(ctx, "south"), db.WithTarget(ctx, "west")} {
		var city string
		err := set.QueryRow(ctx, "SELECT city FROM site").Scan(&city)
		fmt.Println(set.Target(ctx), city, err)
	}
	// Output:
	// north Oslo <nil>
	// south Rome <nil>
	// west  db: unknown target "west": known are north, south
}

func ExampleDB_Health() {
	dsn, done := database()
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn, Name: "shop", MaxConns: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	tx, err := d.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback(ctx)
	report := d.Health()
	fmt.Println(report.Target, report.State, report.Ready(), report.Server.Role)
	fmt.Printf("%d of %d connections in use, %.0f%%\n", report.Pool.InUse, report.Pool.Max, 100*report.Utilisation)
	// Output:
	// shop up true primary
	// 1 of 4 connections in use, 25%
}

// Close waits as long as its ctx lets it and then tells what was not given back.
func ExampleDB_Close() {
	dsn, done := database()
	defer done()
	d, err := db.Open(ctx, db.Config{DSN: dsn})
	if err != nil {
		log.Fatal(err)
	}
	tx, err := d.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		log.Fatal(err)
	}
	impatient, cancel := context.WithCancel(ctx)
	cancel()
	err = d.Close(impatient)
	fmt.Println(errors.Is(err, context.Canceled), strings.Contains(err.Error(), "ExampleDB_Close"))
	_ = tx.Rollback(ctx)
	fmt.Println(d.Close(ctx))
	// Output:
	// true true
	// <nil>
}
