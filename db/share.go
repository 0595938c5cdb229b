package db

import (
	"cmp"
	"context"
	"fmt"
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
// nothing, leaves nothing in its session, calls no volatile function, and finds at most
// one row by a unique key.
type shares struct {
	d       *DB
	queue   readQueue
	known   map[*stmt.Statement]*pace // of those that may take part; not changed
	texts   sync.Map                  // of *pgconn.StatementDescription, as a connection described them; by text
	coders  sync.Pool                 // of *coder
	trip    roundTrip
	reads   atomic.Int64 // answered by batches
	batches atomic.Int64
}

// coder encodes the arguments and decodes the rows of one read at a time.
type coder struct {
	typeMap
	args pgx.ExtendedQueryBuilder
}

// readersOfAProcessor is how many readers wait for one processor of this process before
// those that run let the others go first, to share their round trip. With fewer, what a
// group costs is more than it saves.
const readersOfAProcessor = 5

// newShares returns what reads share. No statement takes part unless it is on.
func newShares(d *DB, on bool) *shares {
	s := &shares{d: d, known: map[*stmt.Statement]*pace{}}
	s.coders.New = func() any { return &coder{typeMap: typeMap{Map: pgtype.NewMap()}} }
	s.queue.conns, s.queue.most, s.queue.few = cmp.Or(d.cfg.ReadConns, d.cfg.MaxConns), d.cfg.ShareReads, readersOfAProcessor*runtime.GOMAXPROCS(0)
	for _, known := range d.cfg.Statements.Statements() {
		if on && mayShare(&known) {
			s.known[d.cfg.Statements.Lookup(known.SQL)] = new(pace)
		}
	}
	return s
}

// of returns the pace of a call's statement, or nil when it takes no part.
func (s *shares) of(c *exec.Call) *pace {
	if c.Statement == nil || s.d.pooler() == Transaction || !plain(c.Args) {
		return nil
	}
	return s.known[c.Statement]
}

// reader is a read that waits with others.
type reader struct {
	shares *shares
	ctx    context.Context
	call   exec.Call
	of     *pace
	since  time.Time
	until  time.Time // when its wait ends: after AcquireTimeout, or at ctx's deadline

	group *readGroup // of which it is a member; nil when it has quit
	gate  turnstile  // of its own, where there is room when it leads, or when its batch ended

	text   *pgconn.StatementDescription // by which it was encoded, and then that of its connection
	coder  *coder                       // until its rows end
	result *pgconn.Result               // nil when it is to run alone

	traced sync.Mutex      // held while a tracer has the arguments
	span   context.Context // guarded by traced; nil when there is none

	rows exec.Rows // what its caller gets, of a copied result
	row  [][]byte  // the current one
}

// query runs a read, alone or with others.
func (s *shares) query(ctx context.Context, c exec.Call, of *pace) (*exec.Rows, error) {
	if err := s.d.usable(ctx, c.Text()); err != nil {
		return exec.Failed(err), err
	}
	start := time.Now()
	if s.queue.begin() {
		if rows, err := s.queryNow(ctx, c, of, start); rows != nil {
			return rows, err
		}
	}
	until := start.Add(s.d.cfg.AcquireTimeout)
	if end, ends := ctx.Deadline(); ends && end.Before(until) {
		until = end
	}
	r := &reader{shares: s, ctx: ctx, call: c, of: of, since: start, until: until, gate: shut(), coder: s.coders.Get().(*coder)}
	known, _ := s.texts.Load(c.SQL)
	s.d.types.teach(&r.coder.typeMap) // after the text was loaded, which may name types that are new
	if text, _ := known.(*pgconn.StatementDescription); text != nil && r.coder.args.Build(r.coder.Map, text, c.Args) == nil {
		r.text = text
	}
	s.queue.join(r)
	defer s.queue.quit(r) // also after a panic, in a tracer for one
	for {
		leads, err := s.await(r)
		if !leads {
			return s.answer(r, err)
		}
		runtime.Gosched() // readers that were answered together come back together
		l, err := s.d.acquireWithin(ctx, s.d.useOf(&c), start)
		switch {
		case err != nil:
			return exec.Failed(err), err
		case len(s.queue.take(r.group, l)) == 1:
			defer s.queue.leave(1)
			return s.d.queryOn(ctx, l, nil, c, of)
		}
		s.d.closers.Go(func() { s.run(r.group) })
	}
}

// queryNow runs a read that has its turn, on a connection that is ready. There are no
// rows when it must wait for one.
func (s *shares) queryNow(ctx context.Context, c exec.Call, of *pace, start time.Time) (*exec.Rows, error) {
	defer s.queue.leave(1)
	l, err := s.d.acquireIdle(ctx, s.d.useOf(&c), start)
	if l == nil && err == nil {
		return nil, nil
	}
	return s.d.queryOn(ctx, l, err, c, of)
}

// await waits until a reader leads its group or its batch ended. After an error it has
// quit, or its answer is not wanted any more.
func (s *shares) await(r *reader) (leads bool, err error) {
	end := s.d.endOf(r.ctx, r.since)
	defer end.late.Stop()
	switch {
	case r.gate.wait(end):
		return r.group.lease == nil, nil
	case s.queue.quit(r):
		return false, s.d.notEntered(r.ctx)
	}
	select {
	case r.gate <- struct{}{}:
		return false, nil
	case <-r.ctx.Done():
		err := fmt.Errorf("db: read from %q: %w", s.d.cfg.Name, r.ctx.Err())
		r.traceEnd(&pgconn.Result{Err: err})
		return false, err
	}
}

// answer returns what became of a reader that was part of a batch, or that has quit with
// an error.
func (s *shares) answer(r *reader, err error) (*exec.Rows, error) {
	switch {
	case err != nil:
		return exec.Failed(err), err
	case r.result == nil:
		return s.d.queryAlone(r.ctx, r.call, r.of)
	}
	s.reads.Add(1)
	r.rows.Init(r, r.call.SQL, r.call.Returned, r)
	if err = r.rows.Prime(); err != nil {
		err = r.rows.Fail(err)
	}
	return &r.rows, err
}

// A reader that was answered by a batch is the pgx.Rows of its caller, and their owner.
// They are copies, which hold no connection and are decoded by their caller.

// Enter does nothing: the rows hold no connection.
func (*reader) Enter(string) error { return nil }

// Leave does nothing.
func (*reader) Leave() {}

// Fields does nothing: a read whose types are to be asked for takes no part.
func (*reader) Fields([]pgconn.FieldDescription) {}

// Unfit makes the next read run alone if its connection may learn a type by it.
func (r *reader) Unfit(err error, fields []pgconn.FieldDescription) {
	r.shares.d.types.unfit(&r.coder.typeMap, err, fields, func([]pgconn.FieldDescription) { r.of.suspect(batchTimeout) })
}

// Answered passes the error on.
func (*reader) Answered(_ string, _ pgconn.CommandTag, err error) error { return err }

// Closed gives the coder back.
func (r *reader) Closed(err error) error {
	r.shares.coders.Put(r.coder)
	r.coder = nil
	return advised(err)
}

// Close drops the rows that were not read.
func (r *reader) Close() { r.row, r.result.Rows = nil, nil }

// Err is the read's error, or that of the last Scan.
func (r *reader) Err() error { return r.result.Err }

// CommandTag is the statement's.
func (r *reader) CommandTag() pgconn.CommandTag { return r.result.CommandTag }

// FieldDescriptions are those of the columns.
func (r *reader) FieldDescriptions() []pgconn.FieldDescription { return r.result.FieldDescriptions }

// Conn is nil: the connection is in other hands.
func (*reader) Conn() *pgx.Conn { return nil }

// TypeMap is the one that decodes them. It is not asked for after the end.
func (r *reader) TypeMap() *pgtype.Map { return r.coder.Map }

// Next moves to the next row.
func (r *reader) Next() bool {
	if r.row = nil; len(r.result.Rows) > 0 {
		r.row, r.result.Rows = r.result.Rows[0], r.result.Rows[1:]
	}
	return r.row != nil
}

// RawValues are those of the current row; nil when there is none.
func (r *reader) RawValues() [][]byte { return r.row }

// Scan decodes the current row.
func (r *reader) Scan(dest ...any) (err error) {
	defer func() { r.result.Err = cmp.Or(r.result.Err, err) }()
	if len(dest) == 1 {
		if scanner, ok := dest[0].(pgx.RowScanner); ok {
			return scanner.ScanRow(r) // may keep an error to itself, which ends the rows all the same
		}
	}
	return pgx.ScanRow(r.coder.Map, r.result.FieldDescriptions, r.row, dest...)
}

// Values decodes the current row into values of pgx's choice.
func (r *reader) Values() ([]any, error) {
	values, dest := make([]any, len(r.row)), make([]any, len(r.row))
	for i := range values {
		dest[i] = &values[i]
	}
	return values, r.Scan(dest...)
}

// A statement that is slow would hold up the members of its batch. The client cannot see
// which member of a batch took the time, as the server sends all answers together. So
// after a slow batch the reads of each of its statements run alone, until one was quick.
// A machine that is short of processors makes all reads slow. Hence a read is also quick
// when it took a small part of the batch's time.

const (
	slowBatch = 10 * time.Millisecond // beyond a round trip; look-ups by key take far less
	slowRead  = time.Millisecond      // the same of a read alone
	quickPart = 4                     // of the time of the batch
)

// never is the pace of a statement that takes part no more: no read is quicker.
const never = 1

// pace is whether the reads of a statement run alone: until one takes less than so many
// nanoseconds, if it is not zero.
type pace struct{ atomic.Int64 }

// suspect makes reads run alone after a batch or a read that took so long.
func (p *pace) suspect(took time.Duration) { p.CompareAndSwap(0, max(int64(took)/quickPart, never+1)) }

// ran draws conclusions from the time in which a read ran alone.
func (p *pace) ran(took time.Duration, trip *roundTrip) {
	over := trip.over(took)
	switch limit := p.Load(); {
	case limit == 0 && over > slowBatch:
		p.suspect(took)
	case limit > never && (over < slowRead || int64(took) < limit):
		p.CompareAndSwap(limit, 0)
	}
}

// roundTrip is the time of the quickest read of late. It grows by a thousandth with each
// read, so that it follows a network that got slower.
type roundTrip struct{ atomic.Int64 }

// over notes the time of a read and returns by how much it exceeds the quickest one.
func (t *roundTrip) over(took time.Duration) time.Duration {
	least := min(took, cmp.Or(time.Duration(t.Load()), took)*1025/1024+1)
	t.Store(int64(least))
	return took - least
}

// exceeds reports whether the time of a batch is more than its reads should take.
func (t *roundTrip) exceeds(took time.Duration) bool { return took-time.Duration(t.Load()) > slowBatch }
