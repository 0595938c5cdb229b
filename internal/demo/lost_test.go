package demo

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestAWatchWaitsForSuccesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &watch{}
		w.note(nil) // before anybody waits
		w.note(errors.New("failed"))
		reached := make(chan error, 1)
		go func() { reached <- w.await(t.Context(), 3) }()
		synctest.Wait()
		for range 2 {
			w.note(nil)
			w.note(errors.New("failed"))
		}
		synctest.Wait()
		select {
		case err := <-reached:
			t.Fatalf("two of three were enough: %v", err)
		default:
		}
		w.note(nil)
		if err := <-reached; err != nil {
			t.Error(err)
		}
		w.note(nil) // no caller waits any longer
		if ok, failed := w.counts(); ok != 5 || failed != 3 {
			t.Errorf("%d succeeded, %d failed; want 5 and 3", ok, failed)
		}
	})
}

func TestAWatchGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, begin := &watch{}, time.Now()
		reached := make(chan error, 1)
		go func() { reached <- w.await(t.Context(), 3) }()
		synctest.Wait()
		w.note(nil)
		w.note(errors.New("failed"))
		err := <-reached
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 of 3 reads succeeded, 1 failed") {
			t.Errorf("error %v", err)
		}
		if waited := time.Since(begin); waited != 30*time.Second {
			t.Errorf("waited %v, want 30s", waited)
		}
		w.note(nil)
		w.note(nil)
		w.note(nil) // what it waited for comes too late
		if err := w.await(expired(t), 1); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want ctx's", err)
		}
	})
}

// expired is a context that has ended.
func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAWatchCountsForManyReaders(t *testing.T) {
	t.Parallel()
	w := &watch{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				w.note(nil)
				w.note(errors.New("failed"))
			}
		})
	}
	wg.Wait()
	if ok, failed := w.counts(); ok != 800 || failed != 800 {
		t.Errorf("%d succeeded, %d failed; want 800 each", ok, failed)
	}
}

func TestReadersStopWhenTold(t *testing.T) {
	t.Parallel()
	p := only(part{"readers", func(ctx context.Context, s *stage) (string, error) {
		w := &watch{}
		stop := s.readAllTheTime(ctx, w)
		if err := w.await(ctx, 10); err != nil {
			return "", err
		}
		stop()
		stop() // again does no harm
		return "", nil
	}}, everything().part(t, "health report")) // which sees connections in use
	if ended := perform(t, t.Context(), shared(t), p, nil); ended.err != nil {
		t.Errorf("%v\n%s", ended.err, ended.text)
	}
}

func TestNewsOfHealthNeverBlockTheMonitor(t *testing.T) {
	t.Parallel()
	s := &stage{changed: make(chan struct{}, 1)}
	for range 100 {
		s.heard(db.Report{})
	}
	<-s.changed
	select {
	case <-s.changed:
		t.Error("one value would have been enough")
	default:
	}
}

func TestRetriesAreCounted(t *testing.T) {
	t.Parallel()
	var c retryCounter
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ctx := c.TransactionStart(t.Context(), txn.Op{})
			for attempt := range 4 {
				c.AttemptEnd(c.AttemptStart(ctx, txn.Op{}, attempt+1), txn.Op{}, txn.AttemptEnd{})
			}
			c.TransactionEnd(ctx, txn.Op{}, txn.TransactionEnd{})
		})
	}
	wg.Wait()
	if n := c.retries.Load(); n != 12 {
		t.Errorf("%d retries, want 12", n)
	}
}
