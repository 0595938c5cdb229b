// Package unit is the mark that a transaction of package txn leaves in the context of
// its function. By it package db refuses a second connection where the first was meant,
// and txn finds the outer transaction of a nested one.
//
// It also has what txn needs of db: a [Database], its [Target] and a [Lease].
//
// A mark is found by [Of]. It outlives its transaction in contexts that were
// kept; [Unit.Ended] tells.
package unit

import (
	"context"
	"sync/atomic"
)

// Unit is one transaction. Its fields are not changed once it is in a context.
type Unit struct {
	Op    string // the operation's name
	Pool  any    // where its connection comes from, a pointer
	Tx    any    // txn's transaction
	Outer *Unit  // the mark that the context had before, or nil

	ended atomic.Bool
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
