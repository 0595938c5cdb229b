package txn

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
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
	session session
	runner  *Runner
	op      *Op
	target  *unit.Target
	number  int // of the attempt, from 1
	ctx     unitContext
	unit    unit.Unit
	hooks   hooks

	calls  sync.Mutex // held by a call into pgx, and for good by Do after the function
	ended  atomic.Bool
	misuse atomic.Pointer[MisuseError] // the first

	// What follows is guarded by calls.

	writes exec.Writes
	open   []*part // savepoints that are under way, the innermost last
	parts  int     // functions of savepoints and joined operations that are under way
	// fault is the error that broke the transaction, while it is broken.
	fault error
	// doomed is why the transaction must not be committed even if a savepoint
	// mended it: a conflict, or a rollback to a savepoint that failed.
	doomed error
	stale  *stalePlan // of the first statement whose plan was out of date
	// byHand says that the function ended the transaction, if it did.
	byHand error
	joined joinFailure
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

// Attempt returns the number of this attempt, from 1.
func (tx *Tx) Attempt() int { return tx.number }

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return tx.exec(ctx, nil, sql, args)
}

// Query runs a statement that returns rows. The rows are never nil, and have
// the error too.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r := tx.query(ctx, nil, sql, args)
	return r, r.Err()
}

// QueryRow runs a statement that returns a row. Its error is Scan's.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return (*exec.Row)(tx.query(ctx, nil, sql, args))
}

// CopyFrom loads rows by COPY and returns how many there were. pgx asks source on
// a goroutine of its own: a panic of source ends the process.
func (tx *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	return tx.copyFrom(ctx, nil, table, columns, source)
}

