package db

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// shares lets reads of single rows that must wait for a connection share one: see
// [Config].ShareReads. A read takes part if generated code knows that it changes
// nothing, leaves nothing in its session, and finds at most one row by a unique key.
type shares struct {
	d       *DB
	queue   readQueue
	known   map[*stmt.Statement]*sharedStatement // of those that may take part; not changed
	coders  sync.Pool                            // of *coder
	trip    roundTrip
	own     turnstile    // of the reads' own connections; nil when they have none
	reads   atomic.Int64 // answered by batches
	batches atomic.Int64
	names   string       // what those of prepared statements begin with; no other DB has it
	named   atomic.Int64 // prepared statements
}

// sharedStatement is what was learned of a statement.
type sharedStatement struct {
	pace  pace
	texts sync.Map // of *description, by variant
}

// coder encodes arguments and decodes rows for one read at a time, as pgx's own types
// are not safe for several.
type coder struct {
	types *pgtype.Map
	known *typeSet
	args  pgx.ExtendedQueryBuilder
}

// readersOfAProcessor is how many readers wait for one processor of this process before
// those that run let the others go first, to share their round trip. With fewer, what a
// group costs is more than it saves.
const readersOfAProcessor = 5

// newShares returns what reads share. No statement takes part if the configuration
// forbids it.
func newShares(d *DB, conn *pgx.ConnConfig) *shares {
	s := &shares{d: d, known: map[*stmt.Statement]*sharedStatement{}, names: fmt.Sprintf("sqlkeel_%x_", rand.Uint64())}
	s.queue.conns, s.queue.most = cmp.Or(d.cfg.ReadConns, d.cfg.MaxConns), d.cfg.ShareReads
	s.queue.few = readersOfAProcessor * runtime.GOMAXPROCS(0)
	s.coders.New = func() any { return &coder{types: pgtype.NewMap()} }
	if d.cfg.ShareReads == 1 || d.cfg.RegisterTypes != nil || conn.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement || conn.StatementCacheCapacity == 0 {
		return s
	}
	for _, known := range d.cfg.Statements.Statements() {
		if known.Unique && known.ReadOnly && known.Session == "" {
			s.known[d.cfg.Statements.Lookup(known.SQL)] = new(sharedStatement)
		}
	}
	if d.cfg.ReadConns > 0 && len(s.known) > 0 {
		d.others = make(turnstile, d.cfg.MaxConns-d.cfg.ReadConns)
		s.own = make(turnstile, d.cfg.ReadConns)
	}
	return s
}

// counts are the reads that were answered in batches, and the batches.
func (s *shares) counts() (reads, batches int64) { return s.reads.Load(), s.batches.Load() }

// use is the reason for a checkout of a read that may share.
func (s *shares) use(c *exec.Call) use {
	return use{sql: c.Text(), named: true, gate: s.own}
}

// waiters returns how many reads wait with others.
func (s *shares) waiters() int { return s.queue.waiters() }

// of returns what was learned of a call's statement, or nil when it takes no part.
func (s *shares) of(c *exec.Call) *sharedStatement {
	if c.Statement == nil || s.d.pooler() == Transaction {
		return nil
	}
	of := s.known[c.Statement]
	if of == nil || !plain(c.Args) {
		return nil
	}
	return of
}

// reader is a read that waits with others.
type reader struct {
	shares *shares
	ctx    context.Context
	call   exec.Call
	of     *sharedStatement
	as     *description
	coder  *coder // nil once it was given back
	since  time.Time
	until  time.Time // when its wait ends: after AcquireTimeout, or at ctx's deadline

	group *readGroup    // guarded by readQueue.mu, until the read was answered
	wake  chan struct{} // of capacity 1: it leads, or its batch ended

	result   *pgconn.Result // nil when it is to run alone
	lost     error          // with which the connection of its batch died
	span     context.Context
	panicked any // by its tracer

	rows exec.Rows // what its caller gets; see sharedRows
	row  [][]byte  // the current one
}

