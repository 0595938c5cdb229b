package db

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// journal is an Invalidator that notes what it is notified of, as "before a, b" and
// "after a, b committed".
type journal struct {
	mu    sync.Mutex
	lines []string          // guarded by mu
	look  func(line string) // called with each line; may be nil
}

func (j *journal) note(line string) {
	j.mu.Lock()
	j.lines = append(j.lines, line)
	j.mu.Unlock()
	if j.look != nil {
		j.look(line)
	}
}

func (j *journal) BeforeWrite(_ string, writes []stmt.Run) { j.note("before " + relations(writes)) }

func (j *journal) AfterWrite(_ string, writes []stmt.Run, o stmt.Outcome) {
	j.note("after " + relations(writes) + " " + o.String())
}

// readTo waits for a line that ends so, and reads.
func (j *journal) readTo(t *testing.T, end string) string {
	t.Helper()
	eventually(t, "a call that ends with "+end, func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return len(j.lines) > 0 && strings.HasSuffix(j.lines[len(j.lines)-1], end)
	})
	return j.read()
}

// read returns the lines, and forgets them.
func (j *journal) read() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := strings.Join(j.lines, "; ")
	j.lines = nil
	return text
}

func relations(writes []stmt.Run) string {
	var list []string
	for _, w := range writes {
		if w.Anything {
			list = append(list, "anything")
		}
		list = append(list, slices.Concat(w.Writes, w.Reaches)...)
	}
	return strings.Join(list, ", ")
}

const (
	addA   = "INSERT INTO a VALUES ($1) RETURNING n"
	addB   = "INSERT INTO b VALUES ($1)"
	countA = "SELECT count(*) FROM a"
	loseA  = "WITH w AS (INSERT INTO a VALUES (99)) SELECT pg_terminate_backend(pg_backend_pid())"
)

// announcing opens a DB on tables a and b (n int primary key), whose writes are noted.
func announcing(t *testing.T, cfg Config) (*DB, *journal, *pgxpool.Pool) {
	t.Helper()
	return announcingOn(t, cfg, hooks{})
}

// announcingOn is announcing on another network.
func announcingOn(t *testing.T, cfg Config, h hooks) (*DB, *journal, *pgxpool.Pool) {
	t.Helper()
	pg := pgtest.New(t)
	pool := pg.Pool()
	execute(t, pg.Conn(), "CREATE TABLE a (n int PRIMARY KEY)", "CREATE TABLE b (n int PRIMARY KEY)")
	j := &journal{}
	writes := func(sql, table string) *stmt.Registry {
		return stmt.Declare(sql, stmt.Effects{Writes: []string{table}})
	}
	cfg.DSN, cfg.Invalidator, cfg.HealthInterval = pg.DSN(), j, time.Hour
	cfg.Statements = stmt.Join(readOnly(countA), writes(addA, "a"), writes(addB, "b"), writes(loseA, "a"),
		writes(`INSERT INTO "b" ("n") VALUES ($1)`, "b"))
	return startOn(t, cfg, h), j, pool
}

