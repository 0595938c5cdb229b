package readsproof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

const (
	acquireTimeout = 10 * time.Second
	standstill     = 20 * time.Second     // without the end of any read
	stuck          = 3 * acquireTimeout   // for one read: it may wait for two connections
	most           = 3 * time.Millisecond // of the patience of a caller that leaves
)

// lab is a server of its own that a DB reaches through a network that can fail.
type lab struct {
	*testing.T
	ctx    context.Context
	seed   uint64
	server *pgtest.Server
	proxy  *pgtest.Proxy
	db     *db.DB

	doing  atomic.Pointer[string]
	since  []atomic.Int64 // by callers: when their read began, in ns of Unix; 0 for none
	ended  atomic.Int64   // reads
	failed atomic.Bool    // the test
	before db.Stats       // of the pool, when the last phase ended
}

// fail fails the test; the callers stop.
func (l *lab) fail(format string, args ...any) {
	if !l.failed.Swap(true) {
		l.Errorf("seed %d, %s: %s", l.seed, *l.doing.Load(), fmt.Sprintf(format, args...))
	}
}

// wait returns after a time.
func (l *lab) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-l.ctx.Done():
	}
}

// watch ends the process with the stacks of all goroutines when no read ends any more, or
// one takes too long.
func (l *lab) watch(done <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, at := int64(-1), time.Now()
	for {
		select {
		case <-tick.C:
		case <-done:
			return
		}
		var oldest time.Duration
		for i := range l.since {
			if began := l.since[i].Load(); began > 0 {
				oldest = max(oldest, time.Since(time.Unix(0, began)))
			}
		}
		if n := l.ended.Load(); n != last {
			last, at = n, time.Now()
		}
		if oldest > stuck || oldest > standstill && time.Since(at) > standstill {
			crash(fmt.Sprintf("seed %d, %s: a read has not ended for %v, and no other for %v; %v", l.seed, *l.doing.Load(), oldest, time.Since(at), l.db.Health()))
		}
	}
}

// crash ends the process with the stacks of all goroutines.
func crash(why string) {
	debug.SetTraceback("all")
	go func() { panic(why) }() // beside the deferred calls of this goroutine, which may wait
	select {}
}

// phase is a part of the load.
type phase struct {
	name   string
	leave  bool                    // every second caller leaves early
	fault  func(l *lab, f *faults) // makes the next fault
	pause  time.Duration           // between faults
	round  int                     // how many faults there are in a round; rounds are made whole
	allows func(err error) bool    // to callers that do not leave, while faults are made
	check  func(l *lab, f *figures)
}

// figures are what came of a phase.
type figures struct {
	reads   atomic.Int64 // that ended as they should
	left    atomic.Int64 // whose caller left
	faults  faults
	replays int64
	shared  int64 // reads that shared a round trip
	batches int64 // of them
	took    time.Duration

	mu     sync.Mutex
	errors map[string]int // guarded by mu; by SQLSTATE or kind
}

func (f *figures) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errors[kindOf(err)]++
}

func kindOf(err error) string {
	var timeout *db.AcquireTimeoutError
	if errors.As(err, &timeout) {
		return "acquire timeout"
	}
	if code := pgerr.Code(err); code != "" {
		return code
	}
	return string(pgerr.KindOf(err))
}

// String is a line of the report.
func (f *figures) String() string {
	return fmt.Sprintf("%d reads, %d shared in %d batches, %d callers left, %d faults, %d replays, errors %v, %.1f s",
		f.reads.Load(), f.shared, f.batches, f.left.Load(), f.faults.made, f.replays, f.errors, f.took.Seconds())
}

// run has the callers read until that many reads have ended as they should, and the faults
// were made.
func (l *lab) run(p phase, reads int) *figures {
	l.doing.Store(&p.name)
	f, start := &figures{errors: map[string]int{}}, time.Now()
	f.faults.rng = rand.New(rand.NewPCG(l.seed, 0))
	var enough atomic.Bool
	going := func() bool { return !l.failed.Load() && (!enough.Load() || f.reads.Load() < int64(reads)) }
	var callers sync.WaitGroup
	for n := range l.since {
		callers.Go(func() {
			for rng := rand.New(rand.NewPCG(l.seed, uint64(n)+1)); going(); {
				l.call(p, f, n, rng)
			}
		})
	}
	for more := p.fault != nil; more; more = !l.failed.Load() && f.reads.Load() < int64(reads) {
		l.round(p, &f.faults)
	}
	enough.Store(true)
	callers.Wait()
	f.took = time.Since(start)
	pool := l.db.Health().Pool
	f.replays, f.shared, f.batches = pool.Replays-l.before.Replays, pool.SharedReads-l.before.SharedReads, pool.SharedBatches-l.before.SharedBatches
	l.before = pool
	if p.check != nil {
		p.check(l, f)
	}
	return f
}

