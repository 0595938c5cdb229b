// Package unit is the mark that a transaction of package txn leaves in the context of
// its function. Others see by it that they are inside: db, to refuse a second
// connection where the first was meant, and code that must know how the transaction
// ends.
//
// A mark is found by [Of]. It outlives its transaction in contexts that were
// kept; [Unit.Ended] tells.
package unit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// Unit is one transaction. Its fields are not changed once it is in a context.
type Unit struct {
	Op    string // the operation's name
	Pool  any    // where its connection comes from, a pointer
	Tx    any    // txn's transaction
	Outer *Unit  // the mark that the context had before, or nil

	ended  atomic.Bool
	mu     sync.Mutex
	fences []func() func(stmt.Outcome) // guarded by mu
}

// Key is the context key of the innermost mark, a *Unit.
type Key struct{}

// Of returns the innermost mark of ctx, or nil.
func Of(ctx context.Context) *Unit {
	u, _ := ctx.Value(Key{}).(*Unit)
	return u
}

// Over returns the innermost unit of ctx that is under way and has its connection
// from pool, or nil.
func Over(ctx context.Context, pool any) *Unit {
	for u := Of(ctx); u != nil; u = u.Outer {
		if u.Pool == pool && !u.Ended() {
			return u
		}
	}
	return nil
}

// Live reports whether ctx is from the function of a unit that is under way.
func Live(ctx context.Context) bool {
	for u := Of(ctx); u != nil; u = u.Outer {
		if !u.Ended() {
			return true
		}
	}
	return false
}

// OpKey is what a context with which a unit begins its transaction has the
// operation's name as the value of, a *string.
type OpKey struct{}

// Op returns the name of the operation whose transaction is begun with ctx, or "".
func Op(ctx context.Context) string {
	if name, ok := ctx.Value(OpKey{}).(*string); ok {
		return *name
	}
	return ""
}

type poolKey struct{}

// WithPool returns a context that names the pool of the connection in use.
func WithPool(ctx context.Context, pool any) context.Context {
	return context.WithValue(ctx, poolKey{}, pool)
}

// Pool returns the pool of the connection in use with ctx, or nil.
func Pool(ctx context.Context) any { return ctx.Value(poolKey{}) }

// End says that the function is over.
func (u *Unit) End() { u.ended.Store(true) }

// Ended reports whether the function is over.
func (u *Unit) Ended() bool { return u.ended.Load() }

// OnCommit registers raise, which is called before COMMIT is sent. What it
// returns is called once with the outcome, before any hook of the transaction's
// user. Neither is called for an attempt that is rolled back without COMMIT.
// What a part of the transaction registered stays when the part is rolled back.
func (u *Unit) OnCommit(raise func() (lower func(stmt.Outcome))) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fences = append(u.fences, raise)
}

// Raise calls what OnCommit registered, and returns what is to be called with the
// outcome; nil when nothing was. When one of them does not return, what others
// raised is lowered: nothing will be committed.
func (u *Unit) Raise() (lower func(stmt.Outcome)) {
	u.mu.Lock()
	fences := slices.Clone(u.fences)
	u.mu.Unlock()
	if len(fences) == 0 {
		return nil
	}
	var lowers []func(stmt.Outcome)
	lower = func(o stmt.Outcome) {
		for _, l := range slices.Backward(lowers) {
			defer l(o) // in order, and also when another one panics
		}
	}
	done := false
	defer func() {
		if !done {
			lower(stmt.Aborted)
		}
	}()
	for _, raise := range fences {
		lowers = append(lowers, raise())
	}
	done = true
	return lower
}
