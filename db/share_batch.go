package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// batchTimeout bounds a batch. It is below PostgreSQL's default deadlock_timeout: the
// reads of a batch hold their locks until its end, and a migration that waits for two
// of them must not be the one that the server chooses to fail.
const batchTimeout = 500 * time.Millisecond

// readOnlyBatch makes the transaction that the statements up to a Sync share read-only,
// so that a statement which writes after all is refused. Then it runs alone.
const (
	readOnlyBatch = "SELECT set_config('transaction_read_only', 'on', true)"
	guardName     = "sqlkeel_guard"
)

// batch is the reads of a group on its connection.
type batch struct {
	lease     *lease
	members   []*reader
	guard     *pgconn.StatementDescription
	unguarded bool // the server forgot the guard
}

// run runs the reads of a group, gives the connection back and wakes the members.
func (s *shares) run(l *lease, members []*reader) {
	ctx, cancel := context.WithTimeout(context.Background(), min(batchTimeout, s.d.cfg.PingTimeout))
	defer cancel()
	begun := time.Now()
	b := &batch{lease: l, members: members}
	var err error
	defer func() { s.ended(b, err) }() // also when a tracer ends the goroutine
	b.trace()
	err = b.send(ctx)
	b.endTrace(err)
	if took := time.Since(begun); s.trip.exceeds(took) {
		for _, r := range members {
			r.of.pace.suspect(took)
		}
	}
	if err != nil && ctx.Err() != nil {
		s.d.doubted.Store(time.Now().UnixNano()) // the network may be gone
	}
}

// ended gives a batch's connection back and wakes its members. err is the connection's.
func (s *shares) ended(b *batch, err error) {
	lost := b.lease.Died(err)
	for _, r := range b.members {
		switch {
		case r.outcome == replied:
			s.reads.Add(1)
		case lost:
			r.outcome, r.err = died, err
		}
	}
	s.batches.Add(1)
	b.lease.info.refused = false // a write that was refused is the batch's own doing
	b.lease.done(err)
	s.queue.leave(len(b.members), true)
	for _, r := range b.members {
		r.begin()
		r.wake <- struct{}{}
	}
}

// send sends the reads in one round trip, and those that the server skipped after
// another one's error once more: at first with a Sync every 8, then with one each. The
// error is the connection's.
func (b *batch) send(ctx context.Context) error {
	pending, err := b.prepare(ctx)
	for _, every := range [...]int{len(pending), 8, 1} {
		if err != nil || len(pending) == 0 {
			return err
		}
		err = b.round(ctx, pending, every)
		pending = slices.DeleteFunc(pending, func(r *reader) bool { return r.outcome != skipped })
		if b.unguarded {
			return cmp.Or(err, b.lease.forgetShared(ctx, readOnlyBatch)) // what is pending runs alone
		}
	}
	return err
}

// prepare makes the connection know the texts, and returns the reads of those that it
// has as their arguments were encoded.
func (b *batch) prepare(ctx context.Context) (ready []*reader, err error) {
	l := b.lease
	if b.guard, err = b.prepareFor(ctx, b.members[0], guardName, readOnlyBatch); b.guard == nil {
		return nil, err
	}
	for _, r := range b.members {
		if l.Admit(r.call.Statement, r.call.SQL, nil) != nil || r.of.text(r.call.SQL) != r.as {
			continue
		}
		made, err := b.prepareFor(ctx, r, r.as.name, r.call.SQL)
		switch {
		case l.conn.IsClosed():
			return nil, err
		case err != nil || made == nil:
		case !r.as.is(made):
			r.as.outdated.Store(true)
		default:
			r.prepared = made
			ready = append(ready, r)
		}
	}
	return ready, nil
}

// prepareFor prepares a text. The span of that is a read's.
func (b *batch) prepareFor(ctx context.Context, r *reader, name, sql string) (made *pgconn.StatementDescription, err error) {
	r.guarded(func() { made, err = b.lease.prepareShared(traceContext{ctx, r.ctx}, name, sql) })
	return made, err
}

// traceContext has the end of a batch and the values of a read.
type traceContext struct {
	context.Context
	values context.Context
}

// Value is that of the read.
func (c traceContext) Value(key any) any { return c.values.Value(key) }

