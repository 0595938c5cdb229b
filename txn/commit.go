package txn

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// commit ends the transaction with COMMIT. The caller's context has been asked
// for the last time: from here on the answer is what counts, so the wait for it
// is bounded by CommitTimeout alone.
func (r *Runner) commit(ctx context.Context, tx *Tx) error {
	tx.ended.Store(true)
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.CommitTimeout)
	defer cancel()
	err := tx.pgx.Commit(detached)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return tx.swallowed(tx.fault)
	case isAbort(err):
		return fmt.Errorf("txn: %s: commit: %w", tx.op, pgerr.Typed(err))
	}
	return &CommitUnknownError{Op: tx.op, Err: err}
}

// isAbort reports whether err, the answer to COMMIT, says that the transaction
// was rolled back. Only an answer of severity ERROR does. A FATAL one, no answer,
// or what the driver thinks is safe to retry says nothing about the commit.
func isAbort(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	severity := pg.SeverityUnlocalized
	if severity == "" {
		severity = pg.Severity // servers before 9.6, in their own language
	}
	return severity == "ERROR" && pg.Code != codeCompletionUnknown && !strings.HasPrefix(pg.Code, classConnection)
}
