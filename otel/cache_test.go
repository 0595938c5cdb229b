package keelotel

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// shop is a database whose results may be cached.
type shop struct{}

func (shop) CachedBy(context.Context, stmt.Invalidator) (target, why string) { return "shop", "" }

func TestACacheIsMeasured(t *testing.T) {
	t.Parallel()
	o := listen(t)
	c, err := cache.New(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := ObserveCache(o.cfg, c)
	if err != nil {
		t.Fatal(err)
	}
	q := cache.NewQuery(c, shop{}, func(context.Context, int64) (int64, error) { return 1, nil }, &cache.QueryConfig[int64, int64, int64]{
		Statement: &stmt.Statement{Name: "GetBook", SQL: "book", Effects: stmt.Effects{ReadOnly: true, Reads: []string{"books"}}},
		TTL:       time.Hour, Key: func(n int64) int64 { return n }, Args: func(n int64) []any { return []any{n} },
	})
	read := func() {
		t.Helper()
		if _, err := q.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	write := func(e stmt.Effects, name string) {
		runs := []stmt.Run{{Effects: &e, Name: name}}
		c.BeforeWrite("shop", runs)
		c.AfterWrite("shop", runs, stmt.Committed)
	}
	read()
	read()
	write(stmt.Effects{Writes: []string{"books"}}, "")
	read()
	write(stmt.Effects{Anything: true}, "VACUUM")
	c.Switch(false)
	read()

	statement := keyStatement.String("GetBook")
	got := collect(t, o)
	for name, want := range map[string]map[attribute.Set]int64{
		"sqlkeel.cache.reads": {
			attribute.NewSet(statement, keyResult.String("hit")):         1,
			attribute.NewSet(statement, keyResult.String("miss")):        2,
			attribute.NewSet(statement, keyResult.String("bypass: off")): 1,
		},
		"sqlkeel.cache.loads":       {attribute.NewSet(statement): 2},
		"sqlkeel.cache.invalidated": {attribute.NewSet(statement): 1},
		"sqlkeel.cache.needless":    {attribute.NewSet(keyTable.String("books")): 1},
		"sqlkeel.cache.flushes":     {attribute.NewSet(keyText.String("VACUUM")): 1},
		"sqlkeel.cache.entries":     {attribute.NewSet(statement): 1},
	} {
		for set, n := range want {
			if got[name][set] != n {
				t.Errorf("%s of %v is %d, want %d", name, set.ToSlice(), got[name][set], n)
			}
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, o); len(got) != 0 {
		t.Errorf("after the end there are %v", got)
	}
}

// collect returns the values of integer instruments, and their attributes.
func collect(t *testing.T, o *told) map[string]map[attribute.Set]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[attribute.Set]int64{}
	note := func(name string, points []metricdata.DataPoint[int64]) {
		got[name] = map[attribute.Set]int64{}
		for _, p := range points {
			got[name][p.Attributes] = p.Value
		}
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				note(m.Name, data.DataPoints)
			case metricdata.Gauge[int64]:
				note(m.Name, data.DataPoints)
			}
		}
	}
	return got
}
