package readsproof

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// rowsOf is how many rows each table has, by id from 1.
const rowsOf = 1000

// sumsOf is how often a page repeats its mark: 72,000 bytes.
const sumsOf = 2250

// Each row of items has an id, a code of it and the MD5 of its id. Of extras every second
// has no rank, every third no note, and every tenth the divisor 0. It also has two columns
// that are a key together.
const schema = `
	DROP TABLE IF EXISTS items, extras, pages;
	CREATE TABLE items (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, mark text NOT NULL);
	CREATE TABLE extras (id bigint PRIMARY KEY, note text, rank integer, divisor integer NOT NULL, a integer NOT NULL, b integer NOT NULL, UNIQUE (a, b));
	CREATE TABLE pages (id bigint PRIMARY KEY, body text NOT NULL);
	ALTER TABLE pages ALTER body SET STORAGE EXTERNAL;
	INSERT INTO items SELECT n, 'code ' || n, md5(n::text) FROM generate_series(1, 1000) n;
	INSERT INTO extras SELECT n, CASE WHEN n % 3 > 0 THEN md5(n::text) END, CASE WHEN n % 2 > 0 THEN n END, n % 10, n / 32, n % 32 FROM generate_series(1, 1000) n;
	INSERT INTO pages SELECT n, repeat(md5(n::text), 2250) FROM generate_series(1, 1000) n;
	ANALYZE`

// querier is db.DB or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// reading is a statement, and a read of it by a number from 1 to rowsOf.
type reading struct {
	stmt.Statement
	weight int // how often it is read, relative to others
	read   func(ctx context.Context, from querier, sql string, id int64) error
}

// wrongError says that a read ended as it must not in any circumstances.
type wrongError struct{ what string }

// Error says what was wrong.
func (e *wrongError) Error() string { return e.what }

func wrong(format string, args ...any) error { return &wrongError{fmt.Sprintf(format, args...)} }

// readings are a row by its key, by another key, by two columns; no row; a row with NULLs;
// a large one; an error for some keys; a read that is slow for some keys; arguments that
// do not fit their type, and rows that do not fit where they shall go.
var readings = []*reading{
	{statement("item", "SELECT id, mark FROM items WHERE id = $1", "items"), 400, readItem},
	{statement("itemByCode", "SELECT id, code, mark FROM items WHERE code = $1", "items"), 200, readCode},
	{statement("noItem", "SELECT id, mark FROM items WHERE id = $1 AND mark = ''", "items"), 60, readNothing},
	{statement("extra", "SELECT id, note, rank FROM extras WHERE id = $1", "extras"), 160, readNulls},
	{statement("pair", "SELECT id, a, b FROM extras WHERE a = $1 AND b = $2", "extras"), 100, readPair},
	{statement("quotient", "SELECT id, 1000 / divisor FROM extras WHERE id = $1", "extras"), 40, readQuotient},
	{statement("page", "SELECT id, body FROM pages WHERE id = $1", "pages"), 6, readPage},
	{statement("slow", "SELECT id, mark, (SELECT count(*) FROM generate_series(1, $2::bigint)) FROM items WHERE id = $1", "items"), 20, readSlow},
	{statement("unfit", "SELECT id, mark FROM items WHERE id = $1 AND mark <> '-'", "items"), 10, readUnfit},
}

func statement(name, sql, relation string) stmt.Statement {
	return stmt.Statement{Name: name, Command: ":one", SQL: "-- name: " + name + " :one\n" + sql, Effects: stmt.Effects{
		Reads: []string{relation}, ReadOnly: true, Unique: true,
	}}
}

// registry is what db knows of the statements.
func registry() *stmt.Registry {
	var known []stmt.Statement
	for _, r := range readings {
		known = append(known, r.Statement)
	}
	return stmt.NewRegistry(nil, known...)
}

// anyReading chooses a statement by its weight.
func anyReading(rng *rand.Rand) *reading {
	total := 0
	for _, r := range readings {
		total += r.weight
	}
	dice := rng.IntN(total)
	for _, r := range readings {
		if dice -= r.weight; dice < 0 {
			return r
		}
	}
	panic("unreachable")
}

// markOf is what belongs to a row.
func markOf(id int64) string { return fmt.Sprintf("%x", md5.Sum(fmt.Append(nil, id))) }

