package keelotel

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/txn"
)

// run tells an observer of a unit with one attempt, whose ends are given.
func run(ctx context.Context, observer txn.Observer, name string, attempt txn.AttemptEnd, unit txn.TransactionEnd) {
	op := txn.Op{Name: name}
	ctx = observer.TransactionStart(ctx, op)
	observer.AttemptEnd(observer.AttemptStart(ctx, op, 1), op, attempt)
	observer.TransactionEnd(ctx, op, unit)
}

var (
	attemptCommitted = txn.AttemptEnd{Attempt: 1, Outcome: stmt.Committed, Duration: time.Millisecond}
	unitCommitted    = txn.TransactionEnd{Attempts: 1, Outcome: stmt.Committed, Duration: time.Millisecond}
)

func TestAWaitForAdmissionIsMeasured(t *testing.T) {
	t.Parallel()
	o := listen(t)
	end := unitCommitted
	end.GateWait = 20 * time.Millisecond
	run(t.Context(), o.observer(), "add", attemptCommitted, end)
	equal(t, "spans", o.tree(), `
		add outcome=committed attempt.count=1 gate_wait
		  add attempt attempt.number=1 outcome=committed`)
	const line = "sqlkeel.txn.gate_wait (s) db.namespace=shop,db.operation.name=add,db.system.name=postgresql: 1\n"
	if got := o.metrics(); !strings.Contains(got, line) {
		t.Errorf("metrics:\n%s", got)
	}
}

func TestTimesAreInSeconds(t *testing.T) {
	t.Parallel()
	o := listen(t)
	attempt, unit := attemptCommitted, unitCommitted
	attempt.Retry, attempt.Backoff, attempt.Resolve = true, 250*time.Millisecond, 2*time.Second
	unit.GateWait = 20 * time.Millisecond
	run(t.Context(), o.observer(), "add", attempt, unit)
	got := map[string]float64{}
	for _, s := range o.spans.Ended() {
		for _, kv := range s.Attributes() {
			if slices.Contains(random, kv.Key) {
				got[string(kv.Key)] = kv.Value.AsFloat64()
			}
		}
	}
	for key, want := range map[string]float64{"sqlkeel.txn.retry_delay": 0.25, "sqlkeel.txn.resolve_time": 2, "sqlkeel.txn.gate_wait": 0.02} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
}

func TestAUnitThatWasNotAdmittedHasNoAttempt(t *testing.T) {
	t.Parallel()
	o := listen(t)
	observer, op := o.observer(), txn.Op{Name: "late"}
	ctx := observer.TransactionStart(t.Context(), op)
	observer.TransactionEnd(ctx, op, txn.TransactionEnd{Err: context.DeadlineExceeded, GateWait: time.Second})
	equal(t, "spans", o.tree(), `late error.type=context.DeadlineExceeded outcome=aborted attempt.count=0 gate_wait (Error)`)
}

func TestTheGlobalProvidersAreTheDefault(t *testing.T) {
	o := listen(t)
	tracers, meters := otel.GetTracerProvider(), otel.GetMeterProvider()
	otel.SetTracerProvider(o.cfg.TracerProvider)
	otel.SetMeterProvider(o.cfg.MeterProvider)
	t.Cleanup(func() {
		otel.SetTracerProvider(tracers)
		otel.SetMeterProvider(meters)
	})
	observer, err := NewTxnObserver(Config{Database: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	run(t.Context(), observer, "add", attemptCommitted, unitCommitted)
	equal(t, "spans", o.tree(), `
		add outcome=committed attempt.count=1
		  add attempt attempt.number=1 outcome=committed`)
	if got := o.metrics(); !strings.Contains(got, "db.operation.name=add") {
		t.Errorf("metrics:\n%s", got)
	}
}

func TestWithoutADatabaseThereIsNoNamespace(t *testing.T) {
	t.Parallel()
	o := listen(t)
	o.cfg.Database = ""
	run(t.Context(), o.observer(), "add", attemptCommitted, unitCommitted)
	if got := o.metrics(); strings.Contains(got, "namespace") || !strings.Contains(got, "db.operation.name=add") {
		t.Errorf("metrics:\n%s", got)
	}
}

// refuses makes meters that cannot make one instrument.
type refuses struct {
	noop.MeterProvider
	name string
}

func (r refuses) Meter(string, ...metric.MeterOption) metric.Meter { return refusing{name: r.name} }

type refusing struct {
	noop.Meter
	name string
}

var errRefused = errors.New("refused")

func (r refusing) answer(name string) error {
	if name == r.name {
		return errRefused
	}
	return nil
}

func (r refusing) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return noop.Float64Histogram{}, r.answer(name)
}

func (r refusing) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return noop.Int64Counter{}, r.answer(name)
}

func TestAnInstrumentThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"db.client.operation.duration", "sqlkeel.txn.attempts", "sqlkeel.txn.retries",
		"sqlkeel.txn.unknown_outcomes", "sqlkeel.txn.gate_wait", "sqlkeel.txn.resolve_time",
	} {
		observer, err := NewTxnObserver(Config{MeterProvider: refuses{name: name}})
		if observer != nil || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: observer %v, error %v", name, observer, err)
		}
	}
	if _, err := NewTxnObserver(Config{MeterProvider: refuses{}}); err != nil {
		t.Error(err)
	}
}

// both tells two observers of everything, the second below the first.
type both [2]txn.Observer

func (b both) TransactionStart(ctx context.Context, op txn.Op) context.Context {
	return b[1].TransactionStart(b[0].TransactionStart(ctx, op), op)
}

func (b both) AttemptStart(ctx context.Context, op txn.Op, attempt int) context.Context {
	return b[1].AttemptStart(b[0].AttemptStart(ctx, op, attempt), op, attempt)
}

func (b both) AttemptEnd(ctx context.Context, op txn.Op, end txn.AttemptEnd) {
	b[1].AttemptEnd(ctx, op, end)
	b[0].AttemptEnd(ctx, op, end)
}

func (b both) TransactionEnd(ctx context.Context, op txn.Op, end txn.TransactionEnd) {
	b[1].TransactionEnd(ctx, op, end)
	b[0].TransactionEnd(ctx, op, end)
}

func TestTwoObserversEachEndTheirOwnSpans(t *testing.T) {
	t.Parallel()
	first, second := listen(t), listen(t)
	second.cfg.TracerProvider = first.cfg.TracerProvider
	run(t.Context(), both{first.observer(), second.observer()}, "add", attemptCommitted, unitCommitted)
	equal(t, "spans", first.tree(), `
		add outcome=committed attempt.count=1
		  add outcome=committed attempt.count=1
		    add attempt attempt.number=1 outcome=committed
		      add attempt attempt.number=1 outcome=committed`)
	if a, b := first.metrics(), second.metrics(); a == "" || a != b {
		t.Errorf("metrics:\n%s\nand\n%s", a, b)
	}
}

func TestAContextThatWasDroppedCostsTheSpansAlone(t *testing.T) {
	t.Parallel()
	o := listen(t)
	observer, op := o.observer(), txn.Op{Name: "add"}
	ctx, request := o.cfg.TracerProvider.Tracer("user").Start(t.Context(), "request")
	observer.AttemptEnd(observer.AttemptStart(ctx, op, 1), op, attemptCommitted)
	observer.TransactionEnd(ctx, op, unitCommitted)
	if !request.IsRecording() {
		t.Error("somebody else's span was ended")
	}
	request.End()
	equal(t, "spans", o.tree(), `
		request
		  add attempt attempt.number=1 outcome=committed`)
	if got := o.metrics(); !strings.Contains(got, "db.client.operation.duration") {
		t.Errorf("metrics:\n%s", got)
	}
}

func TestNamesWithoutEndAreNotKept(t *testing.T) {
	t.Parallel()
	o := listen(t)
	observer := o.observer()
	for i := range 2 * operationsMost {
		if op := observer.operations.named(strconv.Itoa(i)); op.name != strconv.Itoa(i) {
			t.Fatalf("operation %d has the name %q", i, op.name)
		}
	}
	if n := len(observer.operations.all); n != operationsMost {
		t.Errorf("%d operations are kept", n)
	}
}

func TestTheEndsOfACommitAllocateNothing(t *testing.T) {
	o := listen(t)
	o.cfg.TracerProvider = nooptrace.NewTracerProvider()
	observer, op := o.observer(), txn.Op{Name: "add"}
	unit := observer.TransactionStart(t.Context(), op)
	attempt := observer.AttemptStart(unit, op, 1)
	if trace.SpanFromContext(attempt).IsRecording() {
		t.Fatal("the span records")
	}
	allocs := testing.AllocsPerRun(100, func() {
		observer.AttemptEnd(attempt, op, attemptCommitted)
		observer.TransactionEnd(unit, op, unitCommitted)
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
