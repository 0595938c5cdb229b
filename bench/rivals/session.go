package rivals

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// errCannot is returned for an arm that cannot do a workload.
type errCannot string

// Error returns why.
func (e errCannot) Error() string { return string(e) }

// session is the use of one arm on one database.
type session struct {
	workload
	operation
	store *Store
	data  *data
	done  atomic.Uint64 // calls that were begun
}

func openSession(ctx context.Context, a Arm, w workload, d *data, dsn string) (*session, error) {
	store, err := a.Open(ctx, Options{DSN: dsn, Conns: w.conns, Cache: w.cache})
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	s := &session{workload: w, operation: w.bind(store, d), store: store, data: d}
	if s.why != "" {
		store.Close()
		return nil, errCannot(s.why)
	}
	return s, nil
}

func (s *session) close() { s.store.Close() }

// take returns the next count calls.
func (s *session) take(count int) func(context.Context) error {
	return s.calls(s.done.Add(uint64(count))-uint64(count), count)
}

// warmCalls are enough for every driver to have prepared its statements, and for
// PostgreSQL to have chosen between plans.
const warmCalls = 10

// warm makes every connection ready.
func (s *session) warm(ctx context.Context) error {
	calls := warmCalls
	if s.heavy() {
		calls = 1
	}
	var callers sync.WaitGroup
	errs := make([]error, s.callers)
	for i := range s.callers {
		callers.Go(func() { errs[i] = s.take(calls)(ctx) })
	}
	callers.Wait()
	return errors.Join(errs...)
}

// drive calls the operation for a time, and returns the time an operation in
// nanoseconds. Making the arguments is not part of it.
func (s *session) drive(ctx context.Context, duration time.Duration) (float64, error) {
	runtime.GC()
	if s.callers == 1 {
		return s.alone(ctx, duration)
	}
	return s.together(ctx, duration)
}

// alone has one caller. The clock stands while it makes arguments.
func (s *session) alone(ctx context.Context, duration time.Duration) (float64, error) {
	var busy time.Duration
	calls := 0
	for end := time.Now().Add(duration); calls == 0 || time.Now().Before(end); calls += s.chunk {
		run := s.take(s.chunk)
		begun := time.Now()
		if err := run(ctx); err != nil {
			return 0, err
		}
		busy += time.Since(begun)
	}
	return float64(busy) / float64(calls), nil
}

// together has several callers, which repeat calls that were made before. With a cache
// they have done all of them once, so that the rows are in memory.
func (s *session) together(ctx context.Context, duration time.Duration) (float64, error) {
	const made = 16
	runs := make([][]func(context.Context) error, s.callers)
	for i := range runs {
		for range made {
			runs[i] = append(runs[i], s.take(s.chunk))
		}
	}
	if s.cache {
		if _, err := repeat(ctx, runs, func(n int) bool { return n < made }); err != nil {
			return 0, err
		}
	}
	begun := time.Now()
	end := begun.Add(duration)
	chunks, err := repeat(ctx, runs, func(int) bool { return time.Now().Before(end) })
	return float64(time.Since(begun)) / float64(chunks*s.chunk), err
}

// repeat lets each caller do its runs again and again while more says so, given how
// many it has done. It returns how many all have done.
func repeat(ctx context.Context, runs [][]func(context.Context) error, more func(n int) bool) (int, error) {
	var callers sync.WaitGroup
	var done atomic.Int64
	errs := make([]error, len(runs))
	for i, own := range runs {
		callers.Go(func() {
			n := 0
			for ; more(n) && errs[i] == nil; n++ {
				errs[i] = own[n%len(own)](ctx)
			}
			done.Add(int64(n))
		})
	}
	callers.Wait()
	return int(done.Load()), errors.Join(errs...)
}

// verify does one call more, and judges it and the number of rows.
func (s *session) verify(ctx context.Context, conn *pgx.Conn) error {
	if err := s.check(ctx, conn, s.done.Add(1)-1); err != nil {
		return err
	}
	if s.adds == nil {
		return nil
	}
	var rows int64
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM books`).Scan(&rows); err != nil {
		return err
	}
	if added := rows - int64(len(s.data.books)); added != s.adds(s.done.Load()) {
		return fmt.Errorf("wrong effect: %d rows were added, want %d", added, s.adds(s.done.Load()))
	}
	return nil
}

// heavy says whether a call takes so long that few of them have to do.
func (s *session) heavy() bool { return s.adds != nil && s.adds(1) > 1000 }

// allocations returns how many a call makes: the fewest of several runs, as other
// goroutines of the process make some too.
func (s *session) allocations(ctx context.Context) (float64, error) {
	runs, calls := 5, max(s.chunk, 2)
	if s.heavy() {
		runs, calls = 2, 1
	}
	least := math.Inf(1)
	var before, after runtime.MemStats
	for range runs {
		run := s.take(calls)
		if s.cache { // so that it reads from memory
			if err := run(ctx); err != nil {
				return 0, err
			}
		}
		runtime.ReadMemStats(&before)
		if err := run(ctx); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.Mallocs-before.Mallocs)/float64(calls))
	}
	return least, nil
}

// count returns what a call sends: what most of several send, as a health check may
// come between.
func (s *session) count(ctx context.Context, r *relay) (counts, error) {
	runs := 5
	if s.heavy() {
		runs = 3
	}
	seen := map[counts]int{}
	var most counts
	for range runs {
		run := s.take(1)
		r.reset()
		if err := run(ctx); err != nil {
			return counts{}, err
		}
		c := r.reset()
		if seen[c]++; seen[c] > seen[most] {
			most = c
		}
	}
	return most, nil
}