// is compares a row with the one that was asked for.
func is(id, gotID int64, got, want any) error {
	if gotID != id || got != want {
		return wrong("row %d with %.100v, want row %d with %.100v", gotID, got, id, want)
	}
	return nil
}

func readItem(ctx context.Context, from querier, sql string, id int64) error {
	var gotID int64
	var mark string
	if err := from.QueryRow(ctx, sql, id).Scan(&gotID, &mark); err != nil {
		return err
	}
	return is(id, gotID, mark, markOf(id))
}

func readCode(ctx context.Context, from querier, sql string, id int64) error {
	var gotID int64
	var code, mark string
	want := fmt.Sprintf("code %d", id)
	if err := from.QueryRow(ctx, sql, want).Scan(&gotID, &code, &mark); err != nil {
		return err
	}
	return is(id, gotID, code+mark, want+markOf(id))
}

func readNothing(ctx context.Context, from querier, sql string, id int64) error {
	err := from.QueryRow(ctx, sql, id).Scan(nil, nil)
	switch {
	case err == nil:
		return wrong("a row for noItem(%d)", id)
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	}
	return err
}

func readNulls(ctx context.Context, from querier, sql string, id int64) error {
	var gotID int64
	var note *string
	var rank *int64
	if err := from.QueryRow(ctx, sql, id).Scan(&gotID, &note, &rank); err != nil {
		return err
	}
	got, want := [2]any{}, [2]any{}
	if note != nil {
		got[0] = *note
	}
	if rank != nil {
		got[1] = *rank
	}
	if id%3 > 0 {
		want[0] = markOf(id)
	}
	if id%2 > 0 {
		want[1] = id
	}
	return is(id, gotID, got, want)
}

// readPair reads its row to the end, or of every eighth key none of it.
func readPair(ctx context.Context, from querier, sql string, id int64) error {
	rows, err := from.Query(ctx, sql, int32(id/32), int32(id%32))
	if err != nil {
		return err
	}
	defer rows.Close()
	if id%8 == 0 {
		rows.Close()
		return rows.Err()
	}
	seen := 0
	for rows.Next() {
		var gotID, a, b int64
		if err := rows.Scan(&gotID, &a, &b); err != nil {
			return err
		}
		if err := is(id, gotID, [2]int64{a, b}, [2]int64{id / 32, id % 32}); err != nil {
			return err
		}
		seen++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if seen != 1 {
		return wrong("%d rows for pair(%d)", seen, id)
	}
	return nil
}

func readQuotient(ctx context.Context, from querier, sql string, id int64) error {
	var gotID, quotient int64
	err := from.QueryRow(ctx, sql, id).Scan(&gotID, &quotient)
	switch {
	case id%10 == 0 && err == nil:
		return wrong("quotient(%d) divided by zero, and returned %d", id, quotient)
	case id%10 == 0 && pgerr.Code(err) == "22012":
		return nil
	case err != nil:
		return err
	}
	return is(id, gotID, quotient, 1000/(id%10))
}

func readPage(ctx context.Context, from querier, sql string, id int64) error {
	var gotID int64
	var body string
	if err := from.QueryRow(ctx, sql, id).Scan(&gotID, &body); err != nil {
		return err
	}
	return is(id, gotID, body, strings.Repeat(markOf(id), sumsOf))
}

// readSlow takes some milliseconds for every twentieth key.
func readSlow(ctx context.Context, from querier, sql string, id int64) error {
	var gotID, count int64
	var mark string
	size := int64(1)
	if id%20 == 0 {
		size = 20_000
	}
	if err := from.QueryRow(ctx, sql, id, size).Scan(&gotID, &mark, &count); err != nil {
		return err
	}
	return is(id, gotID, fmt.Sprint(mark, count), fmt.Sprint(markOf(id), size))
}

// readUnfit passes an argument that cannot be encoded, or one that the server cannot read,
// or asks for a number where the row has a text.
func readUnfit(ctx context.Context, from querier, sql string, id int64) error {
	arg := [3]any{struct{}{}, "no number", id}[id%3]
	var gotID, mark int64
	err := from.QueryRow(ctx, sql, arg).Scan(&gotID, &mark)
	if err == nil {
		return wrong("unfit(%d) with %v returned %d, %d", id, arg, gotID, mark)
	}
	ours := [3]bool{strings.Contains(err.Error(), "encode"), pgerr.Code(err) == "22P02", strings.Contains(err.Error(), "scan")}
	if ours[id%3] {
		return nil
	}
	return err
}