// round makes a round of faults.
func (l *lab) round(p phase, f *faults) {
	for range p.round {
		if l.failed.Load() {
			return
		}
		p.fault(l, f)
		f.made++
		l.wait(p.pause)
	}
}

// call makes a caller read once.
func (l *lab) call(p phase, f *figures, n int, rng *rand.Rand) {
	r, id := anyReading(rng), 1+rng.Int64N(rowsOf)
	ctx, leaves := l.ctx, p.leave && n%2 == 0
	if leaves {
		var leave context.CancelFunc
		ctx, leave = leaving(ctx, rng)
		defer leave()
	}
	l.since[n].Store(time.Now().UnixNano())
	err := r.read(ctx, l.db, r.SQL, id)
	l.since[n].Store(0)
	l.ended.Add(1)
	var bad *wrongError
	switch {
	case err == nil:
		f.reads.Add(1)
	case errors.As(err, &bad):
		l.fail("%s(%d): %v", r.Name, id, err)
	case leaves && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		f.left.Add(1)
	case p.allows != nil && p.allows(err):
		f.note(err)
	default:
		l.fail("%s(%d), whose context says %v: error %v", r.Name, id, ctx.Err(), err)
	}
}

// leaving returns a context that ends soon, by its deadline or by a call.
func leaving(ctx context.Context, rng *rand.Rand) (context.Context, context.CancelFunc) {
	patience := time.Duration(rng.Int64N(int64(most)))
	if rng.IntN(2) == 0 {
		return context.WithTimeout(ctx, patience)
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(patience, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// arm is a pool.
type arm struct {
	name string
	cfg  db.Config
}

var arms = []arm{
	{"4 connections", db.Config{MaxConns: 4}},
	{"8 connections", db.Config{MaxConns: 8}},
	{"16 connections", db.Config{MaxConns: 16}},
	{"8 connections, 3 of them for reads", db.Config{MaxConns: 8, ReadConns: 3}},
}

// Each of READS reads by CALLERS callers gets its own row, or its own error, whatever
// befalls the others, through pools of several sizes.
func TestEachReadGetsItsOwnRow(t *testing.T) {
	t.Parallel()
	reads, callers, seed := size(t, "READS", 30_000), size(t, "CALLERS", 256), uint64(size(t, "SEED", 1))
	server := pgtest.NewServer(t)
	for _, a := range arms {
		t.Run(a.name, func(t *testing.T) {
			prepare(t, server)
			l := &lab{T: t, ctx: t.Context(), seed: seed, server: server, proxy: pgtest.NewProxy(t, server.Addr()), since: make([]atomic.Int64, callers)}
			l.open(a.cfg)
			done := make(chan struct{})
			defer close(done)
			l.doing.Store(&a.name)
			go l.watch(done)
			l.phases(reads / len(arms))
			l.close()
		})
	}
}

// shareOf is how many of some reads must have shared a round trip for a run to show much.
func shareOf(reads int64) int64 {
	if raced {
		return 1
	}
	return reads / 3
}

// phases runs them all. Each ends with reads after its faults, without any error.
func (l *lab) phases(reads int) {
	var all, bad, steady, shared int64
	start := time.Now()
	for _, p := range phases {
		n := reads / len(phases)
		under := l.run(p, n-n/5)
		after := l.run(phase{name: p.name + ", afterwards"}, n/5)
		l.Logf("seed %d, %s: %v; then %d reads", l.seed, p.name, under, after.reads.Load())
		all += under.reads.Load() + after.reads.Load()
		if !p.leave { // callers that leave take most of the turns
			steady += under.reads.Load()
			shared += under.shared
		}
		for _, count := range under.errors {
			bad += int64(count)
		}
		if l.failed.Load() {
			return
		}
	}
	l.Logf("seed %d: %d reads by %d callers, each with its own row; %d errors, each where it belongs; %.1f s", l.seed, all, len(l.since), bad, time.Since(start).Seconds())
	if shared < shareOf(steady) {
		l.fail("%d of %d reads shared a round trip", shared, steady)
	}
	if bad > all/10 {
		l.fail("%d errors show little", bad)
	}
}

func (l *lab) open(cfg db.Config) {
	cfg.DSN = l.proxy.DSN(l.server.DSN()) + "&application_name=readers"
	cfg.Statements, cfg.AcquireTimeout, cfg.HealthInterval = registry(), acquireTimeout, 500*time.Millisecond
	var err error
	if l.db, err = db.Open(l.ctx, cfg); err != nil {
		l.Fatal(err)
	}
}

// close closes the DB, from which nothing is in use any more.
func (l *lab) close() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), standstill)
	defer cancel()
	if err := l.db.Close(ctx); err != nil {
		l.Errorf("seed %d: %v", l.seed, err)
	}
	if pool := l.db.Health().Pool; pool.InUse != 0 || pool.Waiting != 0 {
		l.Errorf("seed %d: after Close %+v", l.seed, pool)
	}
}
