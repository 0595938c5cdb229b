package db

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/config"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Config says how to connect and how the pool behaves. Only DSN must be set; the
// zero value of every other field stands for its default.
type Config struct {
	// DSN is a URL (postgres://user:password@host:port/database?sslmode=...) or
	// keyword=value pairs, as pgx understands them; what it leaves out is taken from
	// the PG* environment variables. Anything else, and a keyword that neither libpq
	// nor pgx nor PostgreSQL has, is refused before any dial. So are pgxpool's pool_*
	// parameters: they are fields here. No default.
	DSN string
	// Name stands for this database in logs, errors, reports, cached results and, within
	// a [Set], for [WithTarget]. Two databases that share an Invalidator must not have one
	// name. A copy of a server's files counts as the original, so it needs a name too.
	// Default: the database's name.
	Name string

	// MaxConns is the most connections that the pool has. Default 10.
	MaxConns int
	// MinConns is the number of connections kept open. Those above it are overflow,
	// which closes once idle for MaxConnIdleTime. Default 0.
	MinConns int
	// MinIdleConns is how many connections are kept ready beyond those in use,
	// up to MaxConns. Default 0.
	MinIdleConns int
	// MaxConnLifetime is the age at which a connection is replaced, when it is
	// not in use. Default 30 min.
	MaxConnLifetime time.Duration
	// MaxConnLifetimeJitter is added to the lifetime, at random from zero up, in
	// whole seconds: 1 s or less does nothing. Default: a fifth of the lifetime.
	MaxConnLifetimeJitter time.Duration
	// MaxConnIdleTime is how long overflow may be idle. It is checked four times per
	// interval, and every 30 s at least. Default 5 min.
	MaxConnIdleTime time.Duration

	// ShareReads is the most reads that share a round trip. It concerns statements that
	// Statements knows to find at most one row by a unique key, to change nothing and to
	// call no volatile function, sent by Query and QueryRow outside of transactions. While
	// connections are free and few callers read, each takes one. Those that must wait, for
	// a connection or a processor, wait together for one connection. It sends them in one
	// go, in a read-only transaction, and each caller decodes its own row. One that fails by
	// the others' company is sent again, alone. A statement that proves slow waits by
	// itself, as others do. docs/connections.md has all that differs.
	//
	// 1 switches it off. It is off behind a pooler in transaction mode, with RegisterTypes,
	// in exec modes other than pgx's default, and with the DSN's
	// statement_cache_capacity=0. Default 64.
	ShareReads int
	// ReadConns is how many of MaxConns are kept for the reads that ShareReads is about.
	// They use no others then, and their callers do not wait for other statements, which
	// have fewer connections in return. It is refused where no reads can share. Default 0:
	// they take turns with all uses.
	ReadConns int

	// AcquireTimeout bounds a caller's wait for a connection, with everything in
	// it: the queue, connecting, pings. A statement that is sent once more waits anew.
	// Default 5 s.
	AcquireTimeout time.Duration
	// ConnectTimeout bounds one attempt to connect to one address. Default: the DSN's
	// connect_timeout, else 3 s, or AcquireTimeout when that is less than either.
	ConnectTimeout time.Duration
	// PingTimeout bounds the check of an idle connection before its use. It also bounds
	// the cleaning of a session, a batch of shared reads (which has 500 ms at most), and
	// how long a slot of the pool waits for a broken connection to close. Default 1 s, or
	// AcquireTimeout when that is less.
	PingTimeout time.Duration
	// StatementTimeout is the server's statement_timeout for every session, in
	// whole milliseconds. PgBouncer refuses it, and then Open fails; where it is set
	// to ignore that start-up parameter, there is no timeout. Default: the DSN's,
	// else the server's own.
	StatementTimeout time.Duration

	// ConnectAttempts is how often Open tries to connect. Default 10.
	ConnectAttempts int
	// ConnectBackoffBase and ConnectBackoffMax bound the wait between the
	// attempts: it is random, from zero to a ceiling that begins at the base and
	// doubles up to the maximum. Default 100 ms and 5 s.
	ConnectBackoffBase, ConnectBackoffMax time.Duration

	// HoldWarning is how long a connection may be in use before the log warns of it and
	// names its holder. Default 30 s.
	HoldWarning time.Duration
	// ExecMode is how statements are sent. Default: the DSN's
	// default_query_exec_mode, else pgx's, which caches prepared statements, and
	// behind a pooler that shares sessions pgx.QueryExecModeCacheDescribe, which
	// works with all of them. (A PgBouncer from 1.21 on with
	// max_prepared_statements takes pgx.QueryExecModeCacheStatement as well.)
	ExecMode pgx.QueryExecMode
	// Pooler is what stands between this DB and the server. Behind one that shares
	// sessions, what needs one to itself is refused with a [pgerr.PoolerError]. Default [Auto].
	Pooler Pooler
	// Tracer receives pgx's trace events for statements, but not for probes and pings. When
	// the caller of a read that shares leaves, its TraceQueryEnd gets a connection that is
	// in use: of that it may ask what does not change, such as the PID.
	// With one that is a pgxpool.AcquireTracer or a pgxpool.ReleaseTracer, as those of
	// otelpgx and pgx's multitracer are, each use goes by way of pgxpool, which takes
	// longer. Default none.
	Tracer pgx.QueryTracer
	// Logger gets the pool's events: check-out and check-in at debug level;
	// connect, close, the server's return and its turn to read-only at info; trouble at
	// warn or error. Default none.
	Logger *slog.Logger
	// Statements are those of generated code, such as queries.Statements; several
	// packages' are joined by [stmt.Join]. They decide which variant of a statement is
	// sent and whether it is retried after its connection died. They say what it leaves
	// in the session and what Invalidator is notified of.
	//
	// The types that they name are loaded when the monitor connects, in one round
	// trip, and every connection of the pool knows them; see [RegisterTypes] for a
	// bare pool. The monitor also compares the relations that they name with the
	// database, each time it has connected. With an Invalidator it does so at each probe,
	// but for a fiftieth of the time at most: see [DB.CachedBy]. [Report].Schema has the
	// result; nothing is refused when they differ, see [DB.Verify]. Default none.
	Statements *stmt.Registry
	// Invalidator is notified of every write through this DB, before it can become
	// visible and when it has ended, with Name as the target. A statement that
	// Statements does not have counts as a write of anything; see [stmt.Declare].
	// A write whose connection is lost has an unknown outcome. The monitor then asks the
	// server, after 5 ms and ever less often, at least once a second, until its session is
	// gone. That ends with Close, and never comes behind a pooler.
	//
	// A cache.Cache learns from Open, before the first write, which database the server
	// says that this is (by pg_control_system, which every role may call unless that was
	// revoked). So writes by all names of a database make results old. If Name stands for
	// another one there, an error is logged and nothing of this database is cached. Default
	// none.
	Invalidator stmt.Invalidator
	// RegisterTypes is called with each new connection of the pool, before its first
	// use, for types that only other code understands. pgvector and decimal libraries
	// offer a function of this form. The enums, composites, domains and ranges that
	// Statements name are known by then without it.
	//
	// Several calls may run at the same time. ctx ends after AcquireTimeout. On an
	// error the connection is closed, and the caller that waits for it gets
	// the error; there is no second try, unless the connection was lost.
	// Each connection waits for its round trips. Settings that it makes are undone by
	// [DB.WithConn]. Default none.
	RegisterTypes func(ctx context.Context, conn *pgx.Conn) error
	// HealthInterval is the time between two probes of the monitor behind
	// [DB.Health], 10 ms at least. Default 5 s.
	HealthInterval time.Duration
	// HealthTimeout bounds a probe, connecting included. It may not exceed
	// HealthInterval. Default 2 s, or HealthInterval when that is less.
	HealthTimeout time.Duration
	// OnHealthChange is called with a report at each change of its State, one
	// call at a time, by the monitor: it must return soon and must not call
	// Close. The first change, from starting, is reported before Open returns.
	// Default none.
	OnHealthChange func(Report)
}

