package db

import (
	"context"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// inUseAfter counts the connections that are in use after use, which may end its
// goroutine as it likes, and takes them back.
func inUseAfter(t *testing.T, d *DB, use func()) int {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		use()
	}()
	receive(t, "the end of the goroutine", done)
	left := d.ledger.all()
	for _, l := range d.ledger.leases() {
		l.done(nil)
	}
	return len(left)
}

func TestABatchWhoseCallbackEndsTheGoroutineGivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	for name, end := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		var batch pgx.Batch
		batch.Queue("SELECT 1").QueryRow(func(pgx.Row) error { end(); return nil })
		if n := inUseAfter(t, d, func() { _ = d.SendBatch(t.Context(), &batch).Close() }); n != 0 {
			t.Errorf("after %s %d connections are in use", name, n)
		}
	}
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

// fuse is a tracer that panics at one statement.
type fuse struct{ at string }

func (b fuse) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if data.SQL == b.at {
		panic("boom")
	}
	return ctx
}

func (fuse) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestATracerThatPanicsCostsNoConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for at, use := range map[string]func(d *DB){
		"begin":    func(d *DB) { _, _ = d.BeginTx(t.Context(), pgx.TxOptions{}) },
		"commit":   func(d *DB) { tx, _ := d.BeginTx(t.Context(), pgx.TxOptions{}); _ = tx.Commit(t.Context()) },
		"rollback": func(d *DB) { tx, _ := d.BeginTx(t.Context(), pgx.TxOptions{}); _ = tx.Rollback(t.Context()) },
		"SELECT 1": func(d *DB) { _, _ = d.Exec(t.Context(), "SELECT 1") },
	} {
		d := start(t, Config{DSN: pg.DSN(), MaxConns: 1, Tracer: fuse{at}})
		if n := inUseAfter(t, d, func() { use(d); t.Errorf("%s was not traced", at) }); n != 0 {
			t.Errorf("%s: %d connections are in use", at, n)
		}
	}
}
