package db

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// keyed are statements that return the keys of the rows they write.
const (
	addSeries = "INSERT INTO a SELECT 'x', generate_series($1::int, $2::int) RETURNING label, n"
	failAt3   = "SELECT 'x', 10 / (3 - n) FROM generate_series($1::int, $2::int) n" // as a function that writes would
	addMood   = "INSERT INTO moods VALUES ('sad') RETURNING mood"
)

// capture is an Invalidator that keeps the runs of its last calls.
type capture struct {
	mu            sync.Mutex
	before, after []stmt.Run // guarded by mu
}

func (c *capture) BeforeWrite(_ string, runs []stmt.Run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = runs
}

func (c *capture) AfterWrite(_ string, runs []stmt.Run, _ stmt.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = runs
}

// rows are the key values of the runs before and after.
func (c *capture) rows() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return keysOf(c.before) + " then " + keysOf(c.after)
}

// keysOf are the values in the second of the columns: a list for each run.
func keysOf(runs []stmt.Run) string {
	text := ""
	for _, r := range runs {
		list := "-"
		if r.Rows != nil {
			list = "["
			for _, row := range r.Rows {
				list += fmt.Sprintf("%v", row[len(row)-1])
			}
			list += "]"
		}
		text += list
	}
	return text
}

// returning opens a DB with a table a (label text, n int), whose writes are captured.
func returning(t *testing.T, cfg Config, parameters string) (*DB, *capture) {
	t.Helper()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE a (label text, n int UNIQUE)", "CREATE TYPE mood AS ENUM ('sad')", "CREATE TABLE moods (mood mood)")
	c := &capture{}
	cfg.DSN, cfg.Invalidator, cfg.HealthInterval = pg.DSN()+parameters, c, time.Hour
	cfg.Statements = stmt.Join(
		stmt.Declare(addSeries, stmt.Effects{Writes: []string{"a"}, WriteKeys: []stmt.RowKey{{Relation: "a", Column: "n", Result: 2}}}),
		stmt.Declare(failAt3, stmt.Effects{Writes: []string{"a"}, WriteKeys: []stmt.RowKey{{Relation: "a", Column: "n", Result: 2}}}),
		stmt.Declare(addMood, stmt.Effects{Writes: []string{"moods"}, WriteKeys: []stmt.RowKey{{Relation: "moods", Column: "mood", Result: 1}}}),
		stmt.Declare(addB, stmt.Effects{Writes: []string{"b"}}))
	return start(t, cfg), c
}

func readAll(ctx context.Context, q Executor, from, to int) error {
	rows, err := q.Query(ctx, addSeries, from, to)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, pgx.RowToMap)
	return err
}

