package cache

import (
	"context"
	"fmt"
)

// inTurn marks the contexts of loads that have their turn in the cache.
type inTurn struct{ *Cache }

// detach returns a context with the values of ctx that ends with ErrLoadTimeout
// as its cause, and not when ctx does.
func (c *Cache) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), c.cfg.LoadTimeout, ErrLoadTimeout)
}

// turn waits until a load may run, and returns the context for it and what it
// calls when it has ended. A load within a load goes with the outer one's turn:
// waiting for another while holding one could block all of them for good.
func (c *Cache) turn(ctx context.Context) (context.Context, func(), error) {
	if ctx.Value(inTurn{c}) != nil {
		return ctx, func() {}, nil
	}
	select {
	case c.turns <- struct{}{}:
		return context.WithValue(ctx, inTurn{c}, true), func() { <-c.turns }, nil
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("wait for one of %d turns: %w", cap(c.turns), ctx.Err())
	}
}
