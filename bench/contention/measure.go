package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
)

// sample is what one arm did in one round.
type sample struct {
	rate      float64 // transfers committed before the round ended, a second
	committed int     // all of them
	late      int     // those committed after the round ended
	exhausted int     // given up
	retries   int
	p50, p99  time.Duration
	max       time.Duration
}

// setLatencies fills in what is derived from the latencies, which it sorts.
func (s *sample) setLatencies(latencies []time.Duration) {
	slices.Sort(latencies)
	s.p50, s.p99, s.max = percentile(latencies, 50), percentile(latencies, 99), percentile(latencies, 100)
}

// tally is what one worker counts.
type tally struct {
	latencies             []time.Duration
	late, gaveUp, retries int
}

// drive lets workers do transfers for the round's duration, and waits until
// each has ended its last.
func drive(ctx context.Context, r round, newWork func(context.Context) work) (*sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tallies := make([]tally, r.Workers)
	started := make(chan struct{})
	var end time.Time // written before started is closed
	var workers sync.WaitGroup
	for i := range tallies {
		t := &tallies[i]
		t.latencies = make([]time.Duration, 0, expected(r))
		rng := rand.New(rand.NewPCG(r.seed, uint64(i)))
		do := newWork(ctx)
		workers.Go(func() {
			<-started
			if err := t.transfers(do, rng, r.Rows, end); err != nil {
				cancel(err)
			}
		})
	}
	runtime.GC()
	end = time.Now().Add(r.duration)
	close(started)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the round was broken off: %w", context.Cause(ctx))
	}
	return sum(tallies, r.duration), nil
}

// expected is a number of transfers that a worker will hardly exceed, so that
// its list need not grow.
func expected(r round) int { return 1024 + int(40_000*r.duration.Seconds())/r.Workers }

// transfers begins transfers until end. An error that is not an outcome of a
// transfer stops it.
func (t *tally) transfers(do work, rng *rand.Rand, rows int, end time.Time) error {
	for begun := time.Now(); begun.Before(end); {
		attempts, err := do(pick(rng, rows))
		done := time.Now()
		t.retries += attempts - 1
		switch {
		case errors.Is(err, errGaveUp):
			t.gaveUp++
		case err != nil:
			return err
		default:
			t.latencies = append(t.latencies, done.Sub(begun))
			if done.After(end) {
				t.late++
			}
		}
		begun = done
	}
	return nil
}

func sum(tallies []tally, duration time.Duration) *sample {
	s := &sample{}
	var latencies []time.Duration
	for _, t := range tallies {
		latencies = append(latencies, t.latencies...)
		s.late += t.late
		s.exhausted += t.gaveUp
		s.retries += t.retries
	}
	s.committed = len(latencies)
	s.rate = float64(s.committed-s.late) / duration.Seconds()
	s.setLatencies(latencies)
	return s
}