func TestAWriteEndsWithTheKeysThatItReturned(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{"", "&default_query_exec_mode=simple_protocol"} {
		d, c := returning(t, Config{MaxConns: 1}, parameters)
		for name, use := range map[string]struct {
			use  func(ctx context.Context) error
			want string
		}{
			"rows that are read": {func(ctx context.Context) error { return readAll(ctx, d, 1, 3) }, "- then [123]"},
			"rows that are not scanned": {func(ctx context.Context) error {
				rows, err := d.Query(ctx, addSeries, 11, 12)
				for rows.Next() {
				}
				return err
			}, "- then [1112]"},
			"no rows": {func(ctx context.Context) error { return readAll(ctx, d, 2, 1) }, "- then []"},
			"one row": {func(ctx context.Context) error { return d.QueryRow(ctx, addSeries, 21, 21).Scan(nil, nil) }, "- then [21]"},
			"the first of some rows": {func(ctx context.Context) error {
				return d.QueryRow(ctx, addSeries, 31, 33).Scan(nil, nil)
			}, "- then [313233]"},
			"rows that are closed early": {func(ctx context.Context) error {
				rows, err := d.Query(ctx, addSeries, 41, 42)
				rows.Close()
				return err
			}, "- then [4142]"},
			"rows that cannot be scanned": {func(ctx context.Context) error {
				var number int
				if err := d.QueryRow(ctx, addSeries, 51, 51).Scan(&number, nil); err == nil {
					t.Error("a label was scanned into a number")
				}
				return nil
			}, "- then -"},
			"rows that nothing reads":  {func(ctx context.Context) error { _, err := d.Exec(ctx, addSeries, 61, 62); return err }, "- then -"},
			"more rows than are kept":  {func(ctx context.Context) error { return readAll(ctx, d, 1001, 1257) }, "- then -"},
			"a type that is not known": {func(ctx context.Context) error { return d.QueryRow(ctx, addMood).Scan(nil) }, "- then -"},
			"a batch": {func(ctx context.Context) error {
				b := &pgx.Batch{}
				b.Queue(addSeries, 71, 71)
				b.Queue(addSeries, 72, 72).QueryRow(func(row pgx.Row) error { return row.Scan(nil, nil) })
				b.Queue(addSeries, 73, 74).Query(func(rows pgx.Rows) error { _, err := pgx.CollectRows(rows, pgx.RowToMap); return err })
				return d.SendBatch(ctx, b).Close()
			}, "--- then -[72][7374]"},
			"a transaction": {func(ctx context.Context) error {
				return pgx.BeginFunc(ctx, begins{d}, func(tx pgx.Tx) error {
					return tx.QueryRow(ctx, addSeries, 81, 82).Scan(nil, nil)
				})
			}, "[8182] then [8182]"},
		} {
			if err := use.use(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := c.rows(); got != use.want {
				t.Errorf("%s: %s, want %s", name, got, use.want)
			}
		}
	}
}

func TestWhatMayChangeAnythingIsNotifiedByName(t *testing.T) {
	t.Parallel()
	d, c := returning(t, Config{MaxConns: 1}, "")
	for want, use := range map[string]func(ctx context.Context) error{
		"DELETE": func(ctx context.Context) error { _, err := d.Exec(ctx, "delete from a"); return err },
		"COPY a": func(ctx context.Context) error {
			_, err := d.CopyFrom(ctx, pgx.Identifier{"a"}, []string{"n"}, pgx.CopyFromRows(nil))
			return err
		},
		"WithConn": func(ctx context.Context) error {
			return d.WithConn(ctx, func(context.Context, *pgx.Conn) error { return nil })
		},
		"Purge": func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.Queue("-- name: Purge :exec\nDELETE FROM a")
			return d.SendBatch(ctx, b).Close()
		},
		"tx.Conn": func(ctx context.Context) error {
			return pgx.BeginFunc(ctx, begins{d}, func(tx pgx.Tx) error { _ = tx.Conn(); return nil })
		},
	} {
		if err := use(t.Context()); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		c.mu.Lock()
		if len(c.after) != 1 || c.after[0].Name != want {
			t.Errorf("runs: %+v, want one named %s", c.after, want)
		}
		c.mu.Unlock()
	}
}

// begins is a DB for pgx.BeginFunc.
type begins struct{ *DB }

func (b begins) Begin(ctx context.Context) (pgx.Tx, error) { return b.BeginTx(ctx, pgx.TxOptions{}) }

func TestAStatementThatFailedAmongItsRowsReturnedNothing(t *testing.T) {
	t.Parallel()
	d, c := returning(t, Config{MaxConns: 1}, "")
	rows, err := d.Query(t.Context(), failAt3, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := pgx.CollectRows(rows, pgx.RowToMap); err == nil {
		t.Errorf("rows %v", all)
	}
	if got := c.rows(); got != "- then -" {
		t.Errorf("runs: %s", got)
	}
}

func TestOnlyStatementsThatReturnKeysCollectThem(t *testing.T) {
	d, _ := returning(t, Config{MaxConns: 1}, "")
	for sql, collects := range map[string]bool{addSeries: true, addB: false, "SELECT 1": false} {
		l, err := d.start(t.Context(), exec.Resolve(d.cfg.Statements, sql, []any{1, 1}))
		if err != nil {
			t.Fatal(err)
		}
		if (l.call.Returned != nil) != collects {
			t.Errorf("%s: %+v", sql, l.call.Returned)
		}
		l.done(nil)
	}
	unfenced := start(t, Config{DSN: d.cfg.DSN, Statements: d.cfg.Statements})
	l, err := unfenced.start(t.Context(), exec.Resolve(unfenced.cfg.Statements, addSeries, []any{1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	if l.call.Returned != nil {
		t.Error("without an Invalidator there is nothing to collect for")
	}
	l.done(nil)
}