// round sends some reads, with a Sync after every so many, and reads the answers.
func (b *batch) round(ctx context.Context, reads []*reader, every int) error {
	p := b.lease.conn.PgConn().StartPipeline(ctx)
	send := p.SendQueryStatement
	if every < len(reads) {
		// Of what the server skips, pgx takes the columns for those of the next one.
		send = func(s *pgconn.StatementDescription, values [][]byte, formats, results []int16) {
			p.SendQueryPrepared(s.Name, values, formats, results)
		}
	}
	for part := range slices.Chunk(reads, every) {
		send(b.guard, nil, nil, nil)
		for _, r := range part {
			r.outcome = skipped
			send(r.prepared, r.coder.args.ParamValues, r.coder.args.ParamFormats, r.as.formats)
		}
		p.SendPipelineSync()
	}
	err := p.Flush()
	for part := range slices.Chunk(reads, every) {
		if err == nil {
			err = b.receive(p, part)
		}
	}
	if closed := p.Close(); err == nil {
		err = closed
	}
	return err
}

// receive reads the answers up to a Sync. The error is the connection's.
func (b *batch) receive(p *pgconn.Pipeline, reads []*reader) error {
	_, failed := p.GetResults() // of the guard
	guarded, n := failed == nil, 0
	for failed == nil && n < len(reads) {
		if failed = reads[n].receive(p); failed == nil {
			n++
		}
	}
	if b.lease.conn.IsClosed() {
		return failed
	}
	// The transaction ends at the Sync, where it may fail too.
	var refused error
	for _, err := p.GetResults(); err != nil; _, err = p.GetResults() {
		if b.lease.conn.IsClosed() {
			return err
		}
		refused = err
	}
	for _, r := range reads[:n] {
		r.outcome = replied
		if refused != nil || pgerr.Code(failed) == notSerializable {
			r.outcome = unanswered
		}
	}
	switch {
	case !guarded: // the server forgot it, as it does the other texts then
		b.unguarded = true
	case failed != nil:
		reads[n].judge(failed)
	}
	return nil
}

// receive reads the rows of one read.
func (r *reader) receive(p *pgconn.Pipeline) error {
	r.rows.reset()
	results, err := p.GetResults()
	if err != nil {
		return err
	}
	rows, ok := results.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("db: %T in place of rows", results)
	}
	for rows.NextRow() {
		r.rows.copy(rows.Values())
	}
	r.rows.tag, err = rows.Close()
	return err
}

// judge decides about a read that failed. Its error is its caller's, unless it may come
// of the others' company or of the connection: then it runs alone.
func (r *reader) judge(err error) {
	r.rows.reset()
	r.outcome, r.rows.err = replied, err
	var pg *pgconn.PgError
	switch code := pgerr.Code(err); {
	case pgerr.KindOf(err) == pgerr.StalePlan:
		r.as.outdated.Store(true)
		r.outcome = unanswered
	case !errors.As(err, &pg), code == deadlock, code == canceled, code == notSerializable:
		r.outcome = unanswered
	case refusesWrite(pg): // it is not what generated code took it for
		r.of.pace.Store(never)
		r.outcome = unanswered
	}
}

const (
	deadlock        = "40P01"
	canceled        = "57014"
	notSerializable = "40001"
)

// trace starts a span for each read. Tracers are the user's code: their panics are
// those of the read.
func (b *batch) trace() {
	tracer := b.lease.d.cfg.Tracer
	if tracer == nil {
		return
	}
	for _, r := range b.members {
		r.guarded(func() {
			ctx := context.WithValue(r.ctx, sharedBy{}, len(b.members))
			r.traced = tracer.TraceQueryStart(ctx, b.lease.conn, pgx.TraceQueryStartData{SQL: r.call.SQL, Args: r.call.Args})
		})
		r.begin()
	}
}

// endTrace ends the spans. err is the connection's.
func (b *batch) endTrace(err error) {
	tracer := b.lease.d.cfg.Tracer
	for _, r := range b.members {
		if r.traced == nil {
			continue
		}
		data := pgx.TraceQueryEndData{CommandTag: r.rows.tag, Err: r.rows.err}
		if r.outcome != replied {
			data.Err = cmp.Or(err, errRunsAlone)
		}
		r.guarded(func() { tracer.TraceQueryEnd(r.traced, b.lease.conn, data) })
	}
}

// errRunsAlone is the error of a span whose read is sent again.
var errRunsAlone = errors.New("db: the read is sent again, alone")

// begin lets a caller that leaves have its arguments.
func (r *reader) begin() {
	if r.begun != nil && !r.seen {
		r.seen = true
		close(r.begun)
	}
}

func (r *reader) guarded(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			r.panicked = p
		}
	}()
	fn()
}

type sharedBy struct{}

// SharedBy returns how many reads share the round trip that a tracer is called for, with
// ctx of TraceQueryStart; see [Config].ShareReads. It is 1 for a read alone.
func SharedBy(ctx context.Context) int {
	if n, ok := ctx.Value(sharedBy{}).(int); ok {
		return n
	}
	return 1
}
