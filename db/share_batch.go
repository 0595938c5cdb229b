package db

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// batchTimeout bounds a batch. It is below PostgreSQL's default deadlock_timeout: the
// reads of a batch hold their locks until its end, and a migration that waits for two
// of them must not be the one that the server chooses to fail.
const batchTimeout = 500 * time.Millisecond

// batchRounds is how often a batch is sent, as each error of a read makes the server skip
// those behind it. What is left then runs alone.
const batchRounds = 8

// readOnlyGuard makes the transaction that the statements of a batch share read-only, so
// that a statement which writes after all is refused. Then it runs alone. It says how
// that transaction is isolated, too.
const readOnlyGuard = "SELECT set_config('transaction_read_only', 'on', true), current_setting('transaction_isolation')"

// readGroup is some readers that wait for one connection, and their batch.
type readGroup struct {
	members []*reader // guarded by readQueue.mu, until the group was taken
	head    *reader   // guarded by readQueue.mu; it acquires the connection; nil before the group's turn
	lease   *lease    // guarded by readQueue.mu, until the group was taken: then its members are final
	dropped []string  // texts to be prepared anew; some of its reads may still be sent by them
}

// run runs the reads of a group, gives the connection back and wakes the members. What a
// tracer panics with is logged. A read that was not sent because of it runs alone, where
// the tracer panics for its caller.
func (s *shares) run(g *readGroup) {
	timeout := min(batchTimeout, s.d.cfg.PingTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var reads []*reader // that were sent and not answered
	var err error       // the connection's
	defer func() {      // also when a tracer ends the goroutine
		if p := recover(); p != nil {
			defer s.d.events.panicked(p) // once all have their signal
		}
		s.batches.Add(1)
		s.queue.leave(len(g.members))
		for _, r := range g.members {
			if r != g.head { // whose wait was noted before
				s.d.waits.add(max(0, g.lease.since.Sub(r.since)))
			}
			r.gate.leave()
		}
		g.members = nil // they would live as long as the rows of one
	}()
	defer func() {
		if err != nil && ctx.Err() != nil {
			s.d.doubted.Store(time.Now().UnixNano()) // the network may be gone
		}
		if g.lease.Died(err) {
			s.d.counts.replays.Add(int64(len(reads)))
		}
		g.lease.info.refused = false // a write that was refused is the batch's own doing
		g.lease.done(err)
	}()
	if s.d.cfg.Tracer != nil {
		defer func() {
			for _, r := range g.members {
				defer r.traceEnd(cmp.Or(r.result, &pgconn.Result{Err: cmp.Or(err, errRunsAlone)})) // of all, if one panics
			}
		}()
	}
	reads, err = g.prepare(ctx, time.Now().Add(timeout/4))
	for round := 0; err == nil && len(reads) > 0 && round < batchRounds; round++ {
		reads, err = g.round(ctx, reads)
	}
	g.forget(ctx)
}

// prepare makes the connection know the texts of the members, and returns the reads that
// were encoded as it describes them. The others run alone. A text that cannot be prepared
// in time is prepared by later batches: otherwise a new connection would reach its deadline
// again and again. The error is the connection's.
func (g *readGroup) prepare(ctx context.Context, end time.Time) (ready []*reader, err error) {
	if guard, err := g.prepared(ctx, readOnlyGuard, end); guard == nil {
		return nil, err
	}
	for _, r := range g.members {
		if r.of.Load() != 0 { // its statement proved slow while it waited
			continue
		}
		switch text, err := g.prepared(ctx, r.call.SQL, end); {
		case err != nil: // its reads run alone until one was answered, or each would try this
			r.of.suspect(batchTimeout)
			if g.lease.conn.IsClosed() { // perhaps by waiting for a lock
				return nil, err
			}
		case text == nil:
		case r.text != nil && slices.Equal(r.text.ParamOIDs, text.ParamOIDs) && slices.EqualFunc(r.text.Fields, text.Fields, sameType):
			r.text = text
			ready = append(ready, r)
		case g.lease.d.types.news(g.lease.info.types.Map, g.lease.d.types.needed(text.Fields)): // which the read learns, alone
		default:
			g.lease.d.shares.texts.Store(r.call.SQL, text)
			if r.text != nil { // one of both is from before a change, perhaps this one
				g.dropped = append(g.dropped, r.call.SQL)
			}
		}
	}
	return ready, nil
}

func sameType(a, b pgconn.FieldDescription) bool { return a.DataTypeOID == b.DataTypeOID }

// prepared returns how the server described a text when it was prepared on the group's
// connection, beside pgx's cache, which knows nothing of batches. No other session has its
// name, which a pooler might hand out. It returns nil after an error, and at the end.
func (g *readGroup) prepared(ctx context.Context, sql string, end time.Time) (text *pgconn.StatementDescription, err error) {
	known := g.lease.info.prepared
	if text = known[sql]; text != nil || !time.Now().Before(end) {
		return text, nil
	}
	text, err = g.lease.conn.PgConn().Prepare(ctx, "sqlkeel_"+rand.Text(), sql, nil)
	known[sql] = text // nil after an error
	return text, err
}

// forget makes the connection and the server forget what was dropped. The server may have
// done so before. What is left when ctx ends is dropped by a later batch again.
func (g *readGroup) forget(ctx context.Context) {
	for _, sql := range g.dropped {
		if text := g.lease.info.prepared[sql]; text != nil && ctx.Err() == nil {
			delete(g.lease.info.prepared, sql)
			_, _ = g.lease.conn.PgConn().Exec(ctx, `DEALLOCATE "`+text.Name+`"`).ReadAll()
		}
	}
}

// round sends reads in one round trip, and returns those that are to be sent again: which
// the server skipped after another one's error. The error is the connection's.
func (g *readGroup) round(ctx context.Context, reads []*reader) (again []*reader, err error) {
	var sent pgconn.Batch
	sent.ExecStatement(g.lease.info.prepared[readOnlyGuard], nil, nil, nil)
	for _, r := range reads {
		r.traceStart(len(reads))
		sent.ExecStatement(r.text, r.coder.args.ParamValues, r.coder.args.ParamFormats, r.coder.args.ResultFormats)
	}
	conn, begun := g.lease.conn.PgConn(), time.Now()
	results, err := conn.ExecBatch(ctx, &sent).ReadAll()
	if took := time.Since(begun); g.lease.d.shares.trip.exceeds(took) {
		for _, r := range reads {
			r.of.suspect(took)
		}
	}
	n := len(results) - 1 // reads, beside the guard
	if n >= 0 && results[n].Err != nil {
		n-- // rows had come before the error
	}
	switch {
	case conn.IsClosed():
		return reads, err
	case n < 0 && pgerr.KindOf(err) == pgerr.StalePlan: // the server forgot the guard, as it does the other texts then
		clear(g.lease.info.prepared)
		return nil, nil
	case n < 0, n == len(reads) && err != nil: // the transaction failed
		return nil, nil
	case err != nil:
		g.failed(reads[n], err)
		if string(results[0].Rows[0][1]) == "serializable" { // only its COMMIT would have said that the reads fit together
			reads[n].result = nil
			return nil, nil
		}
		again = slices.DeleteFunc(reads[n+1:], func(r *reader) bool { return reads[n].result == nil && r.text == reads[n].text })
	}
	for i, result := range results[1 : n+1] {
		reads[i].result = result
		if len(result.Rows) == 0 { // pgx gives no columns then
			result.FieldDescriptions = slices.Clone(reads[i].text.Fields)
			for j, format := range reads[i].coder.args.ResultFormats {
				result.FieldDescriptions[j].Format = format
			}
		}
	}
	return again, nil
}

// traceStart begins the span of a read that is about to be sent with others, unless it has
// one from the round before or its caller is about to leave.
func (r *reader) traceStart(reads int) {
	r.traced.Lock()
	defer r.traced.Unlock()
	if tracer := r.shares.d.cfg.Tracer; tracer != nil && r.span == nil && r.ctx.Err() == nil {
		data := pgx.TraceQueryStartData{SQL: r.call.SQL, Args: r.call.Args}
		r.span = tracer.TraceQueryStart(context.WithValue(r.ctx, sharedBy{}, reads), r.group.lease.conn, data)
	}
}

// traceEnd ends the span, if there is one. After it no tracer has the arguments, which are
// the caller's.
func (r *reader) traceEnd(result *pgconn.Result) {
	r.traced.Lock()
	defer r.traced.Unlock()
	if span := r.span; span != nil {
		r.span = nil
		r.shares.d.cfg.Tracer.TraceQueryEnd(span, r.group.lease.conn, pgx.TraceQueryEndData{CommandTag: result.CommandTag, Err: result.Err})
	}
}

// failed decides about a read that failed. Its error is its caller's, unless it may come
// of the others' company, of the connection, or of what the text meant when it was
// prepared: then it runs alone.
func (g *readGroup) failed(r *reader, err error) {
	var pg *pgconn.PgError
	switch kind := pgerr.KindOf(err); {
	case !errors.As(err, &pg), kind == pgerr.Conflict, kind == pgerr.Canceled:
	case kind == pgerr.StalePlan, pg.Where == "" && strings.HasPrefix(pg.Code, "42"): // not of a function's body
		g.dropped = append(g.dropped, r.call.SQL)
		r.of.suspect(batchTimeout) // until one succeeded alone: the text may be wrong for good
	case pg.Code == "25006": // it writes, which generated code did not know
		r.of.Store(never)
	default:
		r.result = &pgconn.Result{Err: err}
	}
}

// errRunsAlone is the error of a span whose read is sent again.
var errRunsAlone = errors.New("db: the read is sent again, alone")

type sharedBy struct{}

// SharedBy returns how many reads share the round trip that a tracer is called for, with
// ctx of TraceQueryStart; see [Config].ShareReads. It is 1 for a read alone.
func SharedBy(ctx context.Context) int {
	n, _ := ctx.Value(sharedBy{}).(int)
	return max(n, 1)
}
