// Package interrupt ends a context by a signal, and names the signal.
package interrupt

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// Context returns a context that ends with the first of signals, and then names
// it as its cause: signal.NotifyContext does so from Go 1.26 on. The function that it
// returns gives the signals back to their defaults.
func Context(ctx context.Context, signals ...os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	received := make(chan os.Signal, 1)
	signal.Notify(received, signals...)
	go func() {
		select {
		case s := <-received:
			cancel(fmt.Errorf("%v signal received", s))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		cancel(nil)
	}
}
