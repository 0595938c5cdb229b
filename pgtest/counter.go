package pgtest

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Counter counts what a pool sends to its server, for tests of the kind "this
// takes one round trip". It is safe for concurrent use.
//
// A round trip is a statement, a batch, or a COPY. Preparing a statement, which pgx
// does once on each connection, is not counted; BEGIN and COMMIT are statements
// like any other.
type Counter struct {
	mu         sync.Mutex
	statements []string // guarded by mu
	roundTrips int      // guarded by mu
}

// NewCounter returns a counter that counts nothing until it is attached.
func NewCounter() *Counter { return &Counter{} }

// Attach makes the counter count all that the pool sends, beside any tracer
// that cfg has already. It fits [DB.Pool]: db.Pool(counter.Attach).
func (c *Counter) Attach(cfg *pgxpool.Config) {
	tracer := c.Tracer()
	if other := cfg.ConnConfig.Tracer; other != nil {
		tracer = multitracer.New(other, tracer)
	}
	cfg.ConnConfig.Tracer = tracer
}

// Tracer returns a tracer that counts the statements, for configurations that take a
// tracer instead of a pool's: db.Config{Tracer: counter.Tracer()}.
func (c *Counter) Tracer() pgx.QueryTracer { return tracer{c} }

// Statements returns the statements in the order in which they were sent: the
// name of those written as sqlc does (-- name: GetBook :one), else the SQL.
// A COPY is "COPY" and the table.
func (c *Counter) Statements() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.statements)
}

// RoundTrips returns how many round trips they took.
func (c *Counter) RoundTrips() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roundTrips
}

// Reset starts again from nothing.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements, c.roundTrips = nil, 0
}

func (c *Counter) add(trips int, statements ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roundTrips += trips
	c.statements = append(c.statements, statements...)
}

// tracer keeps pgx's side of the counter out of its API.
type tracer struct{ counter *Counter }

// TraceQueryStart counts a statement.
func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.counter.add(1, statementName(data.SQL))
	return ctx
}

// TraceQueryEnd does nothing.
func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart counts a batch's statements as one round trip.
func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	t.counter.add(1, batchNames(data.Batch)...)
	return ctx
}

// TraceBatchQuery does nothing: the batch was counted.
func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd does nothing.
func (tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart counts a COPY.
func (t tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	t.counter.add(1, copyName(data.TableName))
	return ctx
}

// TraceCopyFromEnd does nothing.
func (tracer) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}