// query runs a read, alone or with others.
func (s *shares) query(ctx context.Context, c exec.Call, of *sharedStatement) (*exec.Rows, error) {
	if of.pace.Load() != 0 {
		return s.d.queryAlone(ctx, c, of)
	}
	turn, gathers := s.queue.begin()
	joined := false
	defer func() {
		if !joined {
			s.queue.leave(1, turn)
		}
	}()
	start := time.Now()
	if turn && !gathers {
		l, err := s.d.acquireIdle(ctx, s.use(&c), start)
		if err != nil {
			return exec.Failed(err), err
		}
		if l != nil {
			return s.alone(ctx, l, c, of)
		}
	}
	if err := s.d.usable(ctx, c.Text()); err != nil {
		return exec.Failed(err), err
	}
	as := of.text(c.SQL)
	r := s.reader(ctx, c, of, as, start)
	if r == nil {
		l, err := s.d.acquireWithin(ctx, s.use(&c), start)
		if err != nil {
			return exec.Failed(err), err
		}
		l.learns = of
		return s.alone(ctx, l, c, nil)
	}
	joined = true
	return s.share(r, s.queue.join(r, turn))
}

// alone runs a read on a connection that was acquired.
func (s *shares) alone(ctx context.Context, l *lease, c exec.Call, of *sharedStatement) (*exec.Rows, error) {
	if err := l.ready(c); err != nil {
		return exec.Failed(err), err
	}
	return l.queryAlone(ctx, c, of)
}

// reader makes a read ready to wait with others: its arguments are encoded. It returns
// nil when it cannot be, and has to run alone.
func (s *shares) reader(ctx context.Context, c exec.Call, of *sharedStatement, as *description, start time.Time) *reader {
	if as == nil {
		return nil
	}
	coder := s.coders.Get().(*coder)
	coder.known = s.d.types.teach(coder.types, coder.known)
	if err := coder.args.Build(coder.types, &as.StatementDescription, c.Args); err != nil {
		s.coders.Put(coder)
		return nil
	}
	until := start.Add(s.d.cfg.AcquireTimeout)
	if end, ends := ctx.Deadline(); ends && end.Before(until) {
		until = end
	}
	return &reader{shares: s, ctx: ctx, call: c, of: of, as: as, coder: coder, since: start, until: until, wake: make(chan struct{}, 1)}
}

// share waits with a read until it was answered, and runs the batch if it is to lead.
func (s *shares) share(r *reader, leads bool) (*exec.Rows, error) {
	for {
		if leads {
			runtime.Gosched() // readers that were answered together come back together
			l, err := s.lead(r)
			if err != nil {
				return exec.Failed(err), err
			}
			if len(s.queue.take(r.group)) == 1 {
				defer s.queue.leave(1, true)
				s.coders.Put(r.coder)
				return s.alone(r.ctx, l, r.call, r.of)
			}
			s.d.closers.Go(func() { s.run(l, r.group) })
		}
		var err error
		if leads, err = s.await(r); err != nil {
			return exec.Failed(err), err
		}
		if !leads {
			return s.answer(r)
		}
	}
}

// lead acquires the connection of a group. If it fails the reader has quit.
func (s *shares) lead(r *reader) (l *lease, err error) {
	defer func() {
		if l == nil { // also after a panic, in a tracer for one
			s.queue.quit(r)
		}
	}()
	return s.d.acquireWithin(r.ctx, s.use(&r.call), r.since)
}

// await waits until a reader leads its group or its batch ended. After an error it has
// quit, or its answer is not wanted any more.
func (s *shares) await(r *reader) (leads bool, err error) {
	timer := time.NewTimer(time.Until(r.since.Add(s.d.cfg.AcquireTimeout)))
	defer timer.Stop()
	select {
	case <-r.wake:
		return !r.group.taken, nil
	case <-r.ctx.Done():
	case <-timer.C:
	case <-s.d.life.Done():
	}
	if s.queue.quit(r) {
		return false, s.d.notEntered(r.ctx)
	}
	select {
	case <-r.wake:
		return false, nil
	case <-r.ctx.Done():
		r.group.traced.Wait() // the arguments are the caller's again
		return false, fmt.Errorf("db: read from %q: %w", s.d.cfg.Name, r.ctx.Err())
	}
}

// answer returns what became of a reader that was part of a batch.
func (s *shares) answer(r *reader) (*exec.Rows, error) {
	r.group = nil // whose members would live as long as the rows
	switch {
	case r.panicked != nil:
		panic(r.panicked)
	case r.result != nil:
		return r.answer()
	}
	s.coders.Put(r.coder)
	if r.lost != nil {
		return s.d.queryAgain(r.ctx, r.call, r.lost)
	}
	return s.d.queryAlone(r.ctx, r.call, r.of)
}
