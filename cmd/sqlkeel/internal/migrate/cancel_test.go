package migrate

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestACancelRequestIsRepeatedUntilTheStatementEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		var deadline time.Time
		c := &canceler{
			request:     func(context.Context) error { requests.Add(1); return nil },
			setDeadline: func(at time.Time) error { deadline = at; return nil },
			grace:       time.Minute,
		}
		start := time.Now()
		c.HandleCancel(t.Context())
		<-time.After(3*cancelEvery + cancelEvery/2)
		if requests.Load() != 4 || deadline.Sub(start) != time.Minute {
			t.Errorf("%d requests, deadline after %s", requests.Load(), deadline.Sub(start))
		}
		c.HandleUnwatchAfterCancel()
		<-time.After(time.Hour)
		if requests.Load() != 4 || !deadline.IsZero() {
			t.Errorf("%d requests, deadline %s", requests.Load(), deadline)
		}
	})
}

func TestTheEndOfAStatementWaitsForTheRequestUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answered := false
		c := &canceler{
			request: func(ctx context.Context) error {
				select {
				case <-time.After(10 * time.Second):
					answered = true
				case <-ctx.Done():
				}
				return nil
			},
			setDeadline: func(time.Time) error { return nil },
			grace:       time.Minute,
		}
		c.HandleCancel(t.Context())
		synctest.Wait()
		c.HandleUnwatchAfterCancel()
		if !answered {
			t.Error("the request was given up; it may hit the next statement")
		}
	})
}

func TestCancelRequestsEndWithTheGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &canceler{
			request:     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			setDeadline: func(time.Time) error { return nil },
			grace:       time.Minute,
		}
		start := time.Now()
		c.HandleCancel(t.Context())
		c.HandleUnwatchAfterCancel()
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func TestFollowEndsAtOnceOrAfterTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		caller, leave := context.WithCancel(context.Background())
		now, stopNow := follow(context.Background(), caller, 0)
		later, stopLater := follow(context.Background(), caller, time.Minute)
		stopped, stop := follow(context.Background(), context.Background(), time.Minute)
		if now.Err() != nil || later.Err() != nil || stopped.Err() != nil {
			t.Error("ended too early")
		}
		stop()
		leave()
		synctest.Wait()
		if now.Err() == nil || later.Err() != nil || stopped.Err() == nil {
			t.Errorf("now %v, later %v, stopped %v", now.Err(), later.Err(), stopped.Err())
		}
		<-time.After(time.Minute + time.Second)
		if later.Err() == nil {
			t.Error("the grace has no end")
		}
		stopNow()
		stopLater()
		// What begins after the caller left has ended before anything is sent.
		begun, stopBegun := follow(context.Background(), caller, 0)
		if begun.Err() == nil {
			t.Error("a statement may still be sent")
		}
		stopBegun()
	})
}
