package txn_test

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/txn"
)

// actorKey finds, in a context, the actor that a connection is taken for.
type actorKey struct{}

// An actor plays a role, on a goroutine of its own. The first attempt goes turn
// by turn, as it is given cues; the others go on their own, at once.
type actor struct {
	role *role
	cue  chan struct{} // one for each turn
	news chan bool     // after a turn: false when a cue can follow, true when none is needed any more
	left sync.Once
	pid  atomic.Uint32 // of the session, while there is one

	// These are the performance's.
	owed, given        int // turns that are due, and that were begun
	busy, gone, waited bool

	// These are the actor's, and may be read when it has ended.
	inHand  bool // a cue was given that is not used yet
	attempt int
	torn    int // parts that ended with a conflict
	ending
}

func newActor(r *role) *actor {
	// At most one report of a turn and the last news are not read at a time.
	return &actor{role: r, cue: make(chan struct{}), news: make(chan bool, 2)}
}

// leave tells that no cues are needed any more.
func (a *actor) leave() { a.left.Do(func() { a.news <- true }) }

// begin lets the actor take a turn that is owed.
func (a *actor) begin() {
	a.owed--
	a.given++
	a.busy = true
	a.cue <- struct{}{}
}

// heard takes the news of the last turn, if there are any.
func (a *actor) heard() bool {
	select {
	case a.gone = <-a.news:
		a.busy = false
		return true
	default:
		return false
	}
}

// hear waits for the news of the last turn.
func (a *actor) hear(ctx context.Context) error {
	select {
	case a.gone = <-a.news:
		a.busy = false
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitCue waits for the next turn.
func (a *actor) awaitCue(ctx context.Context) error {
	select {
	case <-a.cue:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turn reports the last turn and waits for the next. The first one begins with
// the cue that the transaction began with.
func (a *actor) turn(ctx context.Context) error {
	if a.inHand {
		a.inHand = false
		return nil
	}
	a.news <- false
	return a.awaitCue(ctx)
}

func (a *actor) play(ctx context.Context, r *txn.Runner, level pgx.TxIsoLevel, attempts int) {
	defer a.leave()
	defer a.pid.Store(0)
	ctx = context.WithValue(ctx, actorKey{}, a)
	if a.err = a.awaitCue(ctx); a.err != nil {
		return
	}
	a.inHand = true
	op := a.role.op(level, attempts)
	if level == autocommit {
		a.err = a.playLoose(ctx, r, op)
		return
	}
	a.saw, a.err = txn.Do(ctx, r, op, func(ctx context.Context, tx *txn.Tx) ([]string, error) {
		a.attempt = tx.Attempt()
		if a.attempt > 1 {
			a.leave()
			return a.role.perform(ctx, tx, noTurn)
		}
		saw, err := a.role.perform(ctx, tx, a.turn)
		if refused(err) && attempts > 1 {
			a.leave()
		}
		return saw, err
	})
}

// playLoose does each step in a transaction of its own.
func (a *actor) playLoose(ctx context.Context, r *txn.Runner, op txn.Op) error {
	kept := map[string]any{}
	for _, s := range a.role.steps {
		if err := a.turn(ctx); err != nil {
			return err
		}
		line, err := txn.Do(ctx, r, op, func(ctx context.Context, tx *txn.Tx) (string, error) {
			return s.do(ctx, tx, kept)
		})
		if err != nil {
			return err
		}
		a.saw = append(a.saw, line)
	}
	return a.turn(ctx)
}

// noTurn is for roles that wait for nobody.
func noTurn(context.Context) error { return nil }
