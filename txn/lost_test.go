package txn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestAConnectionLostBeforeCommitIsReplacedWhenAsked(t *testing.T) {
	t.Parallel()
	for again, hide := range map[bool]func(error) error{false: nil, true: func(error) error { return errBoom }} {
		l := setup(t)
		attempts := 0
		err := Run(t.Context(), l.runner, Op{Name: "add", RetryLost: again}, func(ctx context.Context, tx *Tx) error {
			attempts++
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			if tx.Attempt() > 1 {
				return nil
			}
			_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			if hide != nil {
				err = hide(err) // the first error counts, whatever the function makes of it
			}
			return err
		})
		if again != (err == nil) || again != (l.rows() == 1) || (attempts == 2) != again {
			t.Errorf("RetryLost %t: %d attempts, error %v", again, attempts, err)
		}
	}
}

func TestAConnectionThatProvesDeadAtBeginIsReplacedUnasked(t *testing.T) {
	t.Parallel()
	noPing := func(cfg *pgxpool.Config) {
		cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	}
	l := setup(t, one, noPing)
	admin := l.db.Pool()
	for _, op := range []Op{{Name: "plain"}, {Name: "with settings", Settings: map[string]string{"a.b": "c"}}} {
		pid := l.number(`SELECT pg_backend_pid()`)
		if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend($1, 10000)`, pid); err != nil {
			t.Fatal(err)
		}
		if err := Run(t.Context(), l.runner, op, nothing); err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

func TestARaceForAConstraintIsRunAgainTwiceAtMost(t *testing.T) {
	t.Parallel()
	key := pgerr.ConstraintID{Schema: "public", Table: "items", Name: "items_pkey"}
	other := pgerr.ConstraintID{Schema: "public", Table: "items", Name: "another"}
	l := setup(t)
	for _, tc := range []struct {
		name           string
		on             []pgerr.ConstraintID
		races          int
		attempts, rows int
	}{
		{"not listed", nil, 1, 1, 1},
		{"another listed", []pgerr.ConstraintID{other}, 1, 1, 1},
		{"one race", []pgerr.ConstraintID{other, key}, 1, 2, 1},
		{"two races", []pgerr.ConstraintID{key}, 2, 3, 2},
		{"no end of races", []pgerr.ConstraintID{key}, 9, 3, 3},
	} {
		l.exec(`TRUNCATE items`)
		attempts := 0
		// It looks for a free id; another session takes it before it does.
		id, err := Do(t.Context(), l.runner, Op{Name: "take", RetryOn: tc.on}, func(ctx context.Context, tx *Tx) (id int, err error) {
			attempts++
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM items`).Scan(&id); err != nil {
				return 0, err
			}
			if attempts <= tc.races {
				l.exec(`INSERT INTO items VALUES ($1, 1)`, id)
			}
			return id, insert(ctx, tx, id)
		})
		won := attempts > tc.races
		if attempts != tc.attempts || (err == nil) != won || (err != nil && !pgerr.Is(err, key)) || (won && id != tc.races) {
			t.Errorf("%s: %d attempts, id %d, error %v", tc.name, attempts, id, err)
		}
	}
}

// cancels has ten transactions canceled, between two statements or in the middle
// of one, and returns how many connections were opened meanwhile.
func (l *lab) cancels(r *Runner, net *wire, inside bool) (int, error) {
	before, _ := net.counts()
	for range 10 {
		ctx, cancel := context.WithCancel(context.Background())
		err := Run(ctx, r, Op{Name: "canceled"}, func(ctx context.Context, tx *Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			if !inside {
				cancel()
				return nil
			}
			return l.holding(context.Background(), 1, func() error {
				done := async(func() error { _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(1)`); return err })
				l.await(waitsForLock, 1)
				cancel()
				return <-done
			})
		})
		cancel()
		if pgerr.KindOf(err) != pgerr.Canceled {
			return 0, fmt.Errorf("error is %w", err)
		}
	}
	after, _ := net.counts()
	return after - before, differ("rows", l.rows(), 0)
}

func TestTenCanceledTransactionsOpenNoConnection(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t)
	r := newRunner(t, l.db.Pool(one, net.attach), Config{})
	dials, err := l.cancels(r, net, false)
	if err := errors.Join(err, differ("connections opened", dials, 1)); err != nil {
		t.Error(err)
	}
}

// In the middle of a statement it is the pool that decides: pgx closes the connection,
// unless it is set to ask the server to cancel.
func TestTenTransactionsCanceledInAStatementOpenNoConnectionWhereThePoolCancels(t *testing.T) {
	t.Parallel()
	net := &wire{lets: true}
	l := setup(t)
	asks := func(cfg *pgxpool.Config) {
		cfg.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Minute}
		}
	}
	dials, err := l.cancels(newRunner(t, l.db.Pool(one, net.attach, asks), Config{}), net, true)
	if err != nil || dials != 1 {
		t.Errorf("%d connections opened, error %v", dials, err)
	}
}

func TestOverADBTheSamePromisesHold(t *testing.T) {
	t.Parallel()
	l := setup(t)
	d, err := db.Open(t.Context(), db.Config{DSN: l.db.DSN(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(t.Context()) }()
	r := newRunner(t, d, Config{})
	for i, op := range []Op{
		{Name: "plain", Iso: pgx.Serializable}, {Name: "resolve", Commit: Resolve}, {Name: "idempotent", Commit: Idempotent, Key: "a"},
		{Name: "settings", Settings: map[string]string{"a.b": "c"}},
	} {
		err := Run(t.Context(), r, op, func(ctx context.Context, tx *Tx) error {
			_, err := d.Exec(ctx, named)
			if !errors.Is(err, db.ErrInTransaction) || !strings.Contains(err.Error(), op.Name) || !strings.Contains(err.Error(), "AddItem") {
				t.Errorf("%s: the pool was used inside: %v", op.Name, err)
			}
			if err := Run(ctx, r, Op{Name: "inner", Propagation: Join}, nothing); err != nil {
				t.Error(err)
			}
			return insert(ctx, tx, 10+i)
		})
		if err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
	if n := l.rows(); n != 4 || l.advisory() != 0 {
		t.Errorf("%d rows, %d locks", n, l.advisory())
	}
	refused := Run(t.Context(), r, Op{Name: "x", Settings: map[string]string{"work_mem": "much"}}, nothing)
	var setting *ConfigError
	if !errors.As(refused, &setting) || setting.Field != `Op.Settings["work_mem"]` {
		t.Errorf("error is %v", refused)
	}
}
