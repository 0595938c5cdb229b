package keelotel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sqlkeel/sqlkeel/cache"
)

// Attributes of cached reads.
const (
	keyStatement = attribute.Key("sqlkeel.cache.statement")
	keyResult    = attribute.Key("sqlkeel.cache.result")
	keyTable     = attribute.Key("sqlkeel.cache.table")
	keyText      = attribute.Key("sqlkeel.cache.text")
)

// ObserveCache makes metrics of what c does. They are collected when a reader asks, until
// stop is called. Config.Database is left out: a cache may have results of several. The
// error is the meter's, when an instrument cannot be made.
func ObserveCache(cfg Config, c *cache.Cache) (stop func() error, err error) {
	meter := cfg.meter()
	m := maker{meter: meter}
	i := cacheInstruments{
		reads:       m.observed("sqlkeel.cache.reads", "{read}", "Reads of cached statements, by their result."),
		loads:       m.observed("sqlkeel.cache.loads", "{load}", "Loads that have ended."),
		failed:      m.observed("sqlkeel.cache.load_errors", "{load}", "Loads that ended with an error."),
		invalidated: m.observed("sqlkeel.cache.invalidated", "{result}", "Results that were loaded again after a write."),
		needless:    m.observed("sqlkeel.cache.needless", "{result}", "Those that turned out to be the same, by table."),
		flushes:     m.observed("sqlkeel.cache.flushes", "{write}", "Writes that made everything old, by text."),
	}
	i.loadTime, err = meter.Float64ObservableCounter("sqlkeel.cache.load_time", metric.WithUnit("s"),
		metric.WithDescription("Time spent in loads."))
	m.note("sqlkeel.cache.load_time", err)
	i.entries, err = meter.Int64ObservableGauge("sqlkeel.cache.entries", metric.WithUnit("{result}"),
		metric.WithDescription("Results that are kept."))
	m.note("sqlkeel.cache.entries", err)
	if m.err != nil {
		return nil, m.err
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		i.observe(o, c.Report())
		return nil
	}, i.reads, i.loads, i.failed, i.invalidated, i.needless, i.flushes, i.loadTime, i.entries)
	if err != nil {
		return nil, fmt.Errorf("keelotel: observe a cache: %w", err)
	}
	return registration.Unregister, nil
}

// cacheInstruments are made once for a cache.
type cacheInstruments struct {
	reads, loads, failed, invalidated, needless, flushes metric.Int64ObservableCounter
	loadTime                                             metric.Float64ObservableCounter
	entries                                              metric.Int64ObservableGauge
}

func (i *cacheInstruments) observe(o metric.Observer, r cache.Report) {
	for name, s := range r.Statements {
		statement := keyStatement.String(name)
		of := metric.WithAttributes(statement)
		for result, n := range map[string]uint64{
			"hit": s.Hits, "miss": s.Misses, "stale": s.Stale,
			"bypass: off": s.BypassOff, "bypass: fence": s.BypassFence, "bypass: transaction": s.BypassTransaction,
			"bypass: not fenced": s.BypassUnfenced, "bypass: schema": s.BypassSchema, "bypass: statement": s.BypassStatement,
		} {
			o.ObserveInt64(i.reads, int64(n), metric.WithAttributes(statement, keyResult.String(result)))
		}
		o.ObserveInt64(i.loads, int64(s.Loads), of)
		o.ObserveInt64(i.failed, int64(s.LoadErrors), of)
		o.ObserveInt64(i.invalidated, int64(s.Invalidated), of)
		o.ObserveFloat64(i.loadTime, s.LoadTime.Seconds(), of)
		o.ObserveInt64(i.entries, int64(s.Entries), of)
	}
	for table, n := range r.Needless {
		o.ObserveInt64(i.needless, int64(n), metric.WithAttributes(keyTable.String(table)))
	}
	for text, n := range r.Flushes {
		o.ObserveInt64(i.flushes, int64(n), metric.WithAttributes(keyText.String(text)))
	}
}

func (m *maker) observed(name, unit, description string) metric.Int64ObservableCounter {
	c, err := m.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
	m.note(name, err)
	return c
}
