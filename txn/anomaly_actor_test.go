package txn_test

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/txn"
)

// actorKey finds, in a context, the actor that a connection is taken for.
type actorKey struct{}

// An actor plays a role, on a goroutine of its own, and takes turns in all of
// its attempts: one that is refused begins again with the turn after.
type actor struct {
	role *role
	cue  chan struct{} // one for each turn
	news chan int      // after a turn: the number of the next, or over
	pid  atomic.Uint32 // of the session, while there is one
	// idle is set between attempts, and from the end of the last.
	idle atomic.Bool

	// These are the performance's.
	next         int // the turn to take, of the role's, or over
	owed         int // turns that are due
	busy, waited bool

	// These are the actor's, and may be read when it has ended.
	inHand  bool // a cue was given that is not used yet
	attempt int
	parts   int // calls of the functions of savepoints
	torn    int // savepoints that ended with a conflict
	ending
}

// over is the number of no turn.
const over = -1

func newActor(r *role) *actor {
	// A cue is sent after the news of the turn before it were read. News not yet read
	// are one turn's and the last. So no turn ever waits to send.
	return &actor{role: r, cue: make(chan struct{}, 1), news: make(chan int, 2)}
}

// begin lets the actor take a turn that is owed.
func (a *actor) begin() {
	a.owed--
	a.busy = true
	a.cue <- struct{}{}
}

// mayWait reports whether the actor, in a turn, may have to wait for another.
func (a *actor) mayWait() bool { return a.role.mayWait(a.next) && !a.idle.Load() }

// heard takes the news of the last turn, if there are any.
func (a *actor) heard() bool {
	select {
	case a.next = <-a.news:
		a.busy = false
	default:
	}
	return !a.busy
}

// hear waits for the news of the last turn.
func (a *actor) hear(ctx context.Context) error {
	select {
	case a.next = <-a.news:
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

// turn tells which turn is the next and waits for it. The very first one begins
// with the cue that the transaction began with.
func (a *actor) turn(ctx context.Context, next int) error {
	if a.inHand {
		a.inHand = false
		return nil
	}
	a.news <- next
	return a.awaitCue(ctx)
}

func (a *actor) play(ctx context.Context, r *txn.Runner, level pgx.TxIsoLevel, attempts int) {
	defer func() {
		a.pid.Store(0)
		a.news <- over
	}()
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
		a.idle.Store(false)
		defer a.idle.Store(true)
		a.attempt = tx.Attempt()
		return a.role.perform(ctx, tx, a.turn)
	})
}

// playLoose does each step in a transaction of its own.
func (a *actor) playLoose(ctx context.Context, r *txn.Runner, op txn.Op) error {
	kept := map[string]any{}
	for i, s := range a.role.steps {
		if err := a.turn(ctx, i); err != nil {
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
	return a.turn(ctx, len(a.role.steps))
}

// noTurn is for roles that wait for no other.
func noTurn(context.Context, int) error { return nil }
