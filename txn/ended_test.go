package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
)

// waitForCalls waits until the Invalidator was called as often, while step is run, and returns
// the calls.
func (l *notified) waitForCalls(n int, step func()) (calls []string) {
	l.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(calls) < n && time.Now().Before(deadline); {
		step()
		calls = append(calls, l.take("shop")...)
	}
	return calls
}

func TestAfterALostCommitItsSessionIsAskedForByLaterTransactions(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setupNotified(t, net.attach)
	net.plan(late)
	lost := Run(bounded(t), l.runner, Op{Name: "x"}, runs(addItem, 1))
	var unknown *CommitUnknownError
	if !errors.As(lost, &unknown) {
		t.Fatal(lost)
	}
	if calls := l.take("shop"); !slices.Equal(calls, []string{"before items", "after items unknown"}) {
		t.Fatalf("while its session waits for COMMIT: %q", calls)
	}
	for range 3 {
		if err := Run(t.Context(), l.runner, Op{Name: "y"}, nothing); err != nil {
			t.Fatal(err)
		}
	}
	if calls := l.take("shop"); len(calls) > 0 {
		t.Fatalf("later transactions ask: %q", calls)
	}
	net.release()
	calls := l.waitForCalls(1, func() { _ = Run(t.Context(), l.runner, Op{Name: "z"}, nothing) })
	if !slices.Equal(calls, []string{"after items ended"}) || l.rows() != 1 {
		t.Errorf("when it is gone: %q, %d rows", calls, l.rows())
	}
}

func TestALostCommitOfASessionThatIsGoneEndsBeforeDoReturns(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setupNotified(t, net.attach)
	net.plan(cutAfter)
	err := Run(bounded(t), l.runner, Op{Name: "x"}, runs(addItem, 1))
	// On a busy machine the server may take longer than Do waits.
	calls := l.waitForCalls(3, func() { _ = Run(t.Context(), l.runner, Op{Name: "y"}, nothing) })
	if !slices.Equal(calls, []string{"before items", "after items unknown", "after items ended"}) {
		t.Errorf("error %v: %q", err, calls)
	}
}

func TestOverADBTheMonitorWaitsForLostCommits(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	d, err := db.Open(t.Context(), db.Config{DSN: l.db.DSN(), Name: "shop", Statements: known, Invalidator: l.ledger, HealthInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(bounded(t)) })
	r := newRunner(t, d, Config{})
	l.exec("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'")
	l.exec("CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()")
	for name, op := range map[string]Op{"returned": {Name: "x"}, "resolved": {Name: "y", Commit: Resolve}} {
		lost := Run(t.Context(), r, op, runs(addItem, 1))
		want := "after items ended"
		if op.Commit == Resolve {
			want = "after items aborted"
		}
		calls := l.waitForCalls(3, runtime.Gosched)
		if !slices.Equal(calls, []string{"before items", "after items unknown", want}) {
			t.Errorf("%s: %q", fmt.Sprint(name, ": ", lost), calls)
		}
	}
}

// faultyLog is a log's handler that panics at a message.
type faultyLog struct{ at string }

// Enabled says yes.
func (*faultyLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle panics at the message.
func (f *faultyLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == f.at {
		panic("a log")
	}
	return nil
}

// WithAttrs ignores them.
func (f *faultyLog) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup ignores it.
func (f *faultyLog) WithGroup(string) slog.Handler { return f }

func TestAPanicOfTheLogEndsTheWritesOfAUnit(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	log := &faultyLog{at: "check-in"}
	d, err := db.Open(t.Context(), db.Config{DSN: l.db.DSN(), Name: "shop", Statements: known, Invalidator: l.ledger, HealthInterval: time.Hour, Logger: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(bounded(t)) })
	r := newRunner(t, d, Config{})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = Run(t.Context(), r, Op{Name: "x"}, runs(addItem, 1))
	}()
	if calls := l.waitForCalls(2, runtime.Gosched); len(calls) < 2 || !slices.Equal(calls[:2], []string{"before items", "after items committed"}) {
		t.Errorf("%q", calls)
	}
}