// exec is [Tx.Exec]. declared is what a text does of which nothing is known, or nil.
func (tx *Tx) exec(ctx context.Context, declared *stmt.Effects, sql string, args []any) (pgconn.CommandTag, error) {
	c, text, err := tx.acquireCall(ctx, declared, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer tx.calls.Unlock()
	tag, err := tx.session.tx.Exec(ctx, c.SQL, c.Args...)
	if err != nil && tx.session.lease.Retry(ctx, err, c.SQL, c.Args) {
		tag, err = tx.session.tx.Exec(ctx, c.SQL, c.Args...)
	}
	return tag, tx.checkAnswer(text, tag, err)
}

func (tx *Tx) query(ctx context.Context, declared *stmt.Effects, sql string, args []any) *exec.Rows {
	c, text, err := tx.acquireCall(ctx, declared, sql, args)
	if err != nil {
		return exec.Failed(err)
	}
	defer tx.calls.Unlock()
	rows, err := tx.session.tx.Query(ctx, c.SQL, c.Args...)
	if err != nil && tx.session.lease.Retry(ctx, err, c.SQL, c.Args) {
		rows, err = tx.session.tx.Query(ctx, c.SQL, c.Args...)
	}
	return exec.NewRows((*results)(tx), text, c.Returned, rows, err)
}

func (tx *Tx) copyFrom(ctx context.Context, declared *stmt.Effects, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := tx.acquire("COPY"); err != nil {
		return 0, err
	}
	defer tx.calls.Unlock()
	tx.writes.AddCopy(tx.target.Statements, table, columns, declared)
	n, err := tx.session.tx.CopyFrom(ctx, table, columns, source)
	if err != nil {
		tx.session.lease.CopyFailed(err, table, columns)
	}
	return n, tx.checkAnswer("COPY", pgconn.CommandTag{}, err)
}

// acquireCall begins a call of a statement, which ends by unlocking tx.calls, unless
// there is an error. It returns what to send, and the text that the server will get:
// an argument may rewrite it.
func (tx *Tx) acquireCall(ctx context.Context, declared *stmt.Effects, sql string, args []any) (c exec.Call, text string, err error) {
	if err := tx.lock(sql); err != nil {
		return c, "", err
	}
	acquired := false
	defer func() {
		if !acquired { // also when the rewriter panics
			tx.calls.Unlock()
		}
	}()
	c = exec.Resolve(tx.target.Statements, sql, args)
	if text, err = tx.admitCall(ctx, declared, &c); err != nil {
		return c, "", err
	}
	acquired = true
	return c, text, nil
}

// admitCall refuses a statement that must not be sent, and notes what it writes. It
// returns the text that the server will get.
func (tx *Tx) admitCall(ctx context.Context, declared *stmt.Effects, c *exec.Call) (text string, err error) {
	text, c.Args = tx.rewrite(ctx, c.SQL, c.Args)
	if err := tx.admit(text); err != nil {
		return "", err
	}
	if err := tx.session.lease.Admit(c.Statement, text, c.Args); err != nil {
		return "", err
	}
	if declared != nil && tx.writes.On() && c.Effects() == exec.Anything {
		tx.writes.AddDeclared(declared, c.SQL)
	} else {
		tx.writes.Add(c)
	}
	return text, nil
}

// acquire begins a call, which ends by unlocking tx.calls, unless there is an error.
func (tx *Tx) acquire(sql string) error {
	if err := tx.lock(sql); err != nil {
		return err
	}
	if err := tx.admit(sql); err != nil {
		tx.calls.Unlock()
		return err
	}
	return nil
}

// lock is acquire for what goes on with a statement.
func (tx *Tx) lock(sql string) error {
	// ended is not checked again under the lock: seal keeps the lock for good.
	if !tx.ended.Load() && tx.calls.TryLock() {
		return nil
	}
	err := &MisuseError{Op: tx.op.Name, Statement: sqltext.Name(sql), Problem: concurrentUse}
	if tx.ended.Load() {
		err.Problem = txEnded
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
	tx.misuse.CompareAndSwap(nil, &MisuseError{Op: tx.op.Name, Problem: concurrentUse})
	if conn := tx.session.peek(); conn != nil {
		_ = conn.PgConn().Conn().SetDeadline(time.Unix(1, 0))
	}
	tx.calls.Lock()
}

// forgetFault forgets a fault from which the transaction has recovered by a rollback
// to a savepoint, before the next statement can bring another.
func (tx *Tx) forgetFault() {
	if tx.fault != nil && tx.state() == stateOpen {
		tx.fault = nil
	}
}

// note remembers the error of a statement, if it is the first to break the
// transaction.
func (tx *Tx) note(sql string, err error) {
	if err == nil {
		return
	}
	var pg *pgconn.PgError
	if tx.fault == nil && (errors.As(err, &pg) || tx.state() == stateFailed || pgerr.KindOf(err) == pgerr.Disconnected) {
		tx.fault = err
	}
	if isConflict(err) {
		tx.doom(err)
	}
	if tx.stale == nil && pgerr.RemedyFor(err) == pgerr.RetryPrepared {
		tx.stale = &stalePlan{tx.session.peek(), sql, pgerr.Code(err) == "26000"}
	}
}

func (tx *Tx) doom(err error) {
	if tx.doomed == nil {
		tx.doomed = err
	}
}

// state is what the connection says of a transaction.
type state uint8

const (
	// stateUnknown is that of a Beginner that shows no connection: the next statement
	// will tell.
	stateUnknown state = iota
	stateOpen
	// stateBusy: a result is still open.
	stateBusy
	// stateFailed: broken by an error, or the connection is closed.
	stateFailed
	// stateNone: the connection is in no transaction.
	stateNone
)

// state asks the connection. It must not be called after the attempt, when the
// connection may be in other hands.
func (tx *Tx) state() state {
	conn := tx.session.peek()
	switch {
	case conn == nil:
		return stateUnknown
	case conn.IsClosed():
		return stateFailed
	case conn.PgConn().IsBusy():
		return stateBusy
	}
	switch conn.PgConn().TxStatus() {
	case 'T':
		return stateOpen
	case 'E':
		return stateFailed
	}
	return stateNone
}
