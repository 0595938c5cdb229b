package db

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

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

// shareReads makes what reads share, if the configuration lets them.
func (d *DB) shareReads(pool *pgxpool.Config) {
	conn := pool.ConnConfig
	if d.cfg.ShareReads == 1 || d.cfg.RegisterTypes != nil || conn.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement || conn.StatementCacheCapacity == 0 {
		return
	}
	d.shares = newShares(d)
	if d.cfg.ReadConns > 0 && len(d.shares.known) > 0 {
		d.others = make(turnstile, d.cfg.MaxConns-d.cfg.ReadConns)
		d.shares.own = make(turnstile, d.cfg.ReadConns)
	}
}

func newShares(d *DB) *shares {
	s := &shares{d: d, known: map[*stmt.Statement]*sharedStatement{}}
	s.queue.conns, s.queue.most = d.cfg.MaxConns, d.cfg.ShareReads
	if d.cfg.ReadConns > 0 {
		s.queue.conns = d.cfg.ReadConns
	}
	s.coders.New = func() any { return &coder{types: pgtype.NewMap()} }
	for _, known := range d.cfg.Statements.Statements() {
		if known.Unique && known.ReadOnly && known.Session == "" {
			s.known[d.cfg.Statements.Lookup(known.SQL)] = new(sharedStatement)
		}
	}
	return s
}

// counts are the reads that were answered in batches, and the batches.
func (s *shares) counts() (reads, batches int64) {
	if s == nil {
		return 0, 0
	}
	return s.reads.Load(), s.batches.Load()
}

// use is the reason for a checkout of a read that may share.
func (s *shares) use(c *exec.Call) use {
	return use{sql: c.Text(), named: true, gate: s.own}
}

// waiters returns how many reads wait with others.
func (s *shares) waiters() int {
	if s == nil {
		return 0
	}
	return s.queue.waiters()
}

// of returns what was learned of a call's statement, or nil when it takes no part.
func (s *shares) of(c *exec.Call) *sharedStatement {
	if s == nil || c.Statement == nil || s.d.pooler() == Transaction {
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
	ctx   context.Context
	call  exec.Call
	of    *sharedStatement
	as    *description
	coder *coder
	since time.Time
	until time.Time // when its wait ends: after AcquireTimeout, or at ctx's deadline

	group *readGroup
	state readState     // guarded by readQueue.mu
	wake  chan struct{} // of capacity 1: it leads, or it has its answer
	begun chan struct{} // closed when its span began; nil without a tracer

	seen     bool                         // begun is closed
	prepared *pgconn.StatementDescription // on the connection of its batch
	outcome  outcome
	rows     sharedRows // once it is replied
	err      error      // with which its connection died
	traced   context.Context
	panicked any // by its tracer
}

// outcome is what became of a read in a batch.
type outcome uint8

const (
	unanswered outcome = iota // it is to run alone
	skipped                   // by the server, after an error of another member
	replied                   // rows, or an error of its own
	died                      // with its connection
)

// query runs a read, alone or with others.
func (s *shares) query(ctx context.Context, c exec.Call, of *sharedStatement) (*exec.Rows, error) {
	if of.pace.Load() != 0 {
		return s.d.queryAlone(ctx, c, of)
	}
	turn, crowded := s.queue.begin()
	joined := false
	defer func() {
		if !joined {
			s.queue.leave(1, turn)
		}
	}()
	start := time.Now()
	if turn && !crowded {
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
		if as == nil {
			l.learns = of
		}
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
	if as == nil || len(as.params.ParamOIDs) != len(c.Args) {
		return nil
	}
	coder := s.coders.Get().(*coder)
	coder.known = s.d.types.teach(coder.types, coder.known)
	if len(as.own) > 0 && len(s.d.types.names) > 0 {
		if _, more := s.d.types.unasked(unknown(coder.types, as.own)); more {
			return nil
		}
	}
	if err := coder.args.Build(coder.types, &as.params, c.Args); err != nil {
		return nil
	}
	r := &reader{ctx: ctx, call: c, of: of, as: as, coder: coder, since: start, wake: make(chan struct{}, 1)}
	if s.d.cfg.Tracer != nil {
		r.begun = make(chan struct{})
	}
	r.until = r.since.Add(s.d.cfg.AcquireTimeout)
	if end, ends := ctx.Deadline(); ends && end.Before(r.until) {
		r.until = end
	}
	return r
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
			members := s.queue.take(r.group)
			if len(members) == 1 {
				defer s.queue.leave(1, true)
				s.coders.Put(r.coder)
				return s.alone(r.ctx, l, r.call, r.of)
			}
			for _, m := range members {
				if m != r {
					s.d.waits.add(l.since.Sub(m.since))
				}
			}
			s.d.closers.Go(func() { s.run(l, members) })
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
func (s *shares) lead(r *reader) (*lease, error) {
	var l *lease
	defer func() {
		if l == nil { // also after a panic, in a tracer for one
			s.queue.quit(r)
		}
	}()
	var err error
	l, err = s.d.acquireWithin(r.ctx, s.use(&r.call), r.since)
	return l, err
}

// await waits until a reader leads its group or has its answer. After an error it has
// quit, or its answer is not wanted any more.
func (s *shares) await(r *reader) (leads bool, err error) {
	timer := time.NewTimer(time.Until(r.since.Add(s.d.cfg.AcquireTimeout)))
	defer timer.Stop()
	late, closing := timer.C, s.d.life.Done()
	for {
		select {
		case <-r.wake:
			return r.state == leading, nil
		case <-r.ctx.Done():
			if s.queue.quit(r) {
				return false, s.d.notEntered(r.ctx)
			}
			if r.begun != nil {
				<-r.begun // the tracer has seen the arguments, which are the caller's again
			}
			return false, fmt.Errorf("db: read from %q: %w", s.d.cfg.Name, r.ctx.Err())
		case <-late:
			late = nil
			if s.queue.quit(r) {
				return false, s.d.notEntered(r.ctx)
			}
		case <-closing:
			closing = nil
			if s.queue.quit(r) {
				return false, ErrClosed
			}
		}
	}
}

// answer returns what became of a reader that was part of a batch.
func (s *shares) answer(r *reader) (*exec.Rows, error) {
	r.group = nil // whose members would live as long as the rows
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.outcome == replied {
		return r.rows.answer(s, r)
	}
	s.coders.Put(r.coder)
	if r.outcome == died {
		return s.d.queryAgain(r.ctx, r.call, r.err)
	}
	return s.d.queryAlone(r.ctx, r.call, r.of)
}
