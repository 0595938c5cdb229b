package db

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

const threeRows = "SELECT n, 'row ' || n AS name FROM generate_series(1, 3) n"

// transcript uses rows in every way that they can be used and writes down what
// comes of it. Two executors that behave the same give the same transcript.
func transcript(t *testing.T, e Executor) string {
	t.Helper()
	var b strings.Builder
	note := func(what string, values ...any) { fmt.Fprintln(&b, append([]any{what}, values...)...) }
	query := func(sql string, args ...any) pgx.Rows {
		rows, _ := e.Query(t.Context(), sql, args...)
		return rows
	}
	type record struct {
		N    int
		Name string
	}
	collected, err := pgx.CollectRows(query(threeRows), pgx.RowToStructByName[record])
	note("collect", collected, err)
	one, err := pgx.CollectExactlyOneRow(query(threeRows), pgx.RowToStructByPos[record])
	note("exactly one", one, err)
	var n int
	var name string
	tag, err := pgx.ForEachRow(query(threeRows), []any{&n, &name}, func() error { note("each", n, name); return nil })
	note("for each", tag, err)

	rows := query(threeRows)
	for rows.Next() {
		values, err := rows.Values()
		note("values", values, err, len(rows.RawValues()), rows.FieldDescriptions()[1].Name)
	}
	note("end", rows.Err(), rows.CommandTag(), rows.Next())
	rows.Close()

	rows = query(threeRows)
	note("raw before", rows.RawValues() == nil)
	note("next", rows.Next())
	note("wrong destination", rows.Scan(&n) != nil)
	note("after it", rows.Next(), rows.Err() != nil)

	rows = query(threeRows)
	note("scan before next", rows.Scan(&n, &name) != nil, rows.Next(), rows.Err() != nil)
	rows = query(threeRows)
	rows.Close()
	note("closed", rows.Next(), rows.Err(), rows.CommandTag())

	rows = query("SELECT 1 WHERE false")
	note("none", rows.Next(), rows.Err(), rows.CommandTag(), len(rows.FieldDescriptions()))
	rows = query("SELECT 10 / (3 - n) FROM generate_series(1, 5) n")
	for rows.Next() {
		note("row before the error", rows.Scan(&n), n)
	}
	note("error in the middle", rows.Err())
	rows = query("SELECT * FROM missing")
	note("no table", rows.Next(), rows.Err())

	note("row", e.QueryRow(t.Context(), threeRows).Scan(&n, &name), n, name)
	note("no row", e.QueryRow(t.Context(), "SELECT 1 WHERE false").Scan(&n))
	note("wrong row", e.QueryRow(t.Context(), threeRows).Scan(&n) != nil)
	note("failed row", e.QueryRow(t.Context(), "SELECT 1/0").Scan(&n))
	note("driver bytes", e.QueryRow(t.Context(), threeRows).Scan(&n, new(pgtype.DriverBytes)) != nil)
	return b.String()
}

func TestRowsBehaveAsThoseOfPgxpool(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	want := transcript(t, pg.Pool())
	if !strings.Contains(want, "[{1 row 1} {2 row 2} {3 row 3}]") {
		t.Fatalf("the transcript is not what it should be:\n%s", want)
	}
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: readOnly(threeRows)}) // one connection: a use that keeps it stops the next
	if got := transcript(t, d); got != want {
		t.Errorf("a DB differs from pgxpool:\n%s\nwant:\n%s", got, want)
	}
	if n := d.stats().InUse; n != 0 {
		t.Errorf("%d connections in use", n)
	}
}

func TestAReadOfNoRowsHasItsConnectionUntilItIsClosed(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	rows, err := d.Query(t.Context(), "SELECT 1 AS mine WHERE false")
	if err != nil {
		t.Fatal(err)
	}
	if n := d.stats().InUse; n != 1 {
		t.Errorf("%d in use: another user may overwrite the columns", n)
	}
	if f := rows.FieldDescriptions(); len(f) != 1 || f[0].Name != "mine" {
		t.Errorf("columns %v", f)
	}
	if rows.Next() || rows.Err() != nil {
		t.Errorf("error %v", rows.Err())
	}
	if n := d.stats().InUse; n != 0 {
		t.Errorf("%d in use after the end", n)
	}
}

func TestAReadThatFailedKeepsNothingOfItsConnection(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	rows, err := d.Query(t.Context(), "SELECT 1/0 AS mine")
	if err == nil || !errors.Is(rows.Err(), err) || rows.Next() {
		t.Errorf("%v, %v", err, rows.Err())
	}
	if n := d.stats().InUse; n != 0 || rows.Conn() != nil || rows.FieldDescriptions() != nil {
		t.Errorf("%d in use, connection %v, columns %v", n, rows.Conn(), rows.FieldDescriptions())
	}
}

func TestValuesBeforeNextIsAnError(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	rows, err := d.Query(t.Context(), threeRows)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Values(); err == nil || !errors.Is(rows.Err(), err) {
		t.Errorf("error %v", err)
	}
	if n := d.stats().InUse; n != 0 {
		t.Errorf("%d in use", n)
	}
}

func TestRowsOfAClosedDBHaveTheError(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := d.Query(t.Context(), "SELECT 1")
	if !errors.Is(err, ErrClosed) || !errors.Is(rows.Err(), ErrClosed) || rows.Next() {
		t.Errorf("%v, %v", err, rows.Err())
	}
	rows.Close()
	if rows.Conn() != nil || rows.TypeMap() != nil || rows.FieldDescriptions() != nil || rows.RawValues() != nil || rows.CommandTag().String() != "" {
		t.Error("rows of nothing have something")
	}
	if _, err := rows.Values(); !errors.Is(err, ErrClosed) {
		t.Errorf("Values: %v", err)
	}
	if err := rows.Scan(); !errors.Is(err, ErrClosed) {
		t.Errorf("Scan: %v", err)
	}
}
