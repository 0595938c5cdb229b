package db

import (
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// parkFor is how long a connection may pass from use to use before pgxpool has it back:
// pgxpool then looks at its age, and closes those that are not needed.
const parkFor = time.Second

// parked are a few connections that were in use a moment ago, for the uses that follow.
// pgxpool takes them for lent: to give one back and to borrow it again costs as much as
// the rest of a checkout, and on a busy pool more, as all uses meet at its lock.
//
// No caller may wait for pgxpool while a connection is parked. So what is about to wait
// for it, to empty it or to close it says so first and looks here then. What parks a
// connection looks afterwards whether that was said.
type parked struct {
	places [8]atomic.Pointer[pgxpool.Conn]
	due    atomic.Bool // sweep will run
	sweep  *time.Timer // gives them back to pgxpool when no use followed
}

// put parks a connection if there is room.
func (p *parked) put(conn *pgxpool.Conn) bool {
	for i := range p.places {
		if p.places[i].Load() == nil && p.places[i].CompareAndSwap(nil, conn) {
			return true
		}
	}
	return false
}

// take returns a connection, or nil when none is parked.
func (p *parked) take() *pgxpool.Conn {
	for i := range p.places {
		if conn := p.places[i].Load(); conn != nil && p.places[i].CompareAndSwap(conn, nil) {
			return conn
		}
	}
	return nil
}

// count returns how many are parked.
func (p *parked) count() (n int) {
	for i := range p.places {
		if p.places[i].Load() != nil {
			n++
		}
	}
	return n
}

// park keeps a connection for the next use, or gives it back to the pool. It is the
// caller's no more.
func (d *DB) park(conn *pgxpool.Conn, info *connInfo) {
	if d.poolTraced || info.lastUsed.Sub(info.borrowed) > parkFor || !d.parked.put(conn) {
		conn.Release()
		return
	}
	if d.waiting.Load() > 0 || d.generation.Load() != info.generation || d.life.Err() != nil {
		d.unpark()
		return
	}
	if !d.parked.due.Load() && d.parked.due.CompareAndSwap(false, true) {
		d.parked.sweep.Reset(parkFor)
	}
}

// unpark gives all parked connections back to the pool.
func (d *DB) unpark() {
	for conn := d.parked.take(); conn != nil; conn = d.parked.take() {
		conn.Release()
	}
}

// sweep is unpark when it is due.
func (d *DB) sweep() {
	d.parked.due.Store(false)
	d.unpark()
}