// maxBackends is the most connections that any PostgreSQL allows.
const maxBackends = 262143

// withDefaults replaces zero values, except those that the DSN decides.
func (c Config) withDefaults() Config {
	setDefault(&c.MaxConns, 10)
	setDefault(&c.MaxConnLifetime, 30*time.Minute)
	setDefault(&c.MaxConnLifetimeJitter, c.MaxConnLifetime/5)
	setDefault(&c.MaxConnIdleTime, 5*time.Minute)
	setDefault(&c.AcquireTimeout, 5*time.Second)
	setDefault(&c.PingTimeout, min(time.Second, c.AcquireTimeout))
	setDefault(&c.ConnectAttempts, 10)
	setDefault(&c.ConnectBackoffMax, max(5*time.Second, c.ConnectBackoffBase))
	setDefault(&c.ConnectBackoffBase, min(100*time.Millisecond, c.ConnectBackoffMax))
	setDefault(&c.HoldWarning, 30*time.Second)
	setDefault(&c.ShareReads, 64)
	setDefault(&c.Pooler, Auto)
	setDefault(&c.HealthInterval, 5*time.Second)
	setDefault(&c.HealthTimeout, min(2*time.Second, c.HealthInterval))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate looks at a Config with defaults and returns all that is wrong.
func (c Config) validate() error {
	p := config.Problems{Package: "db"}
	for _, n := range []struct {
		field string
		value int
	}{
		{"MaxConns", c.MaxConns}, {"MinConns", c.MinConns}, {"MinIdleConns", c.MinIdleConns}, {"ConnectAttempts", c.ConnectAttempts},
		{"ShareReads", c.ShareReads}, {"ReadConns", c.ReadConns},
	} {
		p.Unless(n.value >= 0, n.field, "is negative: use 0 for the default")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"MaxConnLifetime", c.MaxConnLifetime}, {"MaxConnLifetimeJitter", c.MaxConnLifetimeJitter},
		{"MaxConnIdleTime", c.MaxConnIdleTime}, {"AcquireTimeout", c.AcquireTimeout},
		{"ConnectTimeout", c.ConnectTimeout}, {"PingTimeout", c.PingTimeout},
		{"StatementTimeout", c.StatementTimeout}, {"HoldWarning", c.HoldWarning},
		{"ConnectBackoffBase", c.ConnectBackoffBase}, {"ConnectBackoffMax", c.ConnectBackoffMax},
		{"HealthInterval", c.HealthInterval}, {"HealthTimeout", c.HealthTimeout},
	} {
		p.Unless(d.value >= 0, d.field, "is negative: use 0 for the default")
	}
	if p.None() {
		c.compare(&p)
	}
	return p.Err()
}

