package db

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// window is the time that the report's rates are about.
const window = 5 * time.Minute

// monitor asks the server how it is, on a connection of its own.
type monitor struct {
	d      *DB
	config *pgx.ConnConfig
	conn   *pgx.Conn // used by Open, then by run; nil while there is none

	identified   *pgx.Conn // as conn; the one whose database was asked for its identity
	compared     bool      // as conn, whose schema it is about
	comparison             // as conn; the last one
	typed        bool      // as conn, which loaded the types
	lastTimeouts int64     // as conn; of acquires, at the last probe
	dialled      time.Time // as conn; when it last was
	refused      time.Time // as conn; when a write last was, by the server; zero when writes are taken

	refusals  chan struct{} // tells run of a write that was refused
	redefined chan struct{} // of definitions that may have changed
	losses    chan struct{} // of a write whose outcome is unknown

	mu      sync.Mutex
	probes  probeLog      // guarded by mu
	server  serverInfo    // guarded by mu
	schema  string        // guarded by mu
	changes []stateChange // guarded by mu; the last is the present state
	errors  []errorRecord // guarded by mu
}

func newMonitor(d *DB, config *pgx.ConnConfig) *monitor {
	config = config.Copy()
	config.Tracer = nil
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // which every pooler passes on
	return &monitor{
		d: d, config: config, schema: schemaUnchecked,
		refusals: make(chan struct{}, 1), redefined: make(chan struct{}, 1), losses: make(chan struct{}, 1),
		probes:  probeLog{limit: 4096},
		changes: []stateChange{{At: time.Now(), State: Starting, Why: "not probed yet"}},
	}
}

// run probes until ctx ends, and sooner when a write was refused or definitions may have
// changed. It also waits for the end of writes whose outcome is unknown.
func (m *monitor) run(ctx context.Context) {
	defer m.hangUp()
	tick := time.NewTicker(m.d.cfg.HealthInterval)
	defer tick.Stop()
	sooner := time.NewTimer(lookAgain)
	defer sooner.Stop()
	sooner.Stop()
	lost := lostWatch{timer: time.NewTimer(time.Hour)}
	defer lost.timer.Stop()
	for {
		select {
		case <-tick.C:
		case <-m.refusals:
			m.refused = time.Now()
			sooner.Reset(lookAgain - time.Since(m.dialled))
			continue
		case <-m.redefined:
			if rest := compareAgain - time.Since(m.comparedAt); rest > 0 {
				sooner.Reset(rest)
				continue
			}
		case <-m.losses:
			lost.tries = 0
			lost.again(ctx, m)
			continue
		case <-lost.timer.C:
			lost.again(ctx, m)
			continue
		case <-sooner.C:
		case <-ctx.Done():
			return
		}
		m.probe(ctx)
		if m.seeks() {
			sooner.Reset(lookAgain)
		}
	}
}

// probe asks once and draws the conclusions, unless the DB was closed meanwhile.
// The end of ctx is a failure like others: Open must not leave the state open.
func (m *monitor) probe(ctx context.Context) {
	bound, cancel := context.WithTimeout(ctx, m.d.cfg.HealthTimeout)
	defer cancel()
	start := time.Now()
	server, err := m.ask(bound)
	asked := probe{at: start, took: time.Since(start), failed: err != nil}
	if err == nil {
		m.loadTypesOnce(bound)
		if err := m.identify(ctx); err != nil {
			m.fail(err)
		} else {
			m.deny(server.Role == "replica")
			m.compareSchema(ctx)
		}
	}
	if m.d.life.Err() == nil {
		m.conclude(asked, server, err)
	}
}

// ask queries the server. A connection that was ended while it was idle says
// little about the server, so it is asked once more on a new one.
func (m *monitor) ask(ctx context.Context) (serverInfo, error) {
	fresh := m.conn == nil
	for {
		if m.conn == nil {
			if err := m.dial(ctx); err != nil {
				return serverInfo{}, err
			}
		}
		server, err := query(ctx, m.conn)
		if err == nil {
			return m.reconsider(ctx, server), nil
		}
		m.hangUp()
		if fresh || ctx.Err() != nil {
			return serverInfo{}, err
		}
		fresh = true
	}
}

func (m *monitor) dial(ctx context.Context) (err error) {
	m.dialled = time.Now()
	m.conn, err = pgx.ConnectConfig(ctx, m.config)
	if err != nil {
		return err
	}
	if err = m.d.meet(ctx, m.conn); err != nil {
		m.hangUp()
	}
	return err
}

// fail takes a failure that says nothing of the server's state.
func (m *monitor) fail(err error) {
	m.note(err)
	if m.conn.IsClosed() {
		m.hangUp()
	}
}

// hangUp gives the monitor's connection up.
func (m *monitor) hangUp() {
	if conn := m.conn; conn != nil {
		m.conn, m.compared, m.typed = nil, false, false
		m.d.closers.Go(func() { m.d.bury(conn) })
	}
}

func query(ctx context.Context, conn *pgx.Conn) (s serverInfo, err error) {
	var replica, readOnly bool
	err = conn.QueryRow(ctx, `
		SELECT current_setting('server_version'), pg_postmaster_start_time(), pg_is_in_recovery(),
		       current_setting('transaction_read_only') = 'on'`, pgx.QueryExecModeSimpleProtocol).
		Scan(&s.Version, &s.Started, &replica, &readOnly)
	s.Role, s.ReadOnly = "primary", readOnly
	if replica {
		s.Role = "replica"
	}
	return s, err
}

// conclude takes a probe into the history and changes the state if need be.
func (m *monitor) conclude(p probe, server serverInfo, err error) {
	stats := m.d.stats()
	now := stateChange{At: time.Now()}
	now.State, now.Why = judge(server, err, stats, stats.AcquireTimeouts-m.lastTimeouts)
	m.lastTimeouts = stats.AcquireTimeouts
	m.mu.Lock()
	m.probes.add(p)
	if err == nil {
		m.server = server
	}
	before := m.changes[len(m.changes)-1]
	if now.State != before.State {
		m.changes = keep(append(m.changes, now))
	}
	m.mu.Unlock()
	if err != nil {
		m.note(err)
	}
	if now.State == before.State {
		return
	}
	m.d.events.state(before.State, now)
	if m.d.cfg.OnHealthChange != nil {
		m.d.cfg.OnHealthChange(m.d.Health())
	}
}

// judge says what state the answer to a probe stands for, and why.
func judge(server serverInfo, err error, pool Stats, timeouts int64) (State, string) {
	switch {
	case err != nil:
		return Down, err.Error()
	case server.ReadOnly && server.Role == "replica":
		return ReadOnly, "the server is a replica"
	case server.ReadOnly:
		return ReadOnly, "the server's transactions are read-only by default"
	case timeouts > 0:
		return Degraded, plural(int(timeouts), "caller") + " got no connection in time since the last probe"
	case pool.Waiting > 0 && pool.InUse >= pool.Max:
		return Degraded, "every connection is in use, " + plural(pool.Waiting, "caller") + " waiting"
	}
	return Up, "the server answers"
}

// note keeps an error for the report.
func (m *monitor) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors = keep(append(m.errors, errorRecord{
		At: time.Now(), SQLSTATE: pgerr.Code(err), Kind: string(pgerr.KindOf(err)), Message: err.Error(),
	}))
}

// keep drops what is too old for the report.
func keep[T any](list []T) []T { return list[max(0, len(list)-20):] }