func TestTheInvalidatorIsNotifiedOfEveryWriteAndOfItsOutcome(t *testing.T) {
	t.Parallel()
	d, j, _ := announcing(t, Config{MaxConns: 2})
	batch := func(statements ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			b := &pgx.Batch{}
			for _, sql := range statements {
				b.Queue(sql)
			}
			return d.SendBatch(ctx, b).Close()
		}
	}
	run := func(sql string, args ...any) func(context.Context) error {
		return func(ctx context.Context) error { _, err := d.Exec(ctx, sql, args...); return err }
	}
	unit := func(commit bool, statements ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			tx, err := d.BeginTx(ctx, pgx.TxOptions{})
			if err != nil {
				return err
			}
			for _, sql := range statements {
				var args []any
				if strings.Contains(sql, "$1") {
					args = []any{len(sql)}
				}
				_, _ = tx.Exec(ctx, sql, args...)
			}
			if commit {
				return tx.Commit(ctx)
			}
			return tx.Rollback(ctx)
		}
	}
	for name, c := range map[string]struct {
		use  func(context.Context) error
		want string
	}{
		"a known write":                     {run(addA, 1), "before a; after a committed"},
		"a read":                            {run(countA), ""},
		"a text that is not known":          {run("DELETE FROM b WHERE n = -1"), "before anything; after anything committed"},
		"a refused write":                   {run(addA, nil), "before a; after a aborted"},
		"a refused text of two statements":  {run("DELETE FROM b WHERE n = -1; SELECT 1/0"), "before anything; after anything unknown; after anything ended"},
		"a refused body":                    {run("DO $$ BEGIN RAISE 'no'; END $$"), "before anything; after anything unknown; after anything ended"},
		"a write whose connection was lost": {run(loseA), "before a; after a unknown; after a ended"},
		"a batch":                           {batch("INSERT INTO a VALUES (11)", countA), "before anything; after anything committed"},
		"a batch of reads":                  {batch(countA, countA), ""},
		"a refused batch":                   {batch("INSERT INTO a VALUES (12)", "SELECT 1/0"), "before anything, anything; after anything, anything aborted"},
		"a batch that commits by itself": {batch("BEGIN", "INSERT INTO a VALUES (13)", "COMMIT", "SELECT 1/0"),
			"before anything, anything; after anything, anything unknown; after anything, anything ended"},
		"COPY": {func(ctx context.Context) error {
			_, err := d.CopyFrom(ctx, pgx.Identifier{"a"}, []string{"n"}, pgx.CopyFromRows([][]any{{21}}))
			return err
		}, "before anything; after anything committed"},
		"COPY that generated code describes": {func(ctx context.Context) error {
			_, err := d.CopyFrom(ctx, pgx.Identifier{"b"}, []string{"n"}, pgx.CopyFromRows([][]any{{22}}))
			return err
		}, "before b; after b committed"},
		"a transaction":                  {unit(true, addA, countA, addB), "before a, b; after a, b committed"},
		"a transaction that only reads":  {unit(true, countA), ""},
		"a transaction that rolled back": {unit(false, addA), ""},
		"a transaction that failed":      {unit(true, addA, "SELECT 1/0"), "before a, anything; after a, anything aborted"},
		"COMMIT as a text":               {unit(false, "INSERT INTO b VALUES (31)", "COMMIT"), "before anything; after anything committed"},
		"ROLLBACK as a text":             {unit(true, addB, "ROLLBACK"), "before b; after b aborted"},
		"a write after COMMIT as a text": {unit(false, "COMMIT", "INSERT INTO b VALUES (77)"), "before anything; after anything committed"},
		"a transaction that a batch began": {func(ctx context.Context) error {
			b := &pgx.Batch{}
			b.BeginTx(pgx.TxOptions{})
			b.Queue(addA, 41)
			results := d.SendBatch(ctx, b)
			err := results.Close()
			if got := j.read(); got != "" {
				err = errors.Join(err, errors.New("before its COMMIT: "+got))
			}
			return errors.Join(err, results.Tx().Commit(ctx))
		}, "before a; after a committed"},
		"a transaction that was left open": {run("BEGIN"), ""},
		"WithConn": {func(ctx context.Context) error {
			return d.WithConn(ctx, func(context.Context, *pgx.Conn) error { j.note("fn"); return nil })
		}, "before anything; fn; after anything committed"},
		"WithConn that declares": {func(ctx context.Context) error {
			return d.WithConn(ctx, func(context.Context, *pgx.Conn) error { j.note("fn"); return nil }, stmt.Effects{Writes: []string{"b"}})
		}, "before b; fn; after b committed"},
		"WithConn that changes nothing": {func(ctx context.Context) error {
			return d.WithConn(ctx, func(context.Context, *pgx.Conn) error { return nil }, stmt.Effects{})
		}, ""},
	} {
		err := c.use(t.Context())
		if strings.HasSuffix(c.want, " ended") { // by the monitor, perhaps
			if got := j.readTo(t, " ended"); got != c.want {
				t.Errorf("%s (error %v): %s\nwant: %s", name, err, got, c.want)
			}
		} else if got := j.read(); got != c.want {
			t.Errorf("%s (error %v): %s\nwant: %s", name, err, got, c.want)
		}
	}
}

