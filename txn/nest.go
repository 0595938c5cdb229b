package txn

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// outerTx returns the transaction on the target whose function ctx is from, or nil.
func outerTx(ctx context.Context, target *unit.Target) *Tx {
	if u := unit.Over(ctx, target.Pool); u != nil {
		return u.Tx.(*Tx)
	}
	return nil
}

// runNested does op inside the function of the transaction.
func (tx *Tx) runNested(ctx context.Context, op *Op, fn func(context.Context, *Tx) error) error {
	problem := op.cannotBePartOf(tx.op)
	if op.Propagation == Reject {
		problem = "pass its Tx, or choose Op.Propagation"
	}
	if problem != "" {
		return &MisuseError{Op: op.Name, Problem: "is inside the transaction of " + tx.op.Name + ": " + problem}
	}
	if op.Propagation == Savepoint {
		return tx.Savepoint(ctx, func(ctx context.Context) error { return fn(ctx, tx) })
	}
	return tx.join(ctx, fn)
}

// join runs fn in the transaction, which cannot be committed when fn failed: what
// fn did until then would be.
func (tx *Tx) join(ctx context.Context, fn func(context.Context, *Tx) error) error {
	if err := tx.countPart(1); err != nil {
		return err
	}
	err := ErrNotReturned // unless it does
	defer func() {
		if err != nil && tx.lock("") == nil {
			tx.joined.add(err, len(tx.open))
			tx.calls.Unlock()
		}
		_ = tx.countPart(-1)
	}()
	err = fn(ctx, tx)
	return err
}

// countPart counts the functions of parts that are under way.
func (tx *Tx) countPart(n int) error {
	if err := tx.lock("SAVEPOINT"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	tx.parts += n
	return nil
}

// joinFailure is that of an operation that joined. It is mended when the savepoint
// around it is rolled back.
type joinFailure struct {
	err   error
	depth int // of savepoints around it
}

func (f *joinFailure) add(err error, depth int) {
	if f.err == nil || depth < f.depth {
		*f = joinFailure{err, depth}
	}
}

// rolledBack mends the failure when the savepoint at the depth was around it.
func (f *joinFailure) rolledBack(depth int) {
	if f.err != nil && f.depth >= depth {
		*f = joinFailure{}
	}
}

// cannotBePartOf returns what op asks for and outer does not give, or "".
func (op *Op) cannotBePartOf(outer *Op) string {
	switch {
	case op.Iso != "" && outer.Iso == "":
		return "it asks for an isolation level, and the outer one has none: set Iso there"
	case strictness[op.Iso] > strictness[outer.Iso]:
		return "it asks for " + string(op.Iso) + ", the outer one is " + string(outer.Iso)
	case op.ReadOnly && !outer.ReadOnly:
		return "it is ReadOnly, and the outer one may write"
	case op.Commit != ReturnUnknown && (op.Commit != outer.Commit || op.Key != outer.Key):
		return "it asks for another Commit or Key than the outer one"
	case len(op.Settings) > 0 || op.bounds() != nil:
		return "it has timeouts or settings, which are the outermost transaction's"
	}
	return ""
}

var strictness = map[pgx.TxIsoLevel]int{
	pgx.ReadUncommitted: 1, pgx.ReadCommitted: 1, pgx.RepeatableRead: 2, pgx.Serializable: 3,
}
