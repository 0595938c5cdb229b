package reads

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/store"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// arm is a way to read, with connections of its own.
type arm struct {
	name   string
	q      *store.Queries
	sleeps sleeper
	shared func() (reads, trips int64) // that shared round trips so far
	close  func()
}

// sleeper is what a pgxpool and a db.DB have in common for statements without rows.
type sleeper interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// The names of the arms. The pgxpool has two, to know how far one thing is from itself.
const (
	bare  = "pgxpool"
	again = "pgxpool again"
	ours  = "sqlkeel"
	alone = "sqlkeel, ShareReads 1"
	kept  = "sqlkeel, ReadConns 2"
)

// sleep is the slow statement of a mixed load.
const sleep = `SELECT pg_sleep(0.001)`

// statements is what a service would know of its own by generated code.
var statements = stmt.Join(store.Statements, stmt.Declare(sleep, stmt.Effects{ReadOnly: true, Volatile: true}))

// openArms opens those of a cell.
func openArms(ctx context.Context, dsn string, c Cell) (arms []*arm, err error) {
	defer func() {
		if err != nil {
			closeArms(arms)
		}
	}()
	for _, name := range []string{bare, again} {
		a, err := openBare(ctx, name, dsn, c.Conns)
		if err != nil {
			return arms, err
		}
		arms = append(arms, a)
	}
	for _, name := range c.ours() {
		a, err := openOurs(ctx, name, dsn, c.Conns)
		if err != nil {
			return arms, err
		}
		arms = append(arms, a)
	}
	return arms, nil
}

// ours are the names of sqlkeel's arms in a cell, the one that is judged first.
func (c Cell) ours() []string {
	switch {
	case c.Others == Sleeps:
		return []string{ours, kept}
	case c.Others == NoOthers && c.Conns == 8 && c.Callers >= 16 && c.setting() == "":
		return []string{ours, alone}
	}
	return []string{ours}
}

func closeArms(arms []*arm) {
	for _, a := range arms {
		a.close()
	}
}

func openBare(ctx context.Context, name, dsn string, conns int) (*arm, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(conns)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	none := func() (int64, int64) { return 0, 0 }
	return &arm{name: name, q: store.New(pool), sleeps: pool, shared: none, close: pool.Close}, nil
}

func openOurs(ctx context.Context, name, dsn string, conns int) (*arm, error) {
	cfg := db.Config{DSN: dsn, MaxConns: conns, Statements: statements}
	switch name {
	case alone:
		cfg.ShareReads = 1
	case kept:
		cfg.ReadConns = 2
	}
	d, err := db.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	shared := func() (reads, trips int64) {
		stats := d.Health().Pool
		return stats.SharedReads, stats.SharedBatches
	}
	return &arm{name: name, q: store.New(d), sleeps: d, shared: shared, close: func() { _ = d.Close(context.WithoutCancel(ctx)) }}, nil
}

// warmReads are enough on a connection for its statement to be prepared, and for the
// server to have chosen between plans.
const warmReads = 20

// warm makes all connections ready for a cell's statements.
func (a *arm) warm(ctx context.Context, t *table, c Cell) error {
	do := []operation{t.read(a)}
	if c.Others != NoOthers {
		do = append(do, t.others(a, c.Others))
	}
	var callers sync.WaitGroup
	errs := make([]error, c.Conns)
	for i := range errs {
		callers.Go(func() {
			for n := range warmReads {
				for _, do := range do {
					errs[i] = errors.Join(errs[i], do(ctx, uint64(i*warmReads+n)))
				}
			}
		})
	}
	callers.Wait()
	return errors.Join(errs...)
}

// operation is one statement. The number decides its arguments.
type operation func(ctx context.Context, n uint64) error

// table is the rows and what they should be.
type table struct {
	rows   int
	book   func(id int64) rivals.Book
	prices atomic.Bool // they were changed
}

func (t *table) id(n uint64) int64 { return int64(n%uint64(t.rows)) + 1 }

// read reads one row by its key and compares it.
func (t *table) read(a *arm) operation {
	return func(ctx context.Context, n uint64) error {
		id := t.id(n)
		got, err := a.q.BookByID(ctx, id)
		if err != nil {
			return fmt.Errorf("read row %d: %w", id, err)
		}
		want := t.book(id)
		if got.ID != id || got.AuthorID != want.AuthorID || got.Isbn != want.ISBN || got.Title != want.Title || got.Stock != want.Stock ||
			!got.AddedAt.Equal(want.AddedAt) || got.Price != want.Price && !t.prices.Load() {
			return wrongRow(fmt.Sprintf("row %d is %+v, want %+v", id, got, want))
		}
		return nil
	}
}

// wrongRow is returned when a read got another row than that of its key.
type wrongRow string

// Error returns which.
func (w wrongRow) Error() string { return string(w) }

// others does a statement beside the reads.
func (t *table) others(a *arm, kind Others) operation {
	if kind == Sleeps {
		return func(ctx context.Context, _ uint64) error {
			_, err := a.sleeps.Exec(ctx, sleep)
			return err
		}
	}
	return func(ctx context.Context, n uint64) error {
		t.prices.Store(true)
		id := t.id(n)
		changed, err := a.q.SetPrice(ctx, int64(n%10_000)+1, id)
		if err == nil && changed != 1 {
			err = fmt.Errorf("the update of row %d changed %d rows, want 1", id, changed)
		}
		return err
	}
}