// compare looks for fields that contradict each other.
func (c Config) compare(p *config.Problems) {
	p.Unless(c.MaxConns <= maxBackends, "MaxConns", "is more than a PostgreSQL server can have: use a number below its max_connections")
	p.Unless(c.MinConns <= c.MaxConns, "MinConns", "is more than MaxConns: lower it or raise MaxConns")
	p.Unless(c.MinIdleConns <= c.MaxConns, "MinIdleConns", "is more than MaxConns: lower it or raise MaxConns")
	p.Unless(c.ReadConns < c.MaxConns, "ReadConns", "leaves no connection for anything else: lower it or raise MaxConns")
	p.Unless(c.MaxConnLifetimeJitter <= c.MaxConnLifetime, "MaxConnLifetimeJitter", "is more than MaxConnLifetime: use a part of it, such as a fifth")
	p.Unless(c.ConnectTimeout <= c.AcquireTimeout, "ConnectTimeout", "is more than AcquireTimeout, within which callers connect: lower it or raise AcquireTimeout")
	p.Unless(c.PingTimeout <= c.AcquireTimeout, "PingTimeout", "is more than AcquireTimeout, within which connections are pinged: lower it or raise AcquireTimeout")
	p.Unless(c.ConnectBackoffBase <= c.ConnectBackoffMax, "ConnectBackoffBase", "is more than ConnectBackoffMax: lower it or raise ConnectBackoffMax")
	p.Unless(c.StatementTimeout%time.Millisecond == 0, "StatementTimeout", "is not in whole milliseconds: PostgreSQL has no finer unit")
	p.Unless(c.HealthInterval >= 10*time.Millisecond, "HealthInterval", "is less than 10ms: probe less often")
	p.Unless(c.HealthTimeout <= c.HealthInterval, "HealthTimeout", "is more than HealthInterval: lower it or raise HealthInterval")
	p.Unless(c.ExecMode >= 0 && c.ExecMode <= pgx.QueryExecModeSimpleProtocol, "ExecMode", "is not a mode of pgx: use a pgx.QueryExecMode constant")
	p.Unless(slices.Contains([]Pooler{Auto, None, Session, Transaction}, c.Pooler), "Pooler", "is none of the values: use db.Auto, None, Session or Transaction")
}
