package db

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CloseReason is why a connection of the pool was closed.
type CloseReason string

const (
	ClosedIdle     CloseReason = "idle"     // overflow that nobody used
	ClosedLifetime CloseReason = "lifetime" // old enough to be replaced
	ClosedDead     CloseReason = "dead"     // the server or the network ended it
	ClosedCanceled CloseReason = "canceled" // the caller left in the middle of a statement
	ClosedDirty    CloseReason = "dirty"    // it came back in a state in which it cannot be lent
	ClosedReset    CloseReason = "reset"    // another one died, and it was suspect
	ClosedShutdown CloseReason = "shutdown" // the DB was closed
)

// connInfo is what the pool knows of a connection. It travels with it, and is
// for whoever holds the connection.
type connInfo struct {
	opened     time.Time
	lastUsed   time.Time
	generation int64 // how many resets there had been when its opening began
	reason     CloseReason
	endedAlone bool // the server ended the session for what it did itself
}

const infoKey = "github.com/sqlkeel/sqlkeel/db"

func setInfo(conn *pgx.Conn, info *connInfo) { conn.PgConn().CustomData()[infoKey] = info }

func infoOf(conn *pgx.Conn) *connInfo {
	info, _ := conn.PgConn().CustomData()[infoKey].(*connInfo)
	if info == nil {
		return &connInfo{} // someone emptied the connection's custom data
	}
	return info
}

// noteEnd makes a handler of errors that tells a connection why the server ends it,
// also when its user keeps the error to himself. What a session did itself, to idle
// in a transaction or altogether or to have a transaction for too long, says nothing
// about the others.
func noteEnd(next pgconn.PgErrorHandler) pgconn.PgErrorHandler {
	return func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		switch err.Code {
		case "25P03", "25P04", "57P05":
			if info, ok := conn.CustomData()[infoKey].(*connInfo); ok && err.SeverityUnlocalized == "FATAL" {
				info.endedAlone = true
			}
		}
		return next(conn, err)
	}
}

// connected is told of each new connection of the pool.
func (d *DB) connected(conn *pgx.Conn) {
	now := time.Now()
	setInfo(conn, &connInfo{opened: now, lastUsed: now, generation: infoOf(conn).generation})
	d.gate.succeeded()
	d.counts.opened.Add(1)
	d.events.connect(conn)
}

// closed is told of each connection of the pool that will be closed now.
func (d *DB) closed(conn *pgx.Conn) {
	info := infoOf(conn)
	if info.reason == "" {
		info.reason = d.whyClosed(info)
	}
	d.counts.closedFor(info.reason)
	d.events.close(conn, info)
}

// whyClosed tells why pgxpool closes a connection.
func (d *DB) whyClosed(info *connInfo) CloseReason {
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
