package db

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// DB is the connections to one database. It is made by [Open], safe for
// concurrent use, and must be closed.
type DB struct {
	cfg     Config
	pool    *pgxpool.Pool
	pooled  chan struct{} // closed when pool is there; no dial before, for its failure may empty the pool
	dials   *dialBackoff
	monitor *monitor
	events  events
	types   typeCache

	shares     *shares
	slots      turnstile // for uses of connections
	own        turnstile // for reads that may share; nil unless they have connections of their own
	others     turnstile // for other uses then
	ledger     ledger
	queued     atomic.Int64 // callers that wait for a slot
	waiting    atomic.Int64 // callers with a slot that wait for a connection to be opened, closed or pinged
	open       atomic.Int64 // connections of the pool
	taken      atomic.Int64 // of them, those that are not idle there
	parked     parked
	waits      *samples
	counts     counts
	generation atomic.Int64                    // of connections: how many resets there were
	doubted    atomic.Int64                    // when a connection last died in use, in nanoseconds since 1970
	between    atomic.Pointer[Pooler]          // never nil
	harmless   atomic.Pointer[map[string]bool] // by words before a parenthesis; not changed
	traces     traces

	target        unit.Target
	listener      *exec.Listener   // nil when there is no Invalidator
	fenced        stmt.Invalidator // as configured, if it can be compared; else nil
	claim         claim            // made only when the Invalidator wants it
	schema        schemaState      // changed only when there is an Invalidator
	acquireTraced bool             // Tracer is a pgxpool.AcquireTracer

	life    context.Context // ends when Close begins
	end     context.CancelFunc
	loops   sync.WaitGroup // the monitor, and the watch over leases
	closers sync.WaitGroup // connections on their way out; never waited for before pool is closed
	drained func() <-chan struct{}
	drains  atomic.Int32 // what drain waits for, an index of drainStages
}

// Target returns the name in reports, logs and cached results: [Config].Name or its
// default. It is that of [Set.Target] for a DB, of which ctx chooses nothing.
func (d *DB) Target(context.Context) string { return d.cfg.Name }

// Unit is for package txn.
func (d *DB) Unit(context.Context) (*unit.Target, error) { return &d.target, nil }
