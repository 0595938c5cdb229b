package keelotel

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/txn"
)

// The attributes for which there is no convention.
const (
	keyOutcome       = attribute.Key("sqlkeel.txn.outcome")
	keyAttemptCount  = attribute.Key("sqlkeel.txn.attempt.count")
	keyAttemptNumber = attribute.Key("sqlkeel.txn.attempt.number")
	keyGateWait      = attribute.Key("sqlkeel.txn.gate_wait")
	keyRetryDelay    = attribute.Key("sqlkeel.txn.retry_delay")
	keyResolveTime   = attribute.Key("sqlkeel.txn.resolve_time")
)

func outcomeOf(o stmt.Outcome) attribute.KeyValue { return keyOutcome.String(o.String()) }

func seconds(key attribute.Key, d time.Duration) attribute.KeyValue {
	return key.Float64(d.Seconds())
}

// failure returns the attributes of an error, and none without one.
func failure(err error) []attribute.KeyValue {
	if err == nil {
		return nil
	}
	attrs := []attribute.KeyValue{semconv.ErrorTypeKey.String(errorType(err))}
	if code := pgerr.Code(err); code != "" {
		attrs = append(attrs, semconv.DBResponseStatusCode(code))
	}
	return attrs
}

// reason is why an attempt was not committed: what decided about the next one,
// whatever the function made of it, or that the outcome is unknown.
func reason(end txn.AttemptEnd) error {
	if end.Cause == nil || end.Outcome == stmt.Unknown {
		return end.Err
	}
	return end.Cause
}

func ofAttempt(end txn.AttemptEnd) []attribute.KeyValue {
	attrs := append(failure(reason(end)), outcomeOf(end.Outcome))
	if end.Retry {
		attrs = append(attrs, seconds(keyRetryDelay, end.Backoff))
	}
	if end.Resolve > 0 {
		attrs = append(attrs, seconds(keyResolveTime, end.Resolve))
	}
	return attrs
}

func ofUnit(end txn.TransactionEnd) []attribute.KeyValue {
	attrs := append(failure(end.Err), outcomeOf(end.Outcome), keyAttemptCount.Int(end.Attempts))
	if end.GateWait > 0 {
		attrs = append(attrs, seconds(keyGateWait, end.GateWait))
	}
	return attrs
}
