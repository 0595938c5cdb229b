package db

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Why a connection of the pool was closed.
const (
	ClosedIdle     = "idle"     // overflow that was not used
	ClosedLifetime = "lifetime" // old enough to be replaced
	ClosedDead     = "dead"     // the server or the network ended it
	ClosedCanceled = "canceled" // the caller left in the middle of a statement
	ClosedDirty    = "dirty"    // it came back in a state that cannot be reset
	ClosedReset    = "reset"    // another one died, and it was suspect
	ClosedShutdown = "shutdown" // the DB was closed
)

// connInfo is what the pool knows of a connection. It travels with it, for the holder
// of the connection.
type connInfo struct {
	opened     time.Time
	lastUsed   time.Time
	borrowed   time.Time // from pgxpool
	generation int64     // how many resets there had been when its opening began
	reason     string
	refused    bool   // a write, in the use that is under way
	end        string // the SQLSTATE with which the server announced that it ends the session
	types      typeMap
	peeker     *peeker
	lease      atomic.Pointer[lease] // that it has while it is in use
	mu         sync.Mutex
	holders    callers                                 // guarded by mu; of the lease, if it has them noted
	prepared   map[string]*pgconn.StatementDescription // for batches, by their texts
}

const infoKey = "github.com/sqlkeel/sqlkeel/db"

func setInfo(conn *pgx.Conn, info *connInfo) { conn.PgConn().CustomData()[infoKey] = info }

func infoOf(conn *pgx.Conn) *connInfo {
	info, _ := conn.PgConn().CustomData()[infoKey].(*connInfo)
	if info == nil {
		return newInfo(conn) // someone emptied the connection's custom data
	}
	return info
}

func newInfo(conn *pgx.Conn) *connInfo {
	return &connInfo{types: typeMap{Map: conn.TypeMap()}, prepared: map[string]*pgconn.StatementDescription{}}
}

// listen notes in a connection's info what the server says that decides about the pool,
// also when the connection's user hides the error: that a write was refused, and the
// last word. A crash of the server is announced by a notice, everything else by an
// error.
func listen(config *pgconn.Config) {
	onError, onNotice := config.OnPgError, config.OnNotice
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		info, _ := conn.CustomData()[infoKey].(*connInfo)
		switch {
		case info == nil: // the monitor's, or in the middle of its start
		case err.SeverityUnlocalized == "FATAL":
			info.end = err.Code
		case refusesWrite(err):
			info.refused = true
		}
		return onError(conn, err)
	}
	config.OnNotice = func(conn *pgconn.PgConn, notice *pgconn.Notice) {
		if info, ok := conn.CustomData()[infoKey].(*connInfo); ok && notice.Code == crashShutdown {
			info.end = notice.Code
		}
		if onNotice != nil {
			onNotice(conn, notice)
		}
	}
}

// connected takes each new connection of the pool in: it gets to know the types. When
// [Config].RegisterTypes fails pgxpool closes it.
func (d *DB) connected(ctx context.Context, conn *pgx.Conn) error {
	now, info := time.Now(), newInfo(conn)
	info.opened, info.lastUsed, info.generation = now, now, infoOf(conn).generation
	info.peeker = newPeeker(conn.PgConn().Conn())
	setInfo(conn, info)
	d.types.teach(&info.types)
	if err := d.registerMore(ctx, conn); err != nil {
		return err
	}
	d.dials.succeeded()
	d.counts.opened.Add(1)
	d.open.Add(1)
	d.ledger.opened(info)
	d.events.connect(conn)
	return nil
}

// registerMore calls [Config].RegisterTypes.
func (d *DB) registerMore(ctx context.Context, conn *pgx.Conn) error {
	if d.cfg.RegisterTypes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.AcquireTimeout)
	defer cancel()
	err := d.cfg.RegisterTypes(ctx, conn)
	switch {
	case err == nil:
		return nil
	case conn.IsClosed(): // the server or the network went away, which may heal
		d.dials.failed(err, false)
		return err
	}
	return &registerTypesError{Target: d.cfg.Name, Err: err}
}

// closed notes each connection of the pool that will be closed now.
func (d *DB) closed(conn *pgx.Conn) {
	info := infoOf(conn)
	if info.reason == "" {
		info.reason = d.whyClosed(info)
	}
	if !info.opened.IsZero() {
		d.open.Add(-1)
		d.ledger.closed(info)
	}
	d.counts.closedFor(info.reason)
	d.events.close(conn, info)
}

// whyClosed tells why pgxpool closes a connection.
func (d *DB) whyClosed(info *connInfo) string {
	switch {
	case d.life.Err() != nil:
		return ClosedShutdown
	case info.generation != d.generation.Load():
		return ClosedReset
	case time.Since(info.opened) >= d.cfg.MaxConnLifetime:
		return ClosedLifetime
	default:
		return ClosedIdle
	}
}
