package db

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sight is what a look at an idle connection's socket shows.
type sight uint8

const (
	unclear sight = iota // something was received, or looking is not possible
	silent               // open, and nothing was received
	ended                // the other side closed it
)

// pingAfter is how long a silent connection is trusted. A peer that closed the
// connection is seen at once; what needs a ping is a network that swallows it.
const pingAfter = time.Second

// lookAfter is how long a connection is trusted without a look at its socket, which is a
// call of the system. On a busy pool connections pass from one use to the next faster.
const lookAfter = 100 * time.Microsecond

// fresh reports whether a connection may be used without a ping.
func (d *DB) fresh(info *connInfo, now time.Time) bool {
	return d.trusts(info, now, lookAfter) || info.peeker.look() == silent && d.trusts(info, now, pingAfter)
}

// trusts reports whether a connection was used within the time before now, and no other
// one died since.
func (d *DB) trusts(info *connInfo, now time.Time, within time.Duration) bool {
	return now.Sub(info.lastUsed) < within && info.lastUsed.UnixNano() > d.doubted.Load()
}

// alive reports whether conn can be used. If not, it has been taken out of the pool,
// unless ctx ended meanwhile: then a ping in flight decides, later.
func (d *DB) alive(ctx context.Context, conn *pgxpool.Conn) bool {
	info, now := infoOf(conn.Conn()), time.Now()
	if d.trusts(info, now, lookAfter) {
		return true
	}
	switch info.peeker.look() {
	case ended:
		d.discard(conn, ClosedDead)
		return false
	case silent:
		if d.trusts(info, now, pingAfter) {
			return true
		}
	}
	done := make(chan bool) // unbuffered: the answer is either taken or not given
	d.closers.Go(func() {
		ok := d.ping(ctx, conn)
		select {
		case done <- ok:
		case <-ctx.Done():
			if ok {
				d.release(conn) // the caller left, the connection is good
			}
		}
	})
	select {
	case ok := <-done:
		return ok
	case <-ctx.Done():
		return false
	}
}

// ping asks the server for a sign of life. It does not follow ctx's end: a
// caller who leaves must not cost a good connection.
func (d *DB) ping(ctx context.Context, conn *pgxpool.Conn) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.PingTimeout)
	defer cancel()
	err := conn.Conn().PgConn().Ping(ctx)
	if err == nil {
		return true
	}
	info := infoOf(conn.Conn())
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		d.counts.pingTimeouts.Add(1)
		d.reset(info, "a ping got no answer")
	case serverGone(info.end, err) || silence(err):
		d.reset(info, "a ping found the server gone")
	}
	d.discard(conn, ClosedDead)
	return false
}

// discard takes conn out of the pool and closes it, without letting anyone wait
// for a peer that may never answer.
func (d *DB) discard(conn *pgxpool.Conn, why string) {
	sever(conn.Conn())
	select {
	case <-conn.Conn().PgConn().CleanupDone():
		infoOf(conn.Conn()).reason = why
		d.release(conn) // after which the pool looks whether MinConns are there
		return
	default: // pgx is closing it and may take 15 s, for which the slot must not wait
	}
	d.closers.Add(1) // before the pool lets go of it: Close waits for the pool first
	raw := conn.Hijack()
	d.taken.Add(-1)
	infoOf(raw).reason = why
	d.closed(raw)
	go func() {
		defer d.closers.Done()
		d.bury(raw)
	}()
}

// sever closes the socket without a Terminate message, unless pgx is closing it
// already.
func sever(conn *pgx.Conn) {
	if conn.IsClosed() {
		return
	}
	socket := conn.PgConn().Conn()
	if t, ok := socket.(interface{ NetConn() net.Conn }); ok { // TLS
		socket = t.NetConn()
	}
	_ = socket.Close()
	_ = conn.Close(context.Background()) // has no one to wait for any more
}

// bury closes a connection that will not be used again.
func (d *DB) bury(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.PingTimeout)
	defer cancel()
	_ = conn.Close(ctx) // it is broken already
	_ = conn.PgConn().Conn().Close()
	<-conn.PgConn().CleanupDone()
}

// reset empties the pool: idle connections are closed, those in use when they
// come back. Of the connections that die together only the first does it.
func (d *DB) reset(suspect *connInfo, why string) {
	if !d.generation.CompareAndSwap(suspect.generation, suspect.generation+1) {
		return
	}
	d.counts.resets.Add(1)
	d.events.reset(why)
	d.pool.Reset()
	d.unpark()
}
