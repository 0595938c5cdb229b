package txn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestOnlyAnAnswerOfSeverityErrorIsADefiniteAbort(t *testing.T) {
	t.Parallel()
	answer := func(severity, code string) error {
		return &pgconn.PgError{Severity: "localized", SeverityUnlocalized: severity, Code: code}
	}
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"deferred unique constraint", answer("ERROR", "23505"), true},
		{"serialization failure", answer("ERROR", "40001"), true},
		{"canceled", answer("ERROR", "57014"), true},
		{"wrapped", fmt.Errorf("x: %w", answer("ERROR", "23505")), true},
		{"an old server", &pgconn.PgError{Severity: "ERROR", Code: "23505"}, true},
		{"statement completion unknown", answer("ERROR", "40003"), false},
		{"transaction resolution unknown", answer("ERROR", "08007"), false},
		{"fatal", answer("FATAL", "57P01"), false},
		{"panic", answer("PANIC", "XX000"), false},
		{"no severity", answer("", "23505"), false},
		{"end of file", io.EOF, false},
		{"connection closed", pgconn.ErrConnClosed, false},
		{"deadline", context.DeadlineExceeded, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := &fakeDB{commit: func(int) error { return tc.err }}
			r := newRunner(t, db, Config{})
			err := Run(t.Context(), r, Op{Name: "x", MaxAttempts: 1}, func(context.Context, *Tx) error { return nil })
			var unknown *CommitUnknownError
			if errors.As(err, &unknown) == tc.want || !errors.Is(err, tc.err) {
				t.Errorf("error is %v", err)
			}
			if db.commits != 1 {
				t.Errorf("%d times COMMIT", db.commits)
			}
		})
	}
}

func TestADeferredConstraintAtCommitIsADefiniteFailure(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`ALTER TABLE items ADD CONSTRAINT items_n_key UNIQUE (n) DEFERRABLE INITIALLY DEFERRED`)
	got, err := Do(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) (int, error) {
		return 1, errors.Join(insert(ctx, tx, 1), insert(ctx, tx, 2))
	})
	var unknown *CommitUnknownError
	if violated(err) != "items_n_key" || errors.As(err, &unknown) || got != 0 {
		t.Errorf("result %d, error %v", got, err)
	}
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// Each increment is tried once by its caller; the network is what it is.
func TestALostCommitIsUnknownAndNeverAppliedTwice(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, net.attach, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	impatient := newRunner(t, l.pool, Config{CommitTimeout: 200 * time.Millisecond})
	var succeeded, unknown int
	for f := range fates {
		before := l.number(`SELECT n FROM items`)
		net.plan(f)
		r := l.runner
		if f == silence {
			r = impatient
		}
		err := Run(bounded(t), r, Op{Name: "increment"}, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, `UPDATE items SET n = n + 1`)
			return err
		})
		net.plan()
		net.release()
		var lost *CommitUnknownError
		switch {
		case err == nil:
			succeeded++
		case errors.As(err, &lost):
			unknown++
		default:
			t.Fatalf("fate %d: %v", f, err)
		}
		if (err == nil) != (f == delivered) {
			t.Errorf("fate %d: error %v", f, err)
		}
		if applied := l.number(`SELECT n FROM items`) - before; applied > 1 {
			t.Fatalf("fate %d: applied %d times, error %v", f, applied, err)
		}
	}
	if n := l.number(`SELECT n FROM items`); n < succeeded || n > succeeded+unknown {
		t.Fatalf("%d applied, %d succeeded, %d unknown", n, succeeded, unknown)
	}
}

func TestAConnectionLostBeforeCommitIsADefiniteFailure(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, returned := range []error{nil, errBoom} {
		err := Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			if pgerr.KindOf(err) != pgerr.Disconnected {
				t.Errorf("the server's last words: %v", err)
			}
			return returned
		})
		var unknown *CommitUnknownError
		if errors.As(err, &unknown) || (returned != nil && err != returned) {
			t.Errorf("error is %v", err)
		}
		if returned == nil && (!errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "57P01") {
			t.Errorf("error is %v, want the cause", err)
		}
		if n := l.rows(); n != 0 {
			t.Errorf("%d rows", n)
		}
	}
}

func TestABackendKilledBeforeCommitIsUnknown(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
		var pid int
		if err := tx.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		// The wait is the server's: until the backend is gone. The client has
		// not noticed when it sends COMMIT.
		_, err := l.pool.Exec(ctx, `SELECT pg_terminate_backend($1, 10000)`, pid)
		return errors.Join(err, ctx.Err())
	})
	var unknown *CommitUnknownError
	if !errors.As(err, &unknown) || unknown.Op != "add" {
		t.Errorf("error is %v", err)
	}
}

func TestOnceCommitIsSentTheContextHasNoInfluence(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	db := &fakeDB{commit: func(int) error { cancel(); return nil }}
	r := newRunner(t, db, Config{})
	got, err := Do(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) (int, error) { return 7, nil })
	if err != nil || got != 7 {
		t.Errorf("result %d, error %v", got, err)
	}
}

func TestTheWaitForCommitIsDetachedAndBounded(t *testing.T) {
	t.Parallel()
	var seen context.Context
	db := &commitSpy{seen: func(ctx context.Context) { seen = ctx }}
	r := newRunner(t, db, Config{CommitTimeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	deadline, ok := seen.Deadline()
	if left := time.Until(deadline); !ok || left <= 0 || left > time.Minute {
		t.Errorf("COMMIT ran with %v left", left)
	}
}

// commitSpy shows the context that COMMIT runs on.
type commitSpy struct{ seen func(context.Context) }

func (s *commitSpy) BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error) {
	return &spiedTx{fakeTx: fakeTx{db: &fakeDB{}}, spy: s}, nil
}

type spiedTx struct {
	fakeTx
	spy *commitSpy
}

func (tx *spiedTx) Commit(ctx context.Context) error {
	tx.spy.seen(ctx)
	return ctx.Err()
}
