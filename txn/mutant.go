package txn

import "context"

// A mutant breaks one promise of a [Runner] on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound             mutant = iota
	trustsSafeToRetry        // believes the driver about a lost COMMIT
	commitsUnreturned        // takes Goexit, or a panic, for a return of nil
	retriesSavepoints        // repeats a conflicting part instead of the whole
	retriesSwallowed         // takes 25P02 for a cause
	rollsBackOnCtx           // sends ROLLBACK on the caller's context
	leaksResults             // returns what a failed attempt left
	savesCursorApart         // commits the cursor after the work
	jittersAboveCap          // adds the jitter to the ceiling
)

func (r *Runner) is(m mutant) bool { return r != nil && r.mutant == m }

// leaveAgain is what retriesSavepoints does.
func (tx *Tx) leaveAgain(ctx context.Context, name string, fn func(context.Context) error) error {
	tx.doomed = nil
	if err := tx.rollbackTo(ctx, name); err != nil {
		return err
	}
	return fn(ctx)
}
