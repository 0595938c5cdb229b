package keelotel

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/sqlkeel/sqlkeel/txn"
)

// TxnObserver makes spans and metrics of units of work. It is for
// [txn.Config].Observer, of one Runner or of several on the same database.
//
// Where it is called by another observer, each method has to get a context that
// descends from the one that the start before it returned.
type TxnObserver struct {
	tracer      trace.Tracer
	instruments *instruments
	operations  operations
}

var _ txn.Observer = (*TxnObserver)(nil)

// NewTxnObserver returns an observer. The error is the meter's, when an instrument
// cannot be made.
func NewTxnObserver(cfg Config) (*TxnObserver, error) {
	i, err := newInstruments(cfg.meter())
	if err != nil {
		return nil, err
	}
	return &TxnObserver{
		tracer: cfg.tracer(), instruments: i,
		operations: operations{shared: cfg.attributes(), all: map[string]*operation{}},
	}, nil
}

// TransactionStart starts the unit's span.
func (o *TxnObserver) TransactionStart(ctx context.Context, op txn.Op) context.Context {
	known := o.operations.named(op.Name)
	return o.start(ctx, known, known.name, known.span)
}

// AttemptStart starts the attempt's span, below the unit's.
func (o *TxnObserver) AttemptStart(ctx context.Context, op txn.Op, attempt int) context.Context {
	known := o.started(ctx, op).op
	if attempt > 1 {
		o.instruments.retries.Add(ctx, 1, known.count...)
	}
	number := trace.WithAttributes(keyAttemptNumber.Int(attempt))
	return o.start(ctx, known, known.attempt, slices.Concat(known.span, []trace.SpanStartOption{number}))
}

// AttemptEnd ends the attempt's span, and counts the attempt.
func (o *TxnObserver) AttemptEnd(ctx context.Context, op txn.Op, end txn.AttemptEnd) {
	s := o.started(ctx, op)
	o.instruments.attempt(ctx, s.op, end)
	if s.span.IsRecording() {
		s.span.SetAttributes(ofAttempt(end)...)
	}
	s.span.End()
}

// TransactionEnd ends the unit's span, and measures the unit.
func (o *TxnObserver) TransactionEnd(ctx context.Context, op txn.Op, end txn.TransactionEnd) {
	s := o.started(ctx, op)
	o.instruments.unit(ctx, s.op, end)
	if s.span.IsRecording() {
		s.span.SetAttributes(ofUnit(end)...)
	}
	if end.Err != nil {
		s.span.SetStatus(codes.Error, "") // a description could tell data of a row
	}
	s.span.End()
}

// started is what an observer has started, in the context of all below. The span
// that OpenTelemetry finds there may be another one, from code in between.
type started struct {
	op   *operation
	span trace.Span
}

type startedKey struct{ by *TxnObserver }

func (o *TxnObserver) start(ctx context.Context, op *operation, name string, options []trace.SpanStartOption) context.Context {
	ctx, span := o.tracer.Start(ctx, name, options...)
	return context.WithValue(ctx, startedKey{o}, &started{op, span})
}

// started returns what was started last in ctx. Without such a thing only the
// metrics are of use.
func (o *TxnObserver) started(ctx context.Context, op txn.Op) *started {
	if s, ok := ctx.Value(startedKey{o}).(*started); ok {
		return s
	}
	return &started{o.operations.named(op.Name), trace.SpanFromContext(context.Background())}
}
