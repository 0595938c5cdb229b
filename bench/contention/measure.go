package contention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// sample is what one arm did in one round, in one class of jobs or in all.
type sample struct {
	rate      float64 // jobs committed before the round ended, a second
	committed int     // all of them
	late      int     // those committed after the round ended
	exhausted int     // given up
	retries   int
	p50, p99  time.Duration
	max       time.Duration
}

// round is what was done in one, by operation and by class. The class of all is "".
type round struct {
	committed map[string]int
	samples   map[string]*sample
}

// tally is what one worker counts, of one operation.
type tally struct {
	class           string
	latencies       []time.Duration
	late            int
	gaveUp, retries int
}

// tallies are those of one worker, by operation.
type tallies map[string]*tally

// load is what the workers of a round do.
type load struct {
	workers  int
	duration time.Duration
	seed     uint64 // decides the jobs; the same for all arms
	draw     func(*rand.Rand, int) job
}

// drive lets workers do jobs for the round's duration, and waits until each has ended
// its last.
func drive(ctx context.Context, l load, do doer) (*round, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	counted := make([]tallies, l.workers)
	started := make(chan struct{})
	var end time.Time // written before started is closed
	var workers sync.WaitGroup
	for i := range counted {
		rng := rand.New(rand.NewPCG(l.seed, uint64(i)))
		counted[i] = tallies{}
		workers.Go(func() {
			<-started
			if err := counted[i].jobs(ctx, do, func() job { return l.draw(rng, i) }, end); err != nil {
				cancel(err)
			}
		})
	}
	runtime.GC()
	end = time.Now().Add(l.duration)
	close(started)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the round was broken off: %w", context.Cause(ctx))
	}
	return sum(counted, l.duration), nil
}

// jobs begins jobs until end. An error that is not an outcome of a job stops it.
func (ts tallies) jobs(ctx context.Context, do doer, next func() job, end time.Time) error {
	for begun := time.Now(); begun.Before(end); {
		j := next()
		attempts, err := do(ctx, j)
		done := time.Now()
		t := ts[j.op]
		if t == nil {
			t = &tally{class: j.class}
			ts[j.op] = t
		}
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

func sum(counted []tallies, duration time.Duration) *round {
	r := &round{committed: map[string]int{}, samples: map[string]*sample{}}
	latencies := map[string][]time.Duration{}
	for _, worker := range counted {
		for op, t := range worker {
			r.committed[op] += len(t.latencies)
			for _, class := range slices.Compact([]string{"", t.class}) {
				s := r.samples[class]
				if s == nil {
					s = &sample{}
					r.samples[class] = s
				}
				s.late += t.late
				s.exhausted += t.gaveUp
				s.retries += t.retries
				latencies[class] = append(latencies[class], t.latencies...)
			}
		}
	}
	for class, s := range maps.All(r.samples) {
		of := latencies[class]
		s.committed = len(of)
		s.rate = float64(s.committed-s.late) / duration.Seconds()
		slices.Sort(of)
		s.p50, s.p99, s.max = stats.Percentile(of, 50), stats.Percentile(of, 99), stats.Percentile(of, 100)
	}
	return r
}
