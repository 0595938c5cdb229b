package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMoreReadersThanGroupsHoldAreAllAnswered(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 2, ShareReads: 4})
	var ids []int
	for id := range 50 {
		ids = append(ids, id+1)
	}
	for i, err := range s.together(t, s.reads(t, ids...)...) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads+2 < 50 || got.SharedBatches < 12 || got.InUse != 0 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
}

func TestSkippedReadsAreSentAgain(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	var calls []func() error
	fails := func() error { return s.QueryRow(t.Context(), itemHalf, 13).Scan(new(int)) }
	for id := range 60 {
		calls = append(calls, s.reads(t, id+1)...)
	}
	for _, i := range []int{0, 7, 8, 9, 30, 59} {
		calls[i] = fails
	}
	errs := s.together(t, calls...)
	for i, err := range errs {
		_, isOne := map[int]bool{0: true, 7: true, 8: true, 9: true, 30: true, 59: true}[i]
		if isOne != (err != nil) || isOne && !strings.Contains(err.Error(), "22012") {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 60 || got.SharedBatches != 1 {
		t.Errorf("%+v", got)
	}
}

// isolate sets the default isolation of a database.
func isolate(t *testing.T, pg *pgtest.DB, isolation string) {
	t.Helper()
	execute(t, pg.Conn(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), '`+isolation+`'); END $$`)
}

func TestASerializableBatchKeepsNoStatementThatWrites(t *testing.T) {
	t.Parallel()
	const writes = "SELECT bump($1)"
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE bumps (n int)", `CREATE FUNCTION bump(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO bumps VALUES (n) RETURNING n'`)
	isolate(t, pg, "serializable")
	s := shareOn(t, pg, Config{Statements: unique(writes)})
	var calls []func() error
	for n := range 3 {
		calls = append(calls, func() error { return s.QueryRow(t.Context(), writes, n).Scan(new(int)) })
	}
	for i, err := range s.together(t, calls...) {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if s.shares.known[s.cfg.Statements.Lookup(writes)].Load() != never {
		t.Error("the statement may take part again")
	}
}

// The server checks at COMMIT whether a serializable transaction saw what there was. After
// an error there is none.
func TestWhatASerializableBatchReadBeforeAnErrorDoesNotCount(t *testing.T) {
	t.Parallel()
	for isolation, want := range map[string]int64{"read committed": 3, "serializable": 0} {
		pg := sharedItems(t)
		isolate(t, pg, isolation)
		s := shareOn(t, pg, Config{Statements: unique(itemName, itemHalf)})
		calls := s.reads(t, 1, 2, 3)
		calls = append(calls, func() error { return s.QueryRow(t.Context(), itemHalf, 13).Scan(new(int)) })
		before := s.stats().SharedReads
		for i, err := range s.together(t, calls...) {
			if (i == 3) != (err != nil) || i == 3 && !strings.Contains(err.Error(), "22012") {
				t.Errorf("%s, read %d: %v", isolation, i, err)
			}
		}
		if n := s.stats().SharedReads - before; n != want+want/3 { // with the one that failed
			t.Errorf("%s: %d reads were answered by the batch, want %d", isolation, n, want)
		}
	}
}

func TestAHeadThatLeavesPassesItsPlaceOn(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	calls := []func() error{func() error { _, err := s.name(ctx, 1); return err }}
	calls = append(calls, s.reads(t, 2, 3, 4)...)
	head := make(chan error, 1)
	go func() { head <- calls[0]() }()
	eventually(t, "the head", func() bool { return s.waiters() == 1 })
	var rest []chan error
	for i, call := range calls[1:] {
		c := make(chan error, 1)
		go func() { c <- call() }()
		rest = append(rest, c)
		eventually(t, "a follower", func() bool { return s.waiters() == i+2 })
	}
	cancel()
	if err := receive(t, "the head's end", head); !errors.Is(err, context.Canceled) {
		t.Errorf("the head: %v", err)
	}
	s.free()
	for i, c := range rest {
		if err := receive(t, "a follower's row", c); err != nil {
			t.Errorf("follower %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 3 || got.SharedBatches != 1 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
}

// lockWaiters are the sessions of the database that wait for a lock of a table. Those of
// other tests are in other databases.
const lockWaiters = "FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

// Both the one that leads and one that follows leave while the batch waits for a lock.
func TestACallerThatLeavesABatchDisturbsNobody(t *testing.T) {
	t.Parallel()
	for _, leaver := range []int{0, 2} {
		t.Run(fmt.Sprint(leaver), func(t *testing.T) {
			t.Parallel()
			s := share(t, Config{})
			lock := s.pg.Conn()
			execute(t, lock, "BEGIN", "LOCK TABLE items")
			ctx, cancel := context.WithCancel(t.Context())
			calls := s.reads(t, 1, 2, 3, 4, 5)
			calls[leaver] = func() error { _, err := s.name(ctx, leaver+1); return err }
			left := make(chan error, 1)
			inner := calls[leaver]
			calls[leaver] = func() error {
				err := inner()
				left <- err
				return err
			}
			unlocked := make(chan struct{})
			go func() {
				defer close(unlocked)
				eventually(t, "a batch that waits for the lock", func() bool {
					return number(t, lock, "SELECT count(*) "+lockWaiters) > 0
				})
				cancel()
				err := receive(t, "the leaver's end", left)
				if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "db: read from ") { // not alone, once more
					t.Errorf("the leaver: %v", err)
				}
				execute(t, lock, "COMMIT")
			}()
			for i, err := range s.together(t, calls...) {
				if (i == leaver) != (err != nil) {
					t.Errorf("read %d: %v", i, err)
				}
			}
			receive(t, "the end of the lock", unlocked)
		})
	}
}

func TestReadsOfADyingConnectionAreRunOnceMoreByTheirCallers(t *testing.T) {
	t.Parallel()
	s := share(t, Config{Statements: unique(itemName)})
	s.batch(t).once(t) // its text is prepared, so that the batch below sends it
	s.shares.trip.Store(0)
	lock := s.pg.Conn()
	execute(t, lock, "BEGIN", "LOCK TABLE items")
	unlocked := make(chan struct{})
	go func() {
		defer close(unlocked)
		eventually(t, "a batch that waits for the lock", func() bool {
			return number(t, lock, "SELECT count(*) "+lockWaiters) > 0
		})
		_, _ = lock.Exec(t.Context(), "SELECT pg_terminate_backend(pid, 10000) "+lockWaiters)
		execute(t, lock, "COMMIT")
	}()
	for i, err := range s.together(t, s.reads(t, 1, 2, 3, 4, 5)...) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	receive(t, "the end of the lock", unlocked)
	if got := s.stats(); got.Replays != 5 || got.SharedReads != 0 || got.SharedBatches != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatWritesAfterAllIsNotRunInABatch(t *testing.T) {
	t.Parallel()
	const writes = "SELECT bump($1)"
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE bumps (n int)", `CREATE FUNCTION bump(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO bumps VALUES (n) RETURNING n'`)
	s := shareOn(t, pg, Config{Statements: unique(writes)})
	before := number(t, pg.Conn(), "SELECT count(*) FROM bumps")
	var calls []func() error
	for n := range 5 {
		calls = append(calls, func() error {
			var got int
			err := s.QueryRow(t.Context(), writes, n).Scan(&got)
			if err == nil && got != n {
				return fmt.Errorf("%d in place of %d", got, n)
			}
			return err
		})
	}
	for _, err := range s.together(t, calls...) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := number(t, pg.Conn(), "SELECT count(*) FROM bumps") - before; n != 5 {
		t.Errorf("%d rows were written by 5 calls", n)
	}
	if got := s.stats(); got.SharedReads != 0 || got.SharedBatches != 1 || got.Resets != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTextsThatTheServerForgotArePreparedAnew(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	s.shareInTheEnd(t, s.reads(t, 1, 2, 3)...)
	execute(t, s.held[0].conn, "DEALLOCATE ALL")
	s.shareInTheEnd(t, s.reads(t, 1, 2, 3)...)
	s.free()
}

// late is an argument that has no value, or panics, when it is encoded.
type late struct{ panics bool }

func (l late) Value() (driver.Value, error) {
	if l.panics {
		panic("an argument")
	}
	return nil, errors.New("no value")
}

func TestAPanicIsThatOfItsCaller(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	panicked := make(chan any, 1)
	go func() {
		defer func() { panicked <- recover() }()
		_ = s.QueryRow(t.Context(), itemName, late{true}).Scan(new(int), new(string))
	}()
	if p := receive(t, "the panic", panicked); p != "an argument" {
		t.Errorf("recovered %v", p)
	}
	for i, err := range s.together(t, s.reads(t, 1, 2, 3)...) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 3 || got.Waiting != 0 || got.InUse != 0 || s.shares.queue.readers != 0 || s.shares.queue.running != 0 {
		t.Errorf("%+v, %+v", got, &s.shares.queue)
	}
}

// broken is a context that panics when it is asked for a value.
type broken struct{ context.Context }

func (broken) Value(any) any { panic("a context") }

func TestAPanicOfAContextTakesNoTurn(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	s.free()
	for range 3 {
		func() {
			defer func() { _ = recover() }()
			_, _ = s.name(broken{t.Context()}, 1)
			t.Error("no panic")
		}()
	}
	if q := &s.shares.queue; q.readers != 0 || q.running != 0 || len(s.slots) != 0 {
		t.Errorf("%d readers, %d running, %d slots", q.readers, q.running, len(s.slots))
	}
	if _, err := s.name(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// faultyLog is a log's handler that panics at some messages.
type faultyLog struct {
	slog.Handler
	at atomic.Pointer[string]
}

func (f *faultyLog) Handle(ctx context.Context, r slog.Record) error {
	if at := f.at.Load(); at != nil && strings.Contains(*at, r.Message) {
		panic("a log")
	}
	return f.Handler.Handle(ctx, r)
}

func (f *faultyLog) WithAttrs([]slog.Attr) slog.Handler { return f }

func TestAPanicOfALogTakesNoTurnAndNoConnection(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"check-out", "check-in", "check-in, panic beside reads that share"} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			log := &faultyLog{Handler: slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})}
			s := share(t, Config{Logger: slog.New(log)})
			uses := []func() error{
				func() error { _, err := s.name(t.Context(), 1); return err },
				func() error { _, err := s.Exec(t.Context(), "SELECT 1"); return err },
			}
			var panics atomic.Int64
			attempt := func(use func() error) {
				defer func() {
					if recover() != nil {
						panics.Add(1)
					}
				}()
				_ = use()
			}
			done := make(chan struct{}, 3)
			for i := range 3 { // beside others, too
				go func() {
					attempt(uses[0])
					done <- struct{}{}
				}()
				eventually(t, "a read that waits", func() bool { return s.waiters() == i+1 })
			}
			s.free()
			log.at.Store(&message)
			for range 3 {
				receive(t, "the end of a read", done)
			}
			for _, use := range uses {
				attempt(use)
			}
			log.at.Store(nil)
			if panics.Load() == 0 {
				t.Error("no panic")
			}
			for _, use := range uses {
				if err := use(); err != nil {
					t.Error(err)
				}
			}
			if q := &s.shares.queue; q.readers != 0 || q.running != 0 || len(s.slots) != 0 || s.stats().InUse != 0 {
				t.Errorf("%d readers, %d running, %d slots, %d in use", q.readers, q.running, len(s.slots), s.stats().InUse)
			}
		})
	}
}

func TestAnArgumentThatCannotBeEncodedIsItsCallersError(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	calls := append(s.reads(t, 1, 2, 3), func() error { return s.QueryRow(t.Context(), itemName, late{}).Scan(new(int), new(string)) })
	for i, err := range s.together(t, calls...) {
		if i < 3 && err != nil || i == 3 && (err == nil || !strings.Contains(err.Error(), "no value")) {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 3 {
		t.Errorf("%+v", got)
	}
}

func TestEachReadWaitsForAcquireTimeout(t *testing.T) {
	t.Parallel()
	s := share(t, Config{AcquireTimeout: 300 * time.Millisecond})
	failed := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := s.name(t.Context(), 1)
			failed <- err
		}()
	}
	for range 3 {
		var late *AcquireTimeoutError
		if err := receive(t, "a timeout", failed); !errors.As(err, &late) || late.InUse != 1 {
			t.Errorf("error %v", err)
		}
	}
	if s.stats().AcquireTimeouts != 3 || s.waiters() != 0 {
		t.Errorf("%+v", s.stats())
	}
	s.free()
	if _, err := s.name(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// The one that leads came later than the one that follows.
func TestAReadThatFollowsWaitsNoLongerThanItsOwnTime(t *testing.T) {
	t.Parallel()
	s := share(t, Config{AcquireTimeout: time.Second})
	begun := time.Now()
	ctx, leave := context.WithCancel(t.Context())
	read := func(ctx context.Context, waiters int) chan error {
		failed := make(chan error, 1)
		go func() {
			_, err := s.name(ctx, 1)
			failed <- err
		}()
		eventually(t, "a read that waits", func() bool { return s.waiters() == waiters })
		return failed
	}
	head, follower := read(ctx, 1), read(t.Context(), 2)
	eventually(t, "half of the time", func() bool { return time.Since(begun) > 500*time.Millisecond })
	last := read(t.Context(), 3)
	leave()
	receive(t, "the head's end", head)
	var late *AcquireTimeoutError
	if err := receive(t, "the follower's end", follower); !errors.As(err, &late) {
		t.Errorf("error %v", err)
	}
	if s.waiters() != 1 {
		t.Errorf("%d wait when the follower's time is over", s.waiters())
	}
	s.free()
	if err := receive(t, "the row", last); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsReadsThatWait(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	failed := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := s.name(t.Context(), 1)
			failed <- err
		}()
	}
	eventually(t, "three reads", func() bool { return s.waiters() == 3 })
	s.end()
	for range 3 {
		if err := receive(t, "the end of a read", failed); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
	s.free()
}

func TestATextIsPreparedAnewAfterItsTableChanged(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	for _, change := range []string{"ALTER TABLE items ALTER id TYPE bigint", "ALTER TABLE items ALTER name TYPE varchar", "ALTER TABLE items ALTER id TYPE int"} {
		execute(t, s.pg.Conn(), change)
		s.shareInTheEnd(t, s.reads(t, 1, 2, 3, 4)...)
	}
	s.free()
}
