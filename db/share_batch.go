package db

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// batchTimeout bounds a batch. It is below PostgreSQL's default deadlock_timeout: the
// reads of a batch hold their locks until its end, and a migration that waits for two
// of them must not be the one that the server chooses to fail.
const batchTimeout = 500 * time.Millisecond

// batchRounds is how often a batch is sent, as each error of a read makes the server skip
// those behind it. What is left then runs alone.
const batchRounds = 8

// readOnlyBatch makes the transaction that the statements of a batch share read-only, so
// that a statement which writes after all is refused. Then it runs alone. It says how
// that transaction is isolated, too.
var readOnlyBatch = &description{StatementDescription: pgconn.StatementDescription{
	Name: "sqlkeel_guard", SQL: "SELECT set_config('transaction_read_only', 'on', true), current_setting('transaction_isolation')",
	Fields: []pgconn.FieldDescription{{Name: "set_config", DataTypeOID: pgtype.TextOID}, {Name: "current_setting", DataTypeOID: pgtype.TextOID}},
}}

// batch is a group on its connection.
type batch struct {
	*readGroup
	lease *lease
}

// run runs the reads of a group, gives the connection back and wakes the members.
func (s *shares) run(l *lease, group *readGroup) {
	ctx, cancel := context.WithTimeout(context.Background(), min(batchTimeout, s.d.cfg.PingTimeout))
	defer cancel()
	b := &batch{group, l}
	var err error
	defer func() { s.ended(b, err) }() // also when a tracer ends the goroutine
	b.trace()
	err = b.send(ctx)
	b.endTrace(err)
	if err != nil && ctx.Err() != nil {
		s.d.doubted.Store(time.Now().UnixNano()) // the network may be gone
	}
}

// ended gives a batch's connection back and wakes its members. err is the connection's.
func (s *shares) ended(b *batch, err error) {
	lost := b.lease.Died(err)
	b.lease.info.refused = false // a write that was refused is the batch's own doing
	defer func() {               // also when a tracer ends the goroutine
		s.batches.Add(1)
		s.queue.leave(len(b.members), true)
		for _, r := range b.members {
			switch {
			case r.result != nil:
				s.reads.Add(1)
			case lost:
				r.lost = err
			}
			if r != b.head {
				s.d.waits.add(max(0, b.lease.since.Sub(r.since)))
			}
			r.wake <- struct{}{}
		}
	}()
	b.head.guarded(func() { b.lease.done(err) })
}

// send sends the reads in one round trip, and those that the server skipped after
// another one's error in a further one. The error is the connection's.
func (b *batch) send(ctx context.Context) error {
	reads, err := b.prepare(ctx)
	for round := 0; err == nil && len(reads) > 0 && round < batchRounds; round++ {
		reads, err = b.round(ctx, reads)
	}
	return err
}

// prepare makes the connection know the texts, and returns the reads of those that it
// has as their arguments were encoded. Where it takes long the rest are left to other
// batches: otherwise a new connection would reach its deadline in all of them.
func (b *batch) prepare(ctx context.Context) (ready []*reader, err error) {
	end, _ := ctx.Deadline()
	enough := time.Now().Add(time.Until(end) / 4)
	if err := b.lease.prepareShared(ctx, readOnlyBatch); err != nil {
		return nil, err
	}
	for _, r := range b.members {
		if r.as.outdated.Load() || b.lease.Admit(r.call.Statement, r.call.SQL, nil) != nil {
			continue
		}
		if !b.lease.info.shared[r.as] && time.Now().After(enough) {
			continue
		}
		err := b.lease.prepareShared(ctx, r.as)
		switch {
		case b.lease.conn.IsClosed():
			return nil, err
		case err == nil:
			ready = append(ready, r)
		case errors.Is(err, errChanged), strings.HasPrefix(pgerr.Code(err), "42"): // it names what is not there
			r.as.outdated.Store(true)
		}
	}
	return ready, nil
}

