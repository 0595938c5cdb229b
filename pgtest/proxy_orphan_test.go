package pgtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func (w *wire) orphans(want int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), bound)
	defer cancel()
	if err := until(ctx, func() (bool, error) { return w.proxy.Orphans() == want, nil }); err != nil {
		w.t.Fatalf("%d orphans, want %d", w.proxy.Orphans(), want)
	}
}

// reaches waits until that many COMMITs have been met.
func (w *wire) reaches(n int32) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), bound)
	defer cancel()
	if err := until(ctx, func() (bool, error) { return w.met.Load() == n, nil }); err != nil {
		w.t.Fatalf("%d COMMITs were met, want %d", w.met.Load(), n)
	}
}

// idle waits until a session is idle in its transaction.
func (w *wire) idle(pid uint32) {
	w.t.Helper()
	w.becomes(1, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'idle in transaction'", pid)
}

// slow lets COMMITs of items wait until the lock is released.
func (w *wire) slow() {
	w.t.Helper()
	w.exec(w.admin, `
		CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION slow();
		SELECT pg_advisory_lock(7)`)
}

func (w *wire) lock()   { w.t.Helper(); w.exec(w.admin, "SELECT pg_advisory_lock(7)") }
func (w *wire) unlock() { w.t.Helper(); w.exec(w.admin, "SELECT pg_advisory_unlock(7)") }

// waits waits until a session's COMMIT does.
func (w *wire) waits(pid uint32) {
	w.t.Helper()
	w.becomes(1, `SELECT count(*) FROM pg_stat_activity
		WHERE pid = $1 AND wait_event_type = 'Lock' AND lower(query) = 'commit'`, pid)
}

func TestADelayedCommitIsHeldBackUntilItIsReleased(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitDelayed)
	if err := w.insert(conn, 1).Commit(t.Context()); !reset(err) {
		t.Errorf("the client sees %v", err)
	}
	// It is counted before the client can know.
	if got := w.proxy.Orphans(); got != 1 {
		t.Errorf("%d orphans, want 1", got)
	}
	awaitLive(t, w.proxy, 0)
	w.proxy.Cut()
	w.proxy.Hang()
	w.idle(conn.PgConn().PID())
	w.applied(0)
	w.proxy.ReleaseCommits()
	w.applied(1)
	w.gone(conn.PgConn().PID())
	w.orphans(0)
}

func TestADelayedCommitArrivesWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.proxy.DelayCommits(func() time.Duration { return time.Millisecond })
	w.next(CommitDelayed)
	if err := w.insert(w.dial(), 1).Commit(t.Context()); !reset(err) {
		t.Errorf("the client sees %v", err)
	}
	w.applied(1)
	w.orphans(0)
	w.proxy.DelayCommits(func() time.Duration { return time.Hour })
	w.next(CommitDelayed)
	_ = w.insert(w.dial(), 2).Commit(t.Context())
	w.orphans(1)
	w.proxy.ReleaseCommits() // sooner than that
	w.applied(2)
	w.orphans(0)
}

func TestADelayedCommitWhoseServerHasGoneIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitDelayed)
	_ = w.insert(conn, 1).Commit(t.Context())
	w.orphans(1)
	w.exec(w.admin, "SELECT pg_terminate_backend($1)", conn.PgConn().PID())
	w.orphans(0)
	w.applied(0)
}

func TestACommitCutDuringGoesOnWithoutItsClient(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.proxy.BlockCancelRequests(true)
	w.slow()
	conn := w.dial()
	w.next(CommitCutDuring)
	if err := w.insert(conn, 1).Commit(t.Context()); !reset(err) {
		t.Errorf("the client sees %v", err)
	}
	w.waits(conn.PgConn().PID())
	w.orphans(1)
	w.applied(0)
	w.unlock()
	w.applied(1)
	w.orphans(0)
	w.gone(conn.PgConn().PID())
}

// commit sends COMMIT and gives its end, which cancel brings about.
func (w *wire) commit(tx pgx.Tx) (cancel func(), ended <-chan error) {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	end := make(chan error, 1)
	go func() { end <- tx.Commit(ctx) }()
	return cancel, end
}

