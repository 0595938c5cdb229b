package keelotel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/txn"
)

// buckets are those that the semantic conventions give for
// db.client.operation.duration.
var buckets = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}

// instruments are made once an observer.
type instruments struct {
	duration, gateWait, resolveTime metric.Float64Histogram
	attempts, retries, unknown      metric.Int64Counter
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	m := maker{meter: meter}
	var standard dbconv.ClientOperationDuration
	i := &instruments{
		duration:    m.seconds(standard.Name(), standard.Description()),
		gateWait:    m.seconds("sqlkeel.txn.gate_wait", "Time that units of work waited for their admission."),
		resolveTime: m.seconds("sqlkeel.txn.resolve_time", "Time in which the outcome of a COMMIT without answer was found out."),
		attempts:    m.counter("sqlkeel.txn.attempts", "{attempt}", "Attempts at units of work."),
		retries:     m.counter("sqlkeel.txn.retries", "{attempt}", "Attempts after the first of a unit of work."),
		unknown:     m.counter("sqlkeel.txn.unknown_outcomes", "{unit}", "Units of work with an unknown outcome."),
	}
	if m.err != nil {
		return nil, m.err
	}
	return i, nil
}

// maker makes instruments, and keeps the first error.
type maker struct {
	meter metric.Meter
	err   error
}

func (m *maker) seconds(name, description string) metric.Float64Histogram {
	h, err := m.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
		metric.WithExplicitBucketBoundaries(buckets...))
	m.note(name, err)
	return h
}

func (m *maker) counter(name, unit, description string) metric.Int64Counter {
	c, err := m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
	m.note(name, err)
	return c
}

func (m *maker) note(name string, err error) {
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("keelotel: make the instrument %s: %w", name, err)
	}
}

// attempt records one attempt.
func (i *instruments) attempt(ctx context.Context, op *operation, end txn.AttemptEnd) {
	if end.Outcome == stmt.Committed {
		i.attempts.Add(ctx, 1, op.committed...)
	} else {
		i.attempts.Add(ctx, 1, op.with(append(failure(reason(end)), outcomeOf(end.Outcome))...))
	}
	if end.Resolve > 0 {
		i.resolveTime.Record(ctx, end.Resolve.Seconds(), op.with(outcomeOf(end.Outcome)))
	}
}

// unit records one unit.
func (i *instruments) unit(ctx context.Context, op *operation, end txn.TransactionEnd) {
	if end.Err == nil {
		i.duration.Record(ctx, end.Duration.Seconds(), op.measure...)
	} else {
		i.duration.Record(ctx, end.Duration.Seconds(), op.with(failure(end.Err)...))
	}
	if end.GateWait > 0 {
		i.gateWait.Record(ctx, end.GateWait.Seconds(), op.measure...)
	}
	if end.Outcome == stmt.Unknown {
		i.unknown.Add(ctx, 1, op.count...)
	}
}
