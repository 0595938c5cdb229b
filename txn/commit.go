package txn

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// commit ends the transaction with COMMIT. The caller's context has been asked
// for the last time: from here on the answer is what counts, so the wait for it
// is bounded by CommitTimeout alone.
func (r *Runner) commit(ctx context.Context, tx *Tx) end {
	tx.sent, tx.lost = true, true
	err := tx.pgx.commit(context.WithoutCancel(ctx), r.cfg.CommitTimeout)
	switch {
	case err == nil:
		return end{tx: tx, outcome: stmt.Committed}
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return end{tx: tx, err: tx.swallowed(tx.fault), cause: tx.fault}
	case pgerr.Aborted(err):
		return end{tx: tx, err: fmt.Errorf("txn: %s: commit: %w", tx.op.Name, pgerr.Typed(err)), cause: err}
	}
	r.cfg.Logger.WarnContext(ctx, "the answer to COMMIT was lost", "op", tx.op.Name, "error", err)
	return end{tx: tx, outcome: stmt.Unknown, err: &CommitUnknownError{Op: tx.op.Name, Err: err}, cause: err}
}
