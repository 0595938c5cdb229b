package history_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/history"
	"github.com/sqlkeel/sqlkeel/txn"
)

// client is what a program makes of the outcome of a transaction.
type client func(context.Context, *txn.Runner, txn.Op, work) (result, error)

// again takes an outcome that is unknown for a failure, and tries again.
func again(ctx context.Context, r *txn.Runner, op txn.Op, fn work) (result, error) {
	got, err := txn.Do(ctx, r, op, fn)
	if isUnknown(err) {
		return txn.Do(ctx, r, op, fn)
	}
	return got, err
}

// gloomy takes it for a failure.
func gloomy(ctx context.Context, r *txn.Runner, op txn.Op, fn work) (result, error) {
	got, err := txn.Do(ctx, r, op, fn)
	if isUnknown(err) {
		return got, errors.New("lost")
	}
	return got, err
}

// hopeful takes it for a success.
func hopeful(ctx context.Context, r *txn.Runner, op txn.Op, fn work) (result, error) {
	var last result
	_, err := txn.Do(ctx, r, op, func(ctx context.Context, tx *txn.Tx) (_ result, err error) {
		last, err = fn(ctx, tx)
		return last, err
	})
	if isUnknown(err) {
		err = nil
	}
	return last, err
}

func isUnknown(err error) bool {
	var unknown *txn.CommitUnknownError
	return errors.As(err, &unknown)
}

// Each client loses the answer to a COMMIT that is carried out, or that is not.
func TestAClientThatMisjudgesALostCommitIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client client
		loses  func(l *lab, pid int)
		want   history.Kind
	}{
		"carried out and said to be unknown":     {txn.Do[result], cut, ""},
		"carried out and said to have failed":    {gloomy, cut, history.AppliedFailure},
		"carried out and tried again":            {again, cut, history.DoubleApplication},
		"carried out and said to be a success":   {hopeful, cut, ""},
		"not carried out and said to be unknown": {txn.Do[result], kill, ""},
		"not carried out and said to be failed":  {gloomy, kill, ""},
		"not carried out and tried again":        {again, kill, ""},
		"not carried out and said to succeed":    {hopeful, kill, history.Lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, time.Minute)
			l.do = c.client
			if err := verdict(history.Check(l.lose(c.loses), history.RealTime), c.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// cut takes the client away from the session that commits.
func cut(l *lab, _ int) { l.proxy.Cut() }

// kill ends the session that commits.
func kill(l *lab, pid int) { l.exec(`SELECT pg_terminate_backend($1, 30000)`, pid) }

// slowCommit lets COMMIT wait for a lock. When a connection breaks, the driver
// asks the server to cancel what runs on it, which must not end the wait.
const slowCommit = `
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		LOOP
			BEGIN
				PERFORM pg_advisory_xact_lock(1);
				RETURN NULL;
			EXCEPTION WHEN query_canceled THEN
			END;
		END LOOP;
	END $$;
	CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON lists DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()`

// lose runs a transaction whose COMMIT waits on the server until the answer is
// certain to be lost.
func (l *lab) lose(loses func(l *lab, pid int)) *history.History {
	l.exec(slowCommit)
	l.exec(`SELECT pg_advisory_lock(1)`)
	var t history.Txn
	var group sync.WaitGroup
	group.Go(func() {
		t = l.run(1, txn.Op{Name: "lists", Iso: pgx.Serializable}, plan{ops: []history.Op{history.Append(1, 1)}})
	})
	pid := 0
	for pid == 0 && l.ctx.Err() == nil {
		pid = l.number(`SELECT coalesce(min(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	}
	loses(l, pid)
	l.exec(`SELECT pg_advisory_unlock(1)`)
	group.Wait()
	h := &history.History{Txns: []history.Txn{t}}
	// The session that lost its client ends by itself, when it has committed.
	for left := 1; left > 0; {
		left = l.number(`SELECT count(*) FROM pg_stat_activity WHERE pid = $1`, pid)
	}
	h.Final = l.final()
	return h
}
