package contention

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// methods are those of the arms that are written in Go, by their names.
func methods() map[string]method {
	return map[string]method{
		"plain pgx":        retrying(atOnce),
		"full jitter":      retrying(fullJitter),
		"long exponential": retrying(longExponential),
		"sqlkeel":          keeping,
	}
}

func TestAllArmsSendTheSameStatements(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.refill(t, 2)
	want := []string{"begin isolation level serializable", selectBalance, selectBalance, updateBalance, updateBalance, "commit"}
	for name, m := range methods() {
		counter := pgtest.NewCounter()
		pool, err := openPool(t.Context(), l.dsn, 1, counter.Attach)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		newWork, err := m(pool, pgx.TxOptions{IsoLevel: pgx.Serializable})
		if err != nil {
			t.Fatal(err)
		}
		do := newWork(t.Context())
		for range 2 {
			counter.Reset()
			attempts, err := do(pair{1, 2})
			if err != nil || attempts != 1 {
				t.Errorf("%s: %d attempts, %v", name, attempts, err)
			}
			if got := counter.Statements(); !slices.Equal(got, want) || counter.RoundTrips() != len(want) {
				t.Errorf("%s sent %q in %d round trips, want %q", name, got, counter.RoundTrips(), want)
			}
		}
	}
}

// beaten makes do lose its first attempt: another transaction holds one of its
// rows, and changes it.
func beaten(t *testing.T, l *lab, do work) (attempts int, err error) {
	t.Helper()
	other, err := l.bank.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), `UPDATE accounts SET version = version WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		attempts, err = do(pair{1, 2})
	}()
	waitForLock(t, l)
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
	return attempts, err
}

// waitForLock returns when some transaction waits for another.
func waitForLock(t *testing.T, l *lab) {
	t.Helper()
	look, err := pgx.Connect(t.Context(), l.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = look.Close(context.Background()) }()
	for {
		var waiting bool
		err := look.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting {
			return
		}
	}
}

func TestAllArmsTryAgainUntilItIsDone(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for name, m := range methods() {
		l.refill(t, 2)
		pool, err := openPool(t.Context(), l.dsn, 1)
		if err != nil {
			t.Fatal(err)
		}
		newWork, err := m(pool, pgx.TxOptions{IsoLevel: pgx.Serializable})
		if err != nil {
			t.Fatal(err)
		}
		if attempts, err := beaten(t, l, newWork(t.Context())); err != nil || attempts != 2 {
			t.Errorf("%s: %d attempts, %v, want 2", name, attempts, err)
		}
		if wrong, err := l.bank.audit(t.Context(), 2, 1); err != nil || len(wrong) != 0 {
			t.Errorf("%s: %q, %v", name, wrong, err)
		}
		pool.Close()
	}
}

func TestAPoolIsFullAndWarm(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.refill(t, 2)
	pool, err := openPool(t.Context(), l.dsn, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if stat := pool.Stat(); stat.IdleConns() != 3 || stat.MaxConns() != 3 {
		t.Errorf("%d idle of %d", stat.IdleConns(), stat.MaxConns())
	}
	for range 3 {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		var generic int
		err = conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_prepared_statements
			WHERE generic_plans > 0 AND statement = ANY($1)`, []string{selectBalance, updateBalance}).Scan(&generic)
		if err != nil || generic != 2 {
			t.Errorf("%d statements have their plan, %v, want 2", generic, err)
		}
	}
	if wrong, err := l.bank.audit(t.Context(), 2, 0); err != nil || len(wrong) != 0 {
		t.Errorf("warming had effects: %q, %v", wrong, err)
	}
}

func TestAPoolThatCannotConnectSaysSo(t *testing.T) {
	t.Parallel()
	if _, err := openPool(t.Context(), "postgres://nobody@127.0.0.1:1/none", 2); err == nil {
		t.Error("no error")
	}
	if _, err := openPool(t.Context(), "postgres://bad port:x", 2); err == nil {
		t.Error("no error for a DSN that is none")
	}
}

func TestEveryGoArmHasItsEffects(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, a := range goArms() {
		r := l.short(4, 10)
		l.refill(t, r.Rows)
		s, err := a.run(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		if s.rate <= 0 || s.p50 <= 0 || s.p99 < s.p50 || s.max < s.p99 || s.max > 30*time.Second {
			t.Errorf("%s: %+v", a.name, s)
		}
		if wrong, err := l.bank.audit(t.Context(), r.Rows, s.committed); err != nil || len(wrong) != 0 {
			t.Errorf("%s: %q, %v", a.name, wrong, err)
		}
	}
}
