package keelotel

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/exaring/otelpgx"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// otelpgx traces statements and connections, this package units and attempts:
// together they are one tree.
func TestOtelpgxPutsStatementsBelowTheAttemptThatRanThem(t *testing.T) {
	t.Parallel()
	l := &lab{told: listen(t)}
	d, err := db.Open(t.Context(), db.Config{
		DSN: pgtest.New(t).DSN(), MaxConns: 1,
		Tracer: otelpgx.NewTracer(otelpgx.WithTracerProvider(l.cfg.TracerProvider), otelpgx.WithSpanNameFunc(sqltext.Name)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	l.runner = l.over(d, l.observer())
	err = txn.Run(t.Context(), l.runner, txn.Op{Name: "read"}, func(ctx context.Context, tx *txn.Tx) error {
		var n int
		return tx.QueryRow(ctx, "-- name: CountNothing :one\nSELECT 1").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	names, parents := map[string]string{}, []string{}
	for _, s := range l.spans.Ended() {
		names[s.SpanContext().SpanID().String()] = s.Name()
	}
	for _, s := range l.spans.Ended() {
		if strings.Contains(s.Name(), "CountNothing") { // its preparation too, which may be below it
			parents = append(parents, names[s.Parent().SpanID().String()])
		}
	}
	if !slices.Contains(parents, "read attempt") {
		t.Errorf("the statement is below %q, all spans are %v", parents, names)
	}
}
