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
	off    bool // tracers see what pgxpool lends and gets back, or it is to keep some idle
	places [8]atomic.Pointer[pgxpool.Conn]
	due    atomic.Bool // all will be given back to pgxpool, some time after the first was parked
}

// put parks a connection and returns its place, or nil when there is no room.
func (p *parked) put(conn *pgxpool.Conn) *atomic.Pointer[pgxpool.Conn] {
	for i := range p.places {
		if at := &p.places[i]; at.Load() == nil && at.CompareAndSwap(nil, conn) {
			return at
		}
	}
	return nil
}

// take returns a connection, or nil when none is parked.
func (p *parked) take() *pgxpool.Conn {
	for i := range p.places {
		at := &p.places[i]
		if conn := at.Load(); conn != nil && at.CompareAndSwap(conn, nil) {
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
	p := &d.parked
	if p.off || info.lastUsed.Sub(info.borrowed) > parkFor {
		d.release(conn)
		return
	}
	at := p.put(conn)
	if at == nil {
		d.release(conn)
		return
	}
	if d.waiting.Load() > 0 || d.generation.Load() != info.generation || d.life.Err() != nil {
		if at.CompareAndSwap(conn, nil) {
			d.release(conn)
		}
		return
	}
	if !p.due.Load() && p.due.CompareAndSwap(false, true) {
		time.AfterFunc(parkFor, d.sweep)
	}
}

// unpark gives all parked connections back to the pool.
func (d *DB) unpark() {
	for conn := d.parked.take(); conn != nil; conn = d.parked.take() {
		d.release(conn)
	}
}

// sweep is unpark when it is due. What is parked from now on makes another one due, so
// that comes first.
func (d *DB) sweep() {
	d.parked.due.Store(false)
	d.unpark()
}
