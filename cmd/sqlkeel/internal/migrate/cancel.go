package migrate

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// cancelEvery is the time between two requests to cancel one statement.
const cancelEvery = 250 * time.Millisecond

// canceler asks the server to cancel the running statement when its context
// ends, so that the session outlives it and can roll back and unlock.
//
// A request that arrives before the server has begun the statement is lost;
// therefore it is repeated until the statement has ended. It implements pgx's
// ctxwatch.Handler, which calls it for one statement at a time.
type canceler struct {
	request     func(context.Context) error // returns when the server has acted on it
	setDeadline func(time.Time) error       // of the connection
	grace       time.Duration               // after which the connection is given up
	ended       chan struct{}               // closed when the statement has ended
	done        chan struct{}               // closed when no request is under way
}

// canceling returns the request that ends the statement of a connection. A server
// that waits for the data of a COPY does not heed a request to cancel. CopyFail
// ends that wait. It ignores that message at any other time.
func canceling(conn *pgconn.PgConn) func(context.Context) error {
	return func(ctx context.Context) error {
		noData, err := (&pgproto3.CopyFail{Message: "the run was cancelled"}).Encode(nil)
		if err == nil {
			_, err = conn.Conn().Write(noData)
		}
		return errors.Join(err, conn.CancelRequest(ctx))
	}
}

// HandleCancel starts asking.
func (c *canceler) HandleCancel(context.Context) {
	c.ended, c.done = make(chan struct{}), make(chan struct{})
	deadline := time.Now().Add(c.grace)
	_ = c.setDeadline(deadline)
	go func() {
		defer close(c.done)
		// A request under way is not given up when the statement ends: it would
		// hit the next one.
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		tick := time.NewTicker(cancelEvery)
		defer tick.Stop()
		for {
			_ = c.request(ctx)
			select {
			case <-c.ended:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// HandleUnwatchAfterCancel stops asking, and waits for a request under way.
func (c *canceler) HandleUnwatchAfterCancel() {
	close(c.ended)
	<-c.done
	_ = c.setDeadline(time.Time{})
}
