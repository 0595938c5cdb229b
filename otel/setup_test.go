package keelotel

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// told is what OpenTelemetry received.
type told struct {
	t      testing.TB
	spans  *tracetest.SpanRecorder
	reader *metric.ManualReader
	cfg    Config
}

func listen(t testing.TB) *told {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	return &told{t: t, spans: spans, reader: reader, cfg: Config{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(reader)),
		Database:       "shop",
	}}
}

func (o *told) observer() *TxnObserver {
	o.t.Helper()
	observer, err := NewTxnObserver(o.cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return observer
}

// lab is a database with a table of items, and a Runner that is observed.
type lab struct {
	*told
	pool   *pgxpool.Pool
	runner *txn.Runner
}

func setup(t *testing.T) *lab {
	t.Helper()
	l := &lab{told: listen(t), pool: pgtest.New(t).Pool()}
	l.runner = l.over(l.pool, l.observer())
	if _, err := l.pool.Exec(t.Context(), `CREATE TABLE items (name text PRIMARY KEY, n int NOT NULL); INSERT INTO items VALUES ('a', 1)`); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) over(db txn.Beginner, observer txn.Observer) *txn.Runner {
	l.t.Helper()
	r, err := txn.New(db, txn.Config{Observer: observer})
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

func add(ctx context.Context, tx *txn.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE items SET n = n + 1`)
	return err
}

// conflict meets 40001, of RepeatableRead: a row changes after the snapshot.
func (l *lab) conflict(ctx context.Context, tx *txn.Tx) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT n FROM items`).Scan(&n); err != nil {
		return err
	}
	if _, err := l.pool.Exec(ctx, `UPDATE items SET n = 10`); err != nil {
		return err
	}
	return add(ctx, tx)
}

// losing loses the answer to one COMMIT, and the connection with it.
type losing struct {
	*pgxpool.Pool
	once sync.Once
}

func (l *losing) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	tx, err := l.Pool.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &losingTx{Tx: tx, by: l}, nil
}

type losingTx struct {
	pgx.Tx
	by *losing
}

func (tx *losingTx) Commit(ctx context.Context) (err error) {
	lost := false
	tx.by.once.Do(func() {
		lost = true
		if _, err = tx.Exec(ctx, `COMMIT`); err == nil {
			err = io.ErrUnexpectedEOF
		}
		_ = tx.Conn().Close(ctx)
		_ = tx.Rollback(ctx) // gives it back
	})
	if lost {
		return err
	}
	return tx.Tx.Commit(ctx)
}

// random are attributes whose values are not compared.
var random = []attribute.Key{keyGateWait, keyRetryDelay, keyResolveTime}

// tree prints the spans, each below its parent, and checks what all of them share.
func (o *told) tree() string {
	o.t.Helper()
	ended := o.spans.Ended()
	if n := len(o.spans.Started()); n != len(ended) {
		o.t.Errorf("%d spans were started, %d ended", n, len(ended))
	}
	slices.SortStableFunc(ended, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	var out strings.Builder
	var below func(parent trace.SpanID, indent string)
	below = func(parent trace.SpanID, indent string) {
		for _, s := range ended {
			if s.Parent().SpanID() == parent {
				fmt.Fprintf(&out, "%s%s\n", indent, o.line(s))
				below(s.SpanContext().SpanID(), indent+"  ")
			}
		}
	}
	below(trace.SpanID{}, "")
	return out.String()
}

func (o *told) line(s sdktrace.ReadOnlySpan) string {
	o.t.Helper()
	line := s.Name()
	if s.InstrumentationScope().Name == scopeName {
		o.shared(s)
	}
	for _, kv := range s.Attributes() {
		switch {
		case strings.HasPrefix(string(kv.Key), "db.") && kv.Key != "db.response.status_code":
		case slices.Contains(random, kv.Key):
			line += " " + strings.TrimPrefix(string(kv.Key), "sqlkeel.txn.")
		default:
			line += fmt.Sprintf(" %s=%s", strings.TrimPrefix(string(kv.Key), "sqlkeel.txn."), kv.Value.String())
		}
	}
	if status := s.Status(); status.Code != codes.Unset || status.Description != "" {
		line += fmt.Sprintf(" (%s%s)", status.Code, status.Description)
	}
	return line
}

func (o *told) shared(s sdktrace.ReadOnlySpan) {
	o.t.Helper()
	want := map[attribute.Key]string{
		"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": strings.TrimSuffix(s.Name(), " attempt"),
	}
	for _, kv := range s.Attributes() {
		if want[kv.Key] == kv.Value.String() {
			delete(want, kv.Key)
		}
	}
	if len(want) > 0 || s.SpanKind() != trace.SpanKindInternal || len(s.Events())+len(s.Links()) > 0 {
		o.t.Errorf("span %s: kind %v, events %v, links %v, without %v", s.Name(), s.SpanKind(), s.Events(), s.Links(), want)
	}
}

// metrics prints how often was recorded what, in order, and checks what all of them
// share.
func (o *told) metrics() string {
	o.t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(context.Background(), &all); err != nil {
		o.t.Fatal(err)
	}
	var lines []string
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.Name != scopeName || scope.Scope.SchemaURL == "" {
			o.t.Errorf("scope %+v", scope.Scope)
		}
		for _, m := range scope.Metrics {
			lines = append(lines, o.points(m)...)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (o *told) points(m metricdata.Metrics) (lines []string) {
	o.t.Helper()
	line := func(attrs attribute.Set, count any) {
		lines = append(lines, fmt.Sprintf("%s (%s) %s: %v\n", m.Name, m.Unit, attrs.Encoded(attribute.DefaultEncoder()), count))
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, p.Value)
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, p.Count)
			if !slices.Equal(p.Bounds, buckets) {
				o.t.Errorf("%s: buckets %v", m.Name, p.Bounds)
			}
		}
	default:
		o.t.Errorf("%s is a %T", m.Name, data)
	}
	return lines
}

// equal compares texts by their lines, whatever their indentation has in common.
func equal(t testing.TB, what, got, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.Trim(want, "\n\t"), "\n\t\t", "\n")
	if got = strings.Trim(got, "\n"); got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}
