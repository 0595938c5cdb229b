package keelotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

const scopeName = "github.com/sqlkeel/sqlkeel/otel"

// Config sets up a [TxnObserver]. The zero value is usable.
type Config struct {
	// TracerProvider makes the spans. Default: the global one, which may be set
	// later.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the instruments. Default: the global one, which may be
	// set later.
	MeterProvider metric.MeterProvider
	// Database is the value of db.namespace: the database's name. Default: "",
	// no such attribute.
	Database string
}

func (cfg Config) tracer() trace.Tracer {
	provider := cfg.TracerProvider
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return provider.Tracer(scopeName, trace.WithSchemaURL(semconv.SchemaURL))
}

func (cfg Config) meter() metric.Meter {
	provider := cfg.MeterProvider
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	return provider.Meter(scopeName, metric.WithSchemaURL(semconv.SchemaURL))
}

// attributes are those of everything.
func (cfg Config) attributes() []attribute.KeyValue {
	shared := []attribute.KeyValue{semconv.DBSystemNamePostgreSQL}
	if cfg.Database != "" {
		shared = append(shared, semconv.DBNamespace(cfg.Database))
	}
	return shared
}
