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
	trustsStatus             // asks for a transaction's fate after a crash, or another server
	skipsFence               // takes a transaction in progress for one that will not commit
	skipsStandbys            // does not wait for synchronous standbys
	asksStandbys             // looks for markers where they may not have come yet
	beginsFirst              // sends BEGIN before the settings
	locksNothing             // takes no advisory locks
	weakensNested            // lets a nested operation ask for what it does not get
	forgivesJoined           // commits what a joined operation left half done
	keepsHooks               // keeps hooks of parts that were rolled back
	leavesUnguarded          // lets two goroutines use a transaction by turns
	keepsGatesOpen           // lets everybody in
	leavesLosersAlone        // lets others in beside who keeps losing
	admitsTheLast            // lets in who came last
	spendsFreely             // retries without tokens
)

func (r *Runner) is(m mutant) bool { return r != nil && r.mutant == m }

// again is what retriesSavepoints does.
func (p *part) again(ctx context.Context, fn func(context.Context) error) error {
	p.tx.doomed = nil
	if err := p.undo(ctx); err != nil {
		return err
	}
	return fn(ctx)
}
