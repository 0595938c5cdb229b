package keelotel

import (
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// operationsMost is how many operations are remembered. Names should be few; when
// they are not, those that came late are made anew each time.
const operationsMost = 1024

// operation is what all units of one name have in common, made once.
type operation struct {
	name, attempt string // of the spans
	attrs         []attribute.KeyValue
	span          []trace.SpanStartOption
	count         []metric.AddOption    // attrs
	measure       []metric.RecordOption // attrs
	committed     []metric.AddOption    // attrs and the outcome
}

func newOperation(shared []attribute.KeyValue, name string) *operation {
	op := &operation{name: name, attempt: name + " attempt"}
	op.attrs = slices.Concat(shared, []attribute.KeyValue{semconv.DBOperationName(name)})
	op.span = []trace.SpanStartOption{trace.WithAttributes(op.attrs...)}
	all := op.with()
	op.count, op.measure = []metric.AddOption{all}, []metric.RecordOption{all}
	op.committed = []metric.AddOption{op.with(outcomeOf(stmt.Committed))}
	return op
}

// with returns the operation's attributes and some more. The set sorts what it is
// given.
func (op *operation) with(more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(slices.Concat(op.attrs, more)...))
}

// operations are those of an observer.
type operations struct {
	shared []attribute.KeyValue
	mu     sync.RWMutex // guards what follows
	all    map[string]*operation
}

func (o *operations) named(name string) *operation {
	o.mu.RLock()
	op := o.all[name]
	o.mu.RUnlock()
	if op != nil {
		return op
	}
	op = newOperation(o.shared, name)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) < operationsMost {
		o.all[name] = op
	}
	return op
}
