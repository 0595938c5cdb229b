package txn

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// targeter is a Beginner that chooses a database by context, such as db.Set.
type targeter interface {
	Target(ctx context.Context) string
}

// outer returns the transaction on the same database whose function ctx is from,
// or nil.
func (r *Runner) outer(ctx context.Context) *Tx {
	for u := unit.Of(ctx); u != nil; u = u.Outer {
		tx, ok := u.Tx.(*Tx)
		if !ok || u.Ended() || tx.runner.home != r.home {
			continue
		}
		if t, ok := r.db.(targeter); !ok || t.Target(ctx) == t.Target(tx.ctx.Context) {
			return tx
		}
	}
	return nil
}

// nested does op inside the function of outer.
func (r *Runner) nested(ctx context.Context, outer *Tx, op *Op, fn func(context.Context, *Tx) error) error {
	if op.Propagation == Reject {
		return &NestedError{Outer: outer.op.Name, Inner: op.Name, Problem: "pass its Tx, or choose Op.Propagation"}
	}
	if problem := op.cannotBePartOf(outer.op); problem != "" {
		return &NestedError{Outer: outer.op.Name, Inner: op.Name, Problem: problem}
	}
	if op.Propagation == Savepoint {
		return outer.Savepoint(ctx, func(ctx context.Context) error { return fn(ctx, outer) })
	}
	return outer.join(ctx, fn)
}

// join runs fn in the transaction, which cannot be committed when fn failed: what
// fn did until then would be.
func (tx *Tx) join(ctx context.Context, fn func(context.Context, *Tx) error) error {
	if err := tx.count(1); err != nil {
		return err
	}
	err := ErrNotReturned // unless it does
	defer func() {
		if err != nil && tx.hold("") == nil {
			tx.joined.add(err, len(tx.open))
			tx.calls.Unlock()
		}
		_ = tx.count(-1)
	}()
	err = fn(ctx, tx)
	return err
}

// count counts the parts that are under way.
func (tx *Tx) count(n int) error {
	if err := tx.hold("SAVEPOINT"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	tx.parts += n
	return nil
}

// joinFailure is that of an operation that joined. It is mended when the savepoint is
// undone that it was in.
type joinFailure struct {
	err   error
	depth int // of savepoints around it
}

func (f *joinFailure) add(err error, depth int) {
	if f.err == nil || depth < f.depth {
		*f = joinFailure{err, depth}
	}
}

// undone says that the savepoint at the depth was rolled back.
func (f *joinFailure) undone(depth int) {
	if f.err != nil && f.depth >= depth {
		*f = joinFailure{}
	}
}

// cannotBePartOf returns what op asks for and outer does not give, or "".
func (op *Op) cannotBePartOf(outer *Op) string {
	switch {
	case op.Iso != "" && outer.Iso == "":
		return "it asks for an isolation level, and the outer one says none: set Iso there"
	case strictness[op.Iso] > strictness[outer.Iso]:
		return "it asks for " + string(op.Iso) + ", the outer one is " + string(outer.Iso)
	case op.ReadOnly && !outer.ReadOnly:
		return "it is ReadOnly, and the outer one may write"
	case op.Deferrable && !outer.Deferrable:
		return "it is Deferrable, and the outer one is not"
	case op.Commit != ReturnUnknown && (op.Commit != outer.Commit || op.Key != outer.Key):
		return "it asks for another Commit or Key than the outer one"
	case len(op.Settings) > 0 || op.bounds() != nil:
		return "it has timeouts or settings, which are the outermost transaction's"
	case len(op.Locks) > 0:
		return "it has Locks, which are taken before BEGIN"
	}
	return ""
}

var strictness = map[pgx.TxIsoLevel]int{
	pgx.ReadUncommitted: 1, pgx.ReadCommitted: 1, pgx.RepeatableRead: 2, pgx.Serializable: 3,
}
