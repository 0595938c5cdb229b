package txn

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Tx is the transaction of one attempt. It has the methods that sqlc's generated
// code asks for, so queries.New(tx) works; they do what the methods of the same
// name of [pgx.Tx] do.
//
// Like a connection, a Tx is for one goroutine at a time: rows and batches are
// to be read or closed before the next statement. A call while another one is
// under way, and one after the attempt, is a [MisuseError]; after the former the
// attempt is not committed.
type Tx struct {
	pgx     begun
	runner  *Runner
	op      *Op
	attempt int
	token   int64     // that it left with the key, of Idempotent
	since   time.Time // when it did
	ctx     unitContext
	unit    unit.Unit
	hooks   hooks

	calls  sync.Mutex // held by a call into pgx, and for good by Do after the function
	ended  atomic.Bool
	misuse atomic.Pointer[MisuseError] // the first

	// What follows is guarded by calls.

	open  []*part // savepoints that are under way, the innermost last
	parts int     // functions of savepoints and joined operations that are under way
	// fault is the error that broke the transaction, while it is broken.
	fault error
	// doomed is why the transaction must not be committed even if a savepoint
	// mended it: a conflict, or a rollback to a savepoint that failed.
	doomed error
	stale  *stalePlan // of the first statement whose plan was out of date
	// byHand says that the function ended the transaction, if it did.
	byHand error
	joined joinFailure
	id     xact // of Resolve
	lower  func(stmt.Outcome)
	sent   bool // COMMIT
	lost   bool // the connection, or the answer to COMMIT
}

// unitContext is Do's context with the transaction's mark, without an allocation
// of its own.
type unitContext struct {
	context.Context
	tx *Tx
}

// Value returns the mark, or what the context holds otherwise.
func (c *unitContext) Value(key any) any {
	if _, ok := key.(unit.Key); ok {
		return &c.tx.unit
	}
	return c.Context.Value(key)
}

// pooled is a transaction of db, which tells where its connection is from.
type pooled interface{ Pool() any }

func (r *Runner) newTx(ctx context.Context, b begun, op *Op, attempt int) *Tx {
	tx := &Tx{pgx: b, runner: r, op: op, attempt: attempt}
	tx.ctx = unitContext{ctx, tx}
	tx.unit.Op, tx.unit.Pool, tx.unit.Tx, tx.unit.Outer = op.Name, r.home, tx, unit.Of(ctx)
	if p, ok := b.Tx.(pooled); ok {
		tx.unit.Pool = p.Pool()
	} else if pool := unit.Pool(ctx); pool != nil {
		tx.unit.Pool = pool
	}
	return tx
}

// Attempt returns the number of this attempt, from 1.
func (tx *Tx) Attempt() int { return tx.attempt }

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	sql, args, sent, err := tx.enterWith(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer tx.calls.Unlock()
	tag, err := tx.pgx.Exec(ctx, sql, args...)
	return tag, tx.heed(sent, tag, err)
}

// Query runs a statement that returns rows. The rows are never nil, and have
// the error too.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r := tx.query(ctx, sql, args)
	return r, r.failed
}

// QueryRow runs a statement that returns a row. Its error is Scan's.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return (*row)(tx.query(ctx, sql, args))
}

func (tx *Tx) query(ctx context.Context, sql string, args []any) *rows {
	r := &rows{tx: tx, sql: sql}
	sql, args, sent, err := tx.enterWith(ctx, sql, args)
	if err != nil {
		r.failed, r.misuse = err, err
		return r
	}
	defer tx.calls.Unlock()
	r.sql = sent
	r.Rows, err = tx.pgx.Query(ctx, sql, args...)
	r.failed = tx.note(sent, err)
	return r
}

// CopyFrom loads rows by COPY and returns how many there were. pgx asks source on
// a goroutine of its own: a panic of source ends the process.
func (tx *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := tx.enter("COPY"); err != nil {
		return 0, err
	}
	defer tx.calls.Unlock()
	n, err := tx.pgx.CopyFrom(ctx, table, columns, source)
	return n, tx.heed("COPY", pgconn.CommandTag{}, err)
}

// enter begins a call, which ends by unlocking tx.calls, unless there is an error.
func (tx *Tx) enter(sql string) error {
	if err := tx.hold(sql); err != nil {
		return err
	}
	if err := tx.admit(sql); err != nil {
		tx.calls.Unlock()
		return err
	}
	return nil
}

// enterWith is enter for a statement with arguments, one of which may rewrite it. It
// returns those to pass on, and the text that the server will get.
func (tx *Tx) enterWith(ctx context.Context, sql string, args []any) (text string, passed []any, sent string, err error) {
	if err := tx.hold(sql); err != nil {
		return "", nil, "", err
	}
	entered := false
	defer func() {
		if !entered { // also when the rewriter panics
			tx.calls.Unlock()
		}
	}()
	sent, passed = tx.rewrite(ctx, sql, args)
	if err := tx.admit(sent); err != nil {
		return "", nil, "", err
	}
	entered = true
	return sql, passed, sent, nil
}

// hold is enter for what goes on with a statement.
func (tx *Tx) hold(sql string) error {
	// A second look after the lock is not needed: who ends the attempt keeps it.
	if !tx.ended.Load() && tx.calls.TryLock() {
		return nil
	}
	err := &MisuseError{Op: tx.op.Name, Statement: stmt.Name(sql), Err: ErrConcurrentUse}
	if tx.ended.Load() {
		err.Err = ErrTxEnded
		return err
	}
	tx.misuse.CompareAndSwap(nil, err)
	return err
}

// seal ends the function's use of the transaction. A call of another goroutine
// that is still under way is cut short, with its connection.
func (tx *Tx) seal() {
	tx.ended.Store(true)
	tx.unit.End()
	if tx.calls.TryLock() {
		return
	}
	tx.misuse.CompareAndSwap(nil, &MisuseError{Op: tx.op.Name, Err: ErrConcurrentUse})
	if conn := tx.pgx.Conn(); conn != nil {
		_ = conn.PgConn().Conn().SetDeadline(time.Unix(1, 0))
	}
	tx.calls.Lock()
}

// look forgets a fault from which the transaction has recovered by a rollback
// to a savepoint, before the next statement can bring another.
func (tx *Tx) look() {
	if tx.fault != nil && tx.state() == stateOpen {
		tx.fault = nil
	}
}

// note remembers err, of a statement, if it is the first to break the transaction,
// and returns it, typed.
func (tx *Tx) note(sql string, err error) error {
	err = pgerr.Typed(err)
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if tx.fault == nil && (errors.As(err, &pg) || tx.state() == stateFailed || pgerr.KindOf(err) == pgerr.Disconnected) {
		tx.fault = err
	}
	if isConflict(err) {
		tx.doom(err)
	}
	if tx.stale == nil && pgerr.RemedyFor(err) == pgerr.RunAgainPrepared {
		tx.stale = &stalePlan{tx.pgx.Conn(), sql, pgerr.Code(err) == "26000"}
	}
	return err
}

func (tx *Tx) doom(err error) {
	if tx.doomed == nil {
		tx.doomed = err
	}
}
