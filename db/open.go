package db

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Open checks cfg, connects and returns a DB that is ready for use. It tries to connect
// until ctx ends or ConnectAttempts are used up. It fails at once on what waiting does
// not heal, such as a wrong password or a start-up parameter that a pooler refuses.
//
// The error is one or several [ConfigError], joined, or the failure to
// connect, with how many attempts there were and what to do about it.
func Open(ctx context.Context, cfg Config) (*DB, error) { return open(ctx, cfg, hooks{}) }

// hooks are what tests of this package put in place of the real thing.
type hooks struct{ dial dialFunc }

func open(ctx context.Context, cfg Config, h hooks) (*DB, error) {
	cfg, poolConfig, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	if h.dial != nil {
		poolConfig.ConnConfig.DialFunc = pgconn.DialFunc(h.dial)
	}
	d := newDB(&cfg)
	d.monitor = newMonitor(d, poolConfig.ConnConfig)
	if err := d.connect(ctx); err != nil {
		d.end()
		return nil, err
	}
	d.monitor.loadTypesOnce(ctx)
	d.shares = newShares(d, cfg.sharesNothing(poolConfig.ConnConfig) == "")
	poolConfig.BeforeConnect = d.beforeConnect
	poolConfig.AfterConnect = d.connected
	poolConfig.BeforeClose = d.closed
	poolConfig.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // alive does it
	d.pool, err = pgxpool.NewWithConfig(ctx, poolConfig)
	close(d.pooled)
	if err != nil {
		d.end()
		d.monitor.hangUp()
		d.unclaim()
		return nil, fmt.Errorf("db: %w", err)
	}
	d.drained = sync.OnceValue(d.drain)
	d.monitor.probe(ctx)
	d.loops.Go(func() { d.monitor.run(d.life) })
	d.loops.Go(d.watchHeld)
	return d, nil
}

func newDB(cfg *Config) *DB {
	d := &DB{
		cfg: *cfg, dials: newDialBackoff(), events: newEvents(cfg), types: newTypeCache(cfg),
		pooled: make(chan struct{}),
		waits:  newSamples(1024), counts: counts{closed: map[string]int64{}},
	}
	d.slots = make(turnstile, cfg.MaxConns)
	if cfg.ReadConns > 0 {
		d.own, d.others = make(turnstile, cfg.ReadConns), make(turnstile, cfg.MaxConns-cfg.ReadConns)
	}
	d.traces.seed = maphash.MakeSeed()
	if cfg.Invalidator != nil {
		d.fenced = fence(cfg.Invalidator)
		d.listener = &exec.Listener{
			To: cfg.Invalidator, Target: cfg.Name, Log: cfg.Logger, Redefined: d.redefined,
			Lost: &exec.Lost{Wake: func() { wake(d.monitor.losses) }},
		}
	}
	_, d.acquireTraced = cfg.Tracer.(pgxpool.AcquireTracer)
	_, returnTraced := cfg.Tracer.(pgxpool.ReleaseTracer)
	d.parked.off = d.acquireTraced || returnTraced || cfg.MinIdleConns > 0
	d.target = unit.Target{
		Pool: d, Name: cfg.Name, Statements: cfg.Statements, Listener: d.listener,
		Acquire: func(ctx context.Context, op string) (unit.Lease, error) {
			l, err := d.acquire(ctx, use{op: op})
			if err != nil {
				return nil, err
			}
			return l, nil
		},
	}
	d.between.Store(&cfg.Pooler)
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

// connect makes the first connection, the monitor's.
func (d *DB) connect(ctx context.Context) error {
	wait := backoff.Policy{Base: d.cfg.ConnectBackoffBase, Max: d.cfg.ConnectBackoffMax}
	for attempt := 1; ; attempt++ {
		err := d.monitor.dial(ctx)
		if err == nil {
			err = d.monitor.identify(ctx)
		}
		if err == nil {
			return nil
		}
		d.monitor.hangUp()
		failed := &openError{Target: d.cfg.Name, Attempts: attempt, Remedy: remedy(err), Err: err}
		if attempt == d.cfg.ConnectAttempts || !heals(err) {
			return failed
		}
		pause := wait.Delay(attempt - 1)
		d.events.retry(attempt, pause, err)
		if ended := backoff.Wait(ctx, pause); ended != nil {
			failed.Err = errors.Join(err, ended)
			return failed
		}
	}
}

// beforeConnect holds back the pool's dials while the server is away.
func (d *DB) beforeConnect(ctx context.Context, config *pgx.ConnConfig) error {
	<-d.pooled
	d.sharedMode(config)
	config.Tracer = &dialTracer{QueryTracer: config.Tracer, d: d, generation: d.generation.Load()}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	return d.dials.wait(ctx)
}

// watchHeld warns of connections that are in use for long.
func (d *DB) watchHeld() {
	tick := time.NewTicker(max(d.cfg.HoldWarning/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, b := range d.ledger.overdue(d.cfg.HoldWarning) {
				d.events.overdue(b)
			}
		case <-d.life.Done():
			return
		}
	}
}

// remedies are what to do when the server or the network refuses.
var remedies = map[string]string{
	"28P01": "check the user and the password in the DSN",
	"28000": "check the user in the DSN, its LOGIN right, and the server's pg_hba.conf",
	"3D000": "create the database, or correct its name in the DSN",
	"42501": "grant the user CONNECT on the database",
	"42704": "remove the parameter from the DSN, or correct it",
	"53300": "raise the server's max_connections, or lower MaxConns here and elsewhere",
}

func remedy(err error) string {
	if advice := pgerr.Advice(err); advice != "" {
		return advice
	}
	if r := remedies[pgerr.Code(err)]; r != "" {
		return r
	}
	if pgerr.Code(err) == "" && pgerr.KindOf(err) != pgerr.Other {
		return "check the host and the port in the DSN, and that the server is running and can be reached"
	}
	return ""
}
