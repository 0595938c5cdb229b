package db

import "context"

// Close refuses new uses, waits until every connection is back, closes them and stops
// the monitor. When ctx ends before that it returns an error that names who holds
// connections, or what else it waits for; connections are closed as they come back.
// Close may be called again, to wait on; once all is done it returns nil.
func (d *DB) Close(ctx context.Context) error {
	d.end()
	done := d.drained()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-done: // both: what is done counts
		return nil
	default:
	}
	return &closeError{Target: d.cfg.Name, Borrowed: d.ledger.all(), Waits: drainStages[d.drains.Load()], Err: ctx.Err()}
}

// drainStages are what drain waits for, in its order.
var drainStages = [...]string{"the monitor, whose OnHealthChange may be running", "connections in use or being opened", "connections being closed"}

// drain closes everything in the background. It is called once.
func (d *DB) drain() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.loops.Wait()
		d.claim.denied.Store(true)
		d.schema.fit.Store(0)
		d.drains.Store(1)
		d.unpark()
		d.pool.Close() // for ever, while a connection is in use
		d.unclaim()
		d.drains.Store(2)
		d.closers.Wait()
	}()
	return done
}