// round sends reads, and returns those that the server skipped. The error is the
// connection's.
func (b *batch) round(ctx context.Context, reads []*reader) (skipped []*reader, err error) {
	var sent pgconn.Batch
	sent.ExecStatement(&readOnlyBatch.StatementDescription, nil, nil, nil)
	for _, r := range reads {
		sent.ExecStatement(&r.as.StatementDescription, r.coder.args.ParamValues, r.coder.args.ParamFormats, r.as.formats)
	}
	conn, begun := b.lease.conn.PgConn(), time.Now()
	results, err := conn.ExecBatch(ctx, &sent).ReadAll()
	if took := time.Since(begun); b.lease.d.shares.trip.exceeds(took) {
		for _, r := range reads {
			r.of.pace.suspect(took)
		}
	}
	if conn.IsClosed() {
		return nil, err
	}
	n := len(results) // with the guard's
	if n > 0 && results[n-1].Err != nil {
		n-- // rows had come before the error
	}
	switch {
	case n == 0 && pgerr.KindOf(err) == pgerr.StalePlan: // the server forgot it, as it does the other texts then
		clear(b.lease.info.shared)
		return nil, nil
	case n == 0, n > len(reads) && err != nil, pgerr.Code(err) == notSerializable: // the transaction failed
		return nil, nil
	}
	for i, result := range results[1:n] {
		reads[i].result = result
	}
	if err == nil {
		return nil, nil
	}
	b.fail(reads[n-1], err)
	if string(results[0].Rows[0][1]) == "serializable" { // only its COMMIT would have said that the reads fit together
		for _, r := range reads {
			r.result = nil
		}
		return nil, nil
	}
	return slices.DeleteFunc(reads[n:], func(r *reader) bool { // what would fail alike
		return r.as.outdated.Load() || !b.lease.info.shared[r.as] || r.of.pace.Load() == never
	}), nil
}

// fail decides about a read that failed. Its error is its caller's, unless it may come of
// the others' company or of the connection: then it runs alone.
func (b *batch) fail(r *reader, err error) {
	var pg *pgconn.PgError
	switch code := pgerr.Code(err); {
	case code == forgotten:
		delete(b.lease.info.shared, r.as)
	case pgerr.KindOf(err) == pgerr.StalePlan:
		r.as.outdated.Store(true)
	case !errors.As(err, &pg), code == deadlock, code == canceled:
	case refusesWrite(pg): // it is not what generated code took it for
		r.of.pace.Store(never)
	default:
		r.result = &pgconn.Result{Err: err}
	}
}

const (
	deadlock        = "40P01"
	canceled        = "57014"
	forgotten       = "26000" // a prepared statement
	notSerializable = "40001"
)

// trace starts a span for each read. Tracers are the user's code: their panics are
// those of the read.
func (b *batch) trace() {
	defer b.traced.Done()
	tracer := b.lease.d.cfg.Tracer
	if tracer == nil {
		return
	}
	for _, r := range b.members {
		r.guarded(func() {
			ctx := context.WithValue(r.ctx, sharedBy{}, len(b.members))
			r.span = tracer.TraceQueryStart(ctx, b.lease.conn, pgx.TraceQueryStartData{SQL: r.call.SQL, Args: r.call.Args})
		})
	}
}

// endTrace ends the spans. err is the connection's.
func (b *batch) endTrace(err error) {
	tracer := b.lease.d.cfg.Tracer
	for _, r := range b.members {
		if r.span == nil {
			continue
		}
		data := pgx.TraceQueryEndData{Err: cmp.Or(err, errRunsAlone)}
		if r.result != nil {
			data = pgx.TraceQueryEndData{CommandTag: r.result.CommandTag, Err: r.result.Err}
		}
		r.guarded(func() { tracer.TraceQueryEnd(r.span, b.lease.conn, data) })
	}
}

// errRunsAlone is the error of a span whose read is sent again.
var errRunsAlone = errors.New("db: the read is sent again, alone")

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
	n, _ := ctx.Value(sharedBy{}).(int)
	return max(n, 1)
}
