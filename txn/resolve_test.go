package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// definite are the ways to a definite outcome.
var definite = map[string]Op{
	"Resolve":    {Name: "increment", Commit: Resolve},
	"Idempotent": {Name: "increment", Commit: Idempotent},
}

// key makes an Idempotent operation another piece of work.
func (op Op) key(format string, args ...any) Op {
	if op.Commit == Idempotent {
		op.Key = fmt.Sprintf(format, args...)
	}
	return op
}

func increment(ctx context.Context, tx *Tx) error {
	_, err := tx.Exec(ctx, `UPDATE items SET n = n + 1`)
	return err
}

// impatient is a configuration that does not wait long for what never comes.
var impatient = Config{CommitTimeout: 300 * time.Millisecond, ResolveTimeout: 20 * time.Second}

func TestEveryLostCommitIsResolved(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := &wire{}
			l := setup(t, net.attach)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			r := newRunner(t, l.pool, impatient)
			for f := range fates {
				before := l.number(`SELECT n FROM items`)
				net.plan(f)
				err := Run(bounded(t), r, op.key("fate %d", f), increment)
				net.plan()
				net.release()
				var unknown *CommitUnknownError
				if errors.As(err, &unknown) {
					t.Fatalf("fate %d: %v", f, err)
				}
				applied := l.number(`SELECT n FROM items`) - before
				if applied > 1 || (applied == 1) != (err == nil) {
					t.Fatalf("fate %d: applied %d times, error %v", f, applied, err)
				}
				if err != nil && pgerr.RemedyFor(err) != pgerr.RetryElsewhere {
					t.Errorf("fate %d: the cause is not in %v", f, err)
				}
			}
		})
	}
}

func TestWhatWasRolledBackIsRunAgainWhenAsked(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := &wire{}
			l := setup(t, net.attach)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			r := newRunner(t, l.pool, impatient)
			op.RetryLost = true
			for f := range fates {
				before := l.number(`SELECT n FROM items`)
				net.plan(f)
				err := Run(bounded(t), r, op.key("fate %d", f), increment)
				net.plan()
				net.release()
				if applied := l.number(`SELECT n FROM items`) - before; err != nil || applied != 1 {
					t.Errorf("fate %d: applied %d times, error %v", f, applied, err)
				}
			}
		})
	}
}

// slowCommit makes COMMIT of a change to items take a second.
const slowCommit = `
	CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`

func TestACommitThatIsStillUnderWayIsEndedBeforeItsFateIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, (&wire{}).attach)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			l.exec(slowCommit)
			r := newRunner(t, l.pool, Config{CommitTimeout: 100 * time.Millisecond})
			err := Run(bounded(t), r, op.key("slow"), increment)
			// A session that was not ended has the row locked until it is through.
			l.exec(`ALTER TABLE items DISABLE TRIGGER slow; UPDATE items SET n = n`)
			applied := l.number(`SELECT n FROM items`)
			if (applied == 1) != (err == nil) {
				t.Fatalf("applied %d times, error %v", applied, err)
			}
		})
	}
}

func TestFlushesOfTheCommitModes(t *testing.T) {
	t.Parallel()
	for mode, extra := range map[CommitMode]int{ReturnUnknown: 0, Idempotent: 0, Resolve: 1} {
		counter, net := pgtest.NewCounter(), &wire{}
		noPing := func(cfg *pgxpool.Config) {
			cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
		}
		l := setup(t, one, noPing, counter.Attach, net.attach)
		l.exec(`INSERT INTO items VALUES (1, 0)`)
		const statements = 4
		work := func(key string) {
			op := Op{
				Name: "count", Iso: pgx.Serializable, Commit: mode, StatementTimeout: time.Minute, Settings: map[string]string{"app.tenant": "a"},
			}.key("%s", key)
			err := Run(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) error {
				for range statements {
					if _, err := tx.Exec(ctx, `UPDATE items SET n = n + $1`, 1); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		work("first")  // makes the table of markers, and prunes it
		work("second") // prepares the statements
		counter.Reset()
		_, before := net.counts()
		work("third")
		_, after := net.counts()
		if want := statements + 2 + extra; after-before != want || counter.RoundTrips() != want {
			t.Errorf("mode %d: %d flushes and %d round trips for %d statements: %q", mode, after-before, counter.RoundTrips(), statements, counter.Statements())
		}
	}
}

func TestOverASingleConnectionThereIsNobodyToAsk(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, net.attach)
	conn, err := pgx.ConnectConfig(t.Context(), l.pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	net.plan(cutAfter)
	err = Run(t.Context(), newRunner(t, conn, Config{}), Op{Name: "add", Commit: Resolve}, func(ctx context.Context, tx *Tx) error {
		return insert(ctx, tx, 1)
	})
	var unknown *CommitUnknownError
	if !errors.As(err, &unknown) || !errors.Is(err, errOneConnection) {
		t.Errorf("error is %v", err)
	}
}

func TestNotifyHasAFateToo(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, net.attach)
	listener := l.db.Conn()
	if _, err := listener.Exec(t.Context(), `LISTEN news`); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, l.pool, impatient)
	for f, want := range map[fate]bool{cutBefore: false, cutAfter: true} {
		net.plan(f)
		err := Run(bounded(t), r, Op{Name: "notify", Commit: Resolve}, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, `SELECT pg_notify('news', '')`)
			return err
		})
		if (err == nil) != want {
			t.Errorf("fate %d: error %v", f, err)
		}
	}
	if _, err := listener.WaitForNotification(bounded(t)); err != nil {
		t.Error(err)
	}
}

func TestATransactionThatCannotBeIdentifiedIsNotCommitted(t *testing.T) {
	t.Parallel()
	srv := pgtest.NewServer(t)
	l := setupOn(t, srv.DSN())
	l.exec(`CREATE ROLE app LOGIN; GRANT ALL ON items TO app; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`)
	r := newRunner(t, openPool(t, asRole(t, srv.DSN(), "app")), Config{})
	err := Run(t.Context(), r, Op{Name: "add", Commit: Resolve}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 1) })
	var unknown *CommitUnknownError
	if pgerr.Code(err) != "42501" || errors.As(err, &unknown) || l.rows() != 0 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

func TestAConflictWhileTheTransactionIsIdentifiedIsRunAgain(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 1), (2, 1)`)
	errs := both(t, l.runner, Op{Name: "off call", Iso: pgx.Serializable, Commit: Resolve}, goOffCall)
	if n := l.number(`SELECT count(*) FROM items WHERE n = 1`); n != 1 {
		t.Errorf("%d remain on call, errors %v", n, errs)
	}
	if !slices.Contains(errs[:], error(nil)) {
		t.Errorf("errors %v", errs)
	}
}
