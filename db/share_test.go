package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// What reads of the tests share: look-ups by the key of items.
const (
	itemName = "-- name: ItemName :one\nSELECT id, name FROM items WHERE id = $1"
	itemHalf = "-- name: ItemHalf :one\nSELECT 100 / (id - 13) FROM items WHERE id = $1"
	itemNote = "-- name: ItemNote :one\nSELECT note, repeat('x', id) FROM items WHERE id = $1"
	itemHold = "-- name: ItemHold :one\nSELECT id FROM items WHERE id = $1 AND pg_sleep($2) IS NOT NULL"
)

// unique knows statements that find at most one row by a key and change nothing.
func unique(statements ...string) *stmt.Registry {
	var list []*stmt.Registry
	for _, sql := range statements {
		list = append(list, stmt.Declare(sql, stmt.Effects{ReadOnly: true, Unique: true}))
	}
	return stmt.Join(list...)
}

// sharing is a DB on a table of a hundred items, whose connections are all held until
// free is called.
type sharing struct {
	*DB
	pg   *pgtest.DB
	held []*lease
}

func share(t *testing.T, cfg Config) *sharing {
	t.Helper()
	if cfg.Statements == nil {
		cfg.Statements = unique(itemName, itemHalf, itemNote, itemHold)
	}
	return shareOn(t, sharedItems(t), cfg)
}

// sharedItems makes the table.
func sharedItems(t *testing.T) *pgtest.DB {
	t.Helper()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, note text)",
		"INSERT INTO items SELECT n, 'item ' || n, CASE WHEN n % 2 = 0 THEN 'even' END FROM generate_series(1, 100) n")
	return pg
}

// shareOn is share on tables of the test's own.
func shareOn(t *testing.T, pg *pgtest.DB, cfg Config) *sharing {
	t.Helper()
	cfg.DSN = pg.DSN()
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 1
	}
	s := &sharing{DB: start(t, cfg), pg: pg}
	s.hold(t)
	s.describe(t)
	return s
}

// describe makes the texts known, as batches do.
func (s *sharing) describe(t *testing.T) {
	t.Helper()
	for _, known := range s.cfg.Statements.Statements() {
		text, err := s.pg.Conn().PgConn().Prepare(t.Context(), "", known.SQL, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.shares.texts.Store(known.SQL, text)
	}
}

// hold takes all connections.
func (s *sharing) hold(t *testing.T) {
	t.Helper()
	s.held = append(s.held, lent(t, s.DB, s.cfg.MaxConns-s.cfg.ReadConns)...)
}

// free gives them back.
func (s *sharing) free() {
	for _, l := range s.held {
		l.done(nil)
	}
	s.held = nil
}

// name reads an item's name.
func (s *sharing) name(ctx context.Context, id int) (string, error) {
	var found int
	var name string
	err := s.QueryRow(ctx, itemName, id).Scan(&found, &name)
	if err == nil && found != id {
		err = fmt.Errorf("item %d in place of %d", found, id)
	}
	return name, err
}

// together runs calls that all wait before the connections are free.
func (s *sharing) together(t *testing.T, calls ...func() error) []error {
	t.Helper()
	failed := make([]chan error, len(calls))
	for i, call := range calls {
		failed[i] = make(chan error, 1)
		before := s.waiters()
		go func() { failed[i] <- call() }()
		eventually(t, "a read that waits", func() bool { return s.waiters() == before+1 })
	}
	s.free()
	errs := make([]error, len(calls))
	for i := range calls {
		errs[i] = receive(t, fmt.Sprintf("the end of read %d", i), failed[i])
	}
	return errs
}

// shareInTheEnd runs calls together until all of them share, without an error. That may
// take some times, more so on a slow machine. All connections are held then.
func (s *sharing) shareInTheEnd(t *testing.T, calls ...func() error) {
	t.Helper()
	for range 20 {
		before := s.stats().SharedReads
		for i, err := range s.together(t, calls...) {
			if err != nil {
				t.Errorf("read %d: %v", i, err)
			}
		}
		s.hold(t)
		if s.stats().SharedReads-before == int64(len(calls)) {
			return
		}
	}
	t.Error("the reads go on alone")
}

func (s *sharing) reads(t *testing.T, ids ...int) (calls []func() error) {
	for _, id := range ids {
		calls = append(calls, func() error {
			name, err := s.name(t.Context(), id)
			if want := fmt.Sprint("item ", id); err == nil && name != want {
				return fmt.Errorf("%q in place of %q", name, want)
			}
			return err
		})
	}
	return calls
}

func TestReadsThatWaitShareARoundTrip(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	for i, err := range s.together(t, s.reads(t, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)...) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 10 || got.SharedBatches != 1 || got.InUse != 0 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnErrorIsThatOfItsReadAlone(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	calls := s.reads(t, 1, 2, 3)
	calls = append(calls, func() error { return s.QueryRow(t.Context(), itemHalf, 13).Scan(new(int)) })
	calls = append(calls, s.reads(t, 4, 5, 6, 1000)...)
	errs := s.together(t, calls...)
	for i, err := range errs {
		switch i {
		case 3:
			if err == nil || !strings.Contains(err.Error(), "SQLSTATE 22012") {
				t.Errorf("the division: %v", err)
			}
		case 7:
			if !errors.Is(err, pgx.ErrNoRows) {
				t.Errorf("no row: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("read %d: %v", i, err)
			}
		}
	}
	if got := s.stats(); got.SharedReads != 8 || got.SharedBatches != 1 || got.Replays != 0 {
		t.Errorf("%+v", got)
	}
}

func TestStatisticsKnowTheWaitsOfReadsThatShare(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	before := s.stats().Acquires
	s.together(t, s.reads(t, 1, 2, 3)...)
	if got := s.stats(); got.Acquires-before != 3 || got.SharedReads != 3 || got.AcquireWait.P99 == 0 {
		t.Errorf("%d acquires more, %+v", got.Acquires-before, got)
	}
}
