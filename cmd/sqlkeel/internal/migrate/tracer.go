package migrate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// tracer sees every statement of a session. It decides which of them the
// caller's context may interrupt, and remembers the first that failed.
//
// goose itself is given a context that never ends. Otherwise database/sql would
// answer a cancellation by killing the connection, and the rollback and the
// release of the lock would happen some time later; so they have happened when
// a run returns.
type tracer struct {
	caller      context.Context // of the one call the session serves
	grace       time.Duration
	onStatement func(sql string)
	table       string // goose's version table

	mu       sync.Mutex // guards all below
	stop     func()     // ends the running statement's context
	running  string
	sent     map[string]int // how often each text was sent in this attempt
	failed   string         // the first text that failed, with its turn among equals
	turn     int
	anyError error
	within   bool // goose has begun a transaction and not ended it
	stray    bool // the transaction is not the one that goose left: nothing more is sent
}

// begin forgets the last attempt.
func (t *tracer) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent, t.failed, t.turn, t.anyError = map[string]int{}, "", 0, nil
	t.within, t.stray = false, false
}

// failure returns the first statement that failed since begin, which of the
// equal ones it was, from 1, and its error.
func (t *tracer) failure() (sql string, turn int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed, t.turn, t.anyError
}

// TraceQueryStart implements [pgx.QueryTracer].
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if t.onStatement != nil {
		t.onStatement(data.SQL)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = data.SQL
	if t.sent != nil {
		t.sent[data.SQL]++
	}
	switch {
	case t.stray && !ends(data.SQL):
		ctx, t.stop = context.WithCancel(ctx)
		t.stop()
	case settles(data.SQL, t.table):
		ctx, t.stop = follow(ctx, t.caller, t.grace)
	default:
		ctx, t.stop = follow(ctx, t.caller, 0)
	}
	return ctx
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (t *tracer) TraceQueryEnd(_ context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop()
	err := data.Err
	if err == nil {
		err = t.follows(conn.PgConn().TxStatus() != 'I')
	}
	if err != nil && t.anyError == nil {
		t.failed, t.turn, t.anyError = t.running, t.sent[t.running], err
	}
}

// errTransactionEnded is the failure of a statement that ended goose's transaction
// although nothing in its text says so.
var errTransactionEnded = errors.New("the statement ended the migration's transaction: what was done before it may stay; the version is not recorded")

// follows keeps track of goose's transaction, and fails when the server says that
// the session is no longer in it.
func (t *tracer) follows(within bool) error {
	switch t.running {
	case "begin":
		t.within = true
	case "commit", "rollback":
		t.within = false
	default:
		if t.within && !within {
			t.within, t.stray = false, true
			return errTransactionEnded
		}
	}
	return nil
}

// settles tells the statements that settle what has been done, and must not be
// given up half-way: the end of a transaction, the record of a version, and
// the release of the lock.
func settles(sql, table string) bool {
	return ends(sql) || strings.HasPrefix(sql, "INSERT INTO "+table+" ") || strings.HasPrefix(sql, "DELETE FROM "+table+" ")
}

// ends tells the statements of a run that end what has been begun.
func ends(sql string) bool { return sql == "commit" || sql == "rollback" || sql == unlockSQL }

// follow returns a context that also ends delay after caller does; it has ended
// already when delay is 0 and caller has.
func follow(ctx, caller context.Context, delay time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	if delay == 0 && caller.Err() != nil {
		cancel()
		return ctx, cancel
	}
	timer := time.AfterFunc(time.Hour, cancel)
	timer.Stop()
	stop := context.AfterFunc(caller, func() {
		if delay == 0 {
			cancel()
			return
		}
		timer.Reset(delay)
	})
	return ctx, func() {
		stop()
		timer.Stop()
		cancel()
	}
}