func TestASilentCommitIsExecutedAndNeverAnswered(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitSilent)
	cancel, ended := w.commit(w.insert(conn, 1))
	w.applied(1)
	w.proxy.Resume() // that is for Hang
	select {
	case err := <-ended:
		t.Errorf("the client heard %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the client gave up with %v", err)
	}
	w.proxy.Cut() // pgx would wait some more for a word
	awaitLive(t, w.proxy, 0)
	w.gone(conn.PgConn().PID())
	w.orphans(0)
}

func TestASilentCommitOutlivesItsClient(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.slow()
	conn := w.dial()
	w.next(CommitSilent)
	w.insert(conn, 1)
	bare := w.hijack(conn)
	w.write(bare, simple("commit"), message('X', "")) // the second is not heard
	w.waits(bare.PID)
	_ = bare.Conn.Close()
	w.orphans(1)
	awaitLive(t, w.proxy, 0)
	w.applied(0)
	w.unlock()
	w.applied(1)
	w.orphans(0)
	w.gone(bare.PID)
}

func TestALostCommitLeavesTheTransactionOpen(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitLost)
	cancel, ended := w.commit(w.insert(conn, 1))
	w.reaches(1)
	w.proxy.Resume()
	w.idle(conn.PgConn().PID())
	w.exec(w.admin, "SELECT pg_terminate_backend($1)", conn.PgConn().PID())
	w.gone(conn.PgConn().PID())
	select {
	case err := <-ended: // not even of the end of the server
		t.Errorf("the client heard %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the client gave up with %v", err)
	}
	w.proxy.Cut()
	awaitLive(t, w.proxy, 0)
	w.applied(0)
}

func TestALostTransactionOutlivesItsClient(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	conn := w.dial()
	w.next(CommitLost)
	w.insert(conn, 1)
	bare := w.hijack(conn)
	w.write(bare, simple("commit"))
	w.reaches(1)
	_ = bare.Conn.Close()
	w.orphans(1)
	awaitLive(t, w.proxy, 0)
	w.proxy.ReleaseCommits() // that is for CommitDelayed
	w.idle(bare.PID)
	w.exec(w.admin, "SELECT pg_terminate_backend($1)", bare.PID)
	w.gone(bare.PID)
	w.orphans(0)
	w.applied(0)
}

func TestTheEndOfTheTestDeliversWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	fake := newFakeT("TestThatReleasesNothing")
	fake.run(func() {
		w.proxy = NewProxy(fake, w.proxy.target)
		for id := range 3 {
			w.next(CommitDelayed)
			_ = w.insert(w.dial(), id).Commit(t.Context())
		}
		w.next(CommitLost)
		conn := w.dial()
		w.insert(conn, 9)
		w.write(w.hijack(conn), simple("commit"))
		w.reaches(4)
	})
	if w.proxy.Orphans() != 0 || w.proxy.Live() != 0 || len(fake.messages) != 0 {
		t.Errorf("%d orphans, %d live: %q", w.proxy.Orphans(), w.proxy.Live(), fake.messages)
	}
	var rows int
	if err := w.admin.QueryRow(t.Context(), "SELECT count(*) FROM items").Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows right after the end, %v; want 3", rows, err)
	}
}

func TestTheEndOfTheTestDoesNotWaitForEverForAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.slow()
	fake := newFakeT("TestWithAStuckCommit")
	fake.run(func() {
		w.proxy = NewProxy(fake, w.proxy.target)
		w.proxy.drain = time.Millisecond
		w.proxy.BlockCancelRequests(true)
		w.next(CommitCutDuring)
		conn := w.dial()
		_ = w.insert(conn, 1).Commit(t.Context())
		w.waits(conn.PgConn().PID())
	})
	if err := fake.said("has not answered 1 COMMITs within 1ms"); err != nil || fake.Failed() || w.proxy.Orphans() != 0 {
		t.Errorf("%v; failed %t, %d orphans", err, fake.Failed(), w.proxy.Orphans())
	}
	w.unlock()
	w.applied(1)
}
