package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// A server that turns read-only refuses writes on connections that stay good. So the
// pool would not change when the address leads to another server. A refusal therefore
// makes the monitor look at where the address leads now, by a connection of its own.
// Only when that takes writes is the pool emptied: while there is no better server,
// reads go on where they are.

const (
	// lookAgain is the least time between two looks at where the address leads.
	lookAgain = 500 * time.Millisecond
	// seekFor is how long after a refusal the monitor looks that often. Later it does
	// so at each probe.
	seekFor = time.Minute
)

// refusesWrite says whether err may mean that the session takes no writes. On a
// standby the modes of a transaction that need writes are refused by 0A000.
func refusesWrite(err *pgconn.PgError) bool {
	return err.Code == "25006" || err.Code == "0A000" && pgerr.KindOf(err) != pgerr.StalePlan
}

// cause is why a session takes no writes.
type cause uint8

const (
	ofTransaction cause = iota // its user asked for a read-only transaction
	ofSession                  // its user made the session read-only
	ofDSN                      // the DSN did: the handle is meant for reads
	ofServer                   // a standby, or the server's, database's or role's setting
)

// ask asks the session, outside of a transaction, why it took no writes.
func (c *cause) ask(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, `
		SELECT pg_is_in_recovery(), setting, source FROM pg_settings WHERE name = 'default_transaction_read_only'`).ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return fmt.Errorf("db: %d results instead of a setting", len(results))
	}
	row := results[0].Rows[0]
	standby, on, source := string(row[0]) == "t", string(row[1]) == "on", string(row[2])
	switch {
	case on && source == "client":
		*c = ofDSN
	case standby:
		*c = ofServer
	case on && source == "session":
		*c = ofSession
	case on:
		*c = ofServer
	}
	return nil
}

// releaseRefused gives back a connection on which a write was refused, after it has
// asked for the cause. That takes a round trip, and PingTimeout at most.
func (l *lease) releaseRefused() {
	ctx, cancel := context.WithTimeout(context.Background(), l.d.cfg.PingTimeout)
	defer cancel()
	var why cause
	err := why.ask(ctx, l.conn.PgConn())
	switch {
	case err != nil:
		if errors.Is(err, context.DeadlineExceeded) {
			l.d.counts.pingTimeouts.Add(1)
			l.d.reset(l.info, "a connection that came back gave no answer")
		}
		l.d.discard(l.pooled, ClosedDead)
		return
	case why == ofSession:
		l.d.discard(l.pooled, ClosedDirty)
		return
	case why == ofServer && l.info.generation == l.d.generation.Load():
		l.d.monitor.writeRefused()
	}
	l.d.release(l.pooled)
}

// writeRefused makes the monitor look where the address leads.
func (m *monitor) writeRefused() { wake(m.refusals) }

// seeks says whether the monitor looks for a server that takes writes.
func (m *monitor) seeks() bool { return !m.refused.IsZero() && time.Since(m.refused) < seekFor }

// reconsider looks where the address leads when writes are refused: was is what the
// monitor's own connection says, which may lead elsewhere than a new one. If a new
// connection takes writes the pool is emptied, for its connections are older. If none
// can be made the monitor keeps what it has.
func (m *monitor) reconsider(ctx context.Context, was serverInfo) serverInfo {
	if !was.ReadOnly && !m.seeks() || time.Since(m.dialled) < lookAgain {
		return was
	}
	var why cause
	if why.ask(ctx, m.conn.PgConn()) == nil && why == ofDSN {
		return was
	}
	old, compared, typed := m.conn, m.compared, m.typed
	m.conn = nil
	err := m.dial(ctx)
	now := was
	if err == nil {
		now, err = query(ctx, m.conn)
	}
	if err != nil {
		m.hangUp()
		m.conn, m.compared, m.typed = old, compared, typed
		return was
	}
	m.d.closers.Go(func() { m.d.bury(old) })
	if now.ReadOnly {
		return now
	}
	m.compared, m.typed, m.refused = false, false, time.Time{}
	m.d.reset(&connInfo{generation: m.d.generation.Load()}, "a new connection takes writes again")
	return now
}
