package pgtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
)

// Executor is what [Faulty] stands in front of and what it is: the DBTX that
// sqlc's generated code takes. A pool, a connection and a transaction are executors.
type Executor interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	Query(context.Context, string, ...any) (pgx.Rows, error)
	QueryRow(context.Context, string, ...any) pgx.Row
	CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error)
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}

// ErrNoServer is returned by a [Faulty] without an executor behind it, for a
// statement that no rule stops.
var ErrNoServer = errors.New("pgtest: no rule for this statement, and no server behind Faulty")

// Faulty is an executor that fails on demand, so that code can be tested on its
// error paths, with a server behind it or without. It is safe for concurrent use.
//
// Rules name a statement as sqlc does, GetBook for -- name: GetBook :one; a
// statement without a name is named by its whole text, and a COPY by "COPY " and
// the table. A batch is stopped as a whole by a rule for any of its statements.
// Rules apply in the order in which they were made; a statement that a rule
// failed did not reach the server.
type Faulty struct {
	inner Executor // nil: no server
	rules ruleSet
}

// AnyStatement, as the name in a rule, matches every statement.
const AnyStatement = "*"

// NewFaulty returns an executor in front of inner, which may be nil.
func NewFaulty(inner Executor) *Faulty { return &Faulty{inner: inner} }

// Fail makes every call of the statement return err.
func (f *Faulty) Fail(name string, err error) { f.rules.add(&rule{name: name, err: err}) }

// FailOnce makes the next call of the statement return err.
func (f *Faulty) FailOnce(name string, err error) { f.FailNth(name, 1, err) }

// FailNth makes the nth call of the statement from now on, counted from 1,
// return err. With n < 1 no call does.
func (f *Faulty) FailNth(name string, n int, err error) {
	f.rules.add(&rule{name: name, err: err, nth: n, counted: true})
}

// FailCode makes every call of the statement return a [*pgconn.PgError] with
// the SQLSTATE.
func (f *Faulty) FailCode(name, code string) { f.Fail(name, serverError(code)) }

// FailCodeOnce is FailCode for the next call only.
func (f *Faulty) FailCodeOnce(name, code string) { f.FailOnce(name, serverError(code)) }

// Cut makes the next call of the statement end as if the connection broke while
// the answer was awaited: the error is an io.ErrUnexpectedEOF, as pgx's would be.
func (f *Faulty) Cut(name string) { f.FailOnce(name, errCut) }

// Hold makes every call of the statement wait until release is called, or return
// its context's error if that ends first. arrived gets a value when a call
// begins to wait, so that a test knows when; release may be called twice.
func (f *Faulty) Hold(name string) (arrived <-chan struct{}, release func()) {
	r := &rule{name: name, arrived: make(chan struct{}, 1), released: make(chan struct{})}
	f.rules.add(r)
	return r.arrived, r.release
}

// Reset forgets all rules; calls that are held go on. Counts stay.
func (f *Faulty) Reset() { f.rules.reset() }

// Calls returns how many calls of the statement there were, failed ones included.
func (f *Faulty) Calls(name string) int { return f.rules.calls(name) }

// Exec implements [Executor].
func (f *Faulty) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := f.enter(ctx, statementName(sql)); err != nil {
		return pgconn.CommandTag{}, err
	}
	return f.inner.Exec(ctx, sql, args...)
}

// Query implements [Executor].
func (f *Faulty) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := f.enter(ctx, statementName(sql)); err != nil {
		return exec.Failed(err), err
	}
	return f.inner.Query(ctx, sql, args...)
}

// QueryRow implements [Executor]; the error comes from Scan.
func (f *Faulty) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := f.enter(ctx, statementName(sql)); err != nil {
		return exec.FailedRow(err)
	}
	return f.inner.QueryRow(ctx, sql, args...)
}

// CopyFrom implements [Executor].
func (f *Faulty) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := f.enter(ctx, copyName(table)); err != nil {
		return 0, err
	}
	return f.inner.CopyFrom(ctx, table, columns, rows)
}

// SendBatch implements [Executor]; the error comes from the results.
func (f *Faulty) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := f.enter(ctx, batchNames(batch)...); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return f.inner.SendBatch(ctx, batch)
}

// enter applies the rules to a call and returns the error it must end with.
func (f *Faulty) enter(ctx context.Context, names ...string) error {
	for _, r := range f.rules.match(names) {
		if err := r.apply(ctx); err != nil {
			return err
		}
	}
	if f.inner == nil {
		return fmt.Errorf("%w: %q", ErrNoServer, names)
	}
	return nil
}

func serverError(code string) error {
	return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "injected by pgtest.Faulty"}
}