func TestRowsEndTheirWriteWhenTheyAreClosed(t *testing.T) {
	t.Parallel()
	d, j, _ := announcing(t, Config{MaxConns: 1})
	rows, err := d.Query(t.Context(), addA, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := j.read(); got != "before a" {
		t.Errorf("at the first row: %s", got)
	}
	rows.Close()
	if got := j.read(); got != "after a committed" {
		t.Errorf("when they were closed: %s", got)
	}
	if err := d.QueryRow(t.Context(), addA, 1).Scan(nil); err == nil {
		t.Error("a row was added twice")
	}
	if got := j.read(); got != "before a; after a aborted" {
		t.Errorf("a refused row: %s", got)
	}
}

func TestAWriteIsAnnouncedBeforeItIsVisibleAndEndedAfterwards(t *testing.T) {
	t.Parallel()
	d, j, pool := announcing(t, Config{MaxConns: 1})
	var seen []int // rows at each call
	j.look = func(string) {
		n := 0
		if err := pool.QueryRow(t.Context(), countA).Scan(&n); err != nil {
			t.Error(err)
		}
		seen = append(seen, n)
	}
	if _, err := d.Exec(t.Context(), addA, 1); err != nil {
		t.Fatal(err)
	}
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), addA, 2); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []int{0, 1, 1, 2}) {
		t.Errorf("rows when it was notified: %v", seen)
	}
}

func TestNothingIsAnnouncedWhileACallerWaits(t *testing.T) {
	t.Parallel()
	d, j, _ := announcing(t, Config{MaxConns: 1})
	fill(t, d, 1)
	l, err := d.acquire(t.Context(), use{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { _, err := d.Exec(ctx, addA, 1); failed <- err }()
	eventually(t, "a caller who waits", func() bool { return d.stats().Waiting == 1 })
	cancel()
	if err := receive(t, "the caller's error", failed); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := j.read(); got != "" {
		t.Errorf("announced: %s", got)
	}
	l.done(nil)
}

func TestAStatementThatIsSentAgainIsOneWrite(t *testing.T) {
	t.Parallel()
	d, j, pool := announcing(t, Config{MaxConns: 1})
	if err := d.QueryRow(t.Context(), addA, 1).Scan(nil); err != nil {
		t.Fatal(err)
	}
	j.read()
	if _, err := pool.Exec(t.Context(), "ALTER TABLE a ALTER n TYPE bigint"); err != nil {
		t.Fatal(err)
	}
	if err := d.QueryRow(t.Context(), addA, 2).Scan(nil); err != nil || d.stats().Replays != 1 {
		t.Errorf("%v, %d replays", err, d.stats().Replays)
	}
	if got := j.read(); got != "before a; after a committed" {
		t.Errorf("calls: %s", got)
	}
}

func TestAPanicOfTheInvalidatorFailsNoWrite(t *testing.T) {
	t.Parallel()
	d, j, _ := announcing(t, Config{MaxConns: 1})
	j.look = func(string) { panic("of the invalidator") }
	if _, err := d.Exec(t.Context(), addA, 1); err != nil {
		t.Error(err)
	}
	if got := j.read(); got != "before a; after a committed" {
		t.Errorf("calls: %s", got)
	}
	if n := d.stats().InUse; n != 0 {
		t.Errorf("%d connections in use", n)
	}
}

func TestAPanicOfTheLogEndsEachWrite(t *testing.T) {
	t.Parallel()
	log := &faultyLog{Handler: slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})}
	d, j, _ := announcing(t, Config{Logger: slog.New(log)})
	message := "check-in"
	for name, use := range map[string]func() error{
		"a statement": func() error { _, err := d.Exec(t.Context(), addB, 1); return err },
		"a connection": func() error {
			return d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { return nil }, stmt.Effects{Writes: []string{"b"}})
		},
		"a transaction": func() error {
			tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
			if err == nil {
				_, err = tx.Exec(t.Context(), addB, 2)
			}
			if err != nil {
				return err
			}
			return tx.Commit(t.Context())
		},
	} {
		j.read()
		log.at.Store(&message)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			t.Errorf("%s: %v", name, use())
		}()
		log.at.Store(nil)
		if got := j.read(); got != "before b; after b committed" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
