package db

import (
	"context"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// BenchmarkQueryRow compares what a round trip costs through a bare pgxpool and
// through a DB.
func BenchmarkQueryRow(b *testing.B) {
	pg := pgtest.New(b)
	d, err := Open(b.Context(), Config{DSN: pg.DSN()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close(b.Context()) }()
	for _, way := range []struct {
		name string
		e    Executor
	}{{"pgxpool", pg.Pool()}, {"DB", d}} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := way.e.QueryRow(b.Context(), "SELECT $1::int", 1).Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCachedBy is what each read from a cache costs before it is looked up.
func BenchmarkCachedBy(b *testing.B) {
	pg := pgtest.New(b)
	j := &journal{}
	d, err := Open(b.Context(), Config{DSN: pg.DSN(), Invalidator: j})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close(b.Context()) }()
	b.ReportAllocs()
	for b.Loop() {
		if _, why := d.CachedBy(context.Background(), j); why != "" {
			b.Fatal(why)
		}
	}
}
