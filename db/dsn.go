package db

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/config"
	"github.com/sqlkeel/sqlkeel/internal/dsn"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// dialFunc opens a network connection.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// resolve checks cfg and returns it with every default, and pgx's view of it.
// All problems are reported at once.
func resolve(cfg Config) (Config, *pgxpool.Config, error) {
	cfg = cfg.withDefaults()
	pool, dsnErr := parseDSN(cfg.DSN)
	timeout := min(3*time.Second, max(cfg.AcquireTimeout, 0))
	if dsnErr == nil {
		cfg.Name = cmp.Or(cfg.Name, pool.ConnConfig.Database, pool.ConnConfig.User)
		timeout = min(cmp.Or(pool.ConnConfig.ConnectTimeout, timeout), max(cfg.AcquireTimeout, 0))
	}
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, timeout)
	p := config.Problems{Package: "db"}
	p.Unless(!strings.ContainsRune(cfg.Name, 0), "Name", "contains a NUL byte: remove it")
	p.Add(dsnErr)
	p.Add(cfg.validate())
	if err := p.Err(); err != nil {
		return cfg, nil, err
	}
	cfg.applyTo(pool)
	if why := cfg.sharesNothing(pool.ConnConfig); cfg.ReadConns > 0 && why != "" {
		return cfg, nil, &ConfigError{Package: "db", Field: "ReadConns", Problem: "is for reads that share connections, " + why}
	}
	return cfg, pool, nil
}

// mayShare reports whether the reads of a statement may share connections.
func mayShare(s *stmt.Statement) bool {
	return s.Unique && s.ReadOnly && s.Session == "" && !s.Volatile && !s.Anything
}

// sharesNothing returns why no reads share connections, and the remedy, or "".
func (c *Config) sharesNothing(conn *pgx.ConnConfig) string {
	switch {
	case c.ShareReads <= 1:
		return "which ShareReads switches off: set one of them only"
	case c.RegisterTypes != nil:
		return "which RegisterTypes excludes: set one of them only"
	case c.Pooler == Transaction:
		return "which a pooler in transaction mode excludes: set ReadConns to 0"
	case conn.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement || conn.StatementCacheCapacity <= 0:
		return "which need pgx's cache of prepared statements: leave ExecMode and the DSN's default_query_exec_mode and statement_cache_capacity at their defaults"
	case !slices.ContainsFunc(c.Statements.Statements(), func(s stmt.Statement) bool { return mayShare(&s) }):
		return "and Statements has none which finds one row by a unique key: set Statements, or ReadConns to 0"
	}
	return ""
}

// parseDSN reads the DSN. Its errors never repeat a part of it.
func parseDSN(text string) (*pgxpool.Config, error) {
	refuse := func(reason, remedy string) error {
		return &ConfigError{Package: "db", Field: "DSN", Problem: reason + ": " + remedy}
	}
	conn, err := dsn.Parse(text)
	var problem *dsn.Error
	if errors.As(err, &problem) {
		return nil, refuse(problem.Reason, problem.Remedy)
	}
	var sizes []string
	for name := range conn.RuntimeParams {
		if strings.HasPrefix(name, "pool_") {
			sizes = append(sizes, name)
		}
	}
	if len(sizes) > 0 {
		slices.Sort(sizes)
		return nil, refuse("sets "+strings.Join(sizes, ", "), "set the fields of Config instead")
	}
	pool, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, refuse("has a part that cannot be used", "look at the files that it names")
	}
	return pool, nil
}

// setsExecMode says whether the DSN chooses a mode, be it pgx's own.
func setsExecMode(dsn string) bool {
	config, err := pgconn.ParseConfig(dsn) // which takes what it does not know for parameters of the server
	return err == nil && config.RuntimeParams["default_query_exec_mode"] != ""
}

// applyTo writes cfg's settings into pgx's.
func (c *Config) applyTo(pool *pgxpool.Config) {
	pool.MaxConns, pool.MinConns, pool.MinIdleConns = int32(c.MaxConns), int32(c.MinConns), int32(c.MinIdleConns)
	pool.MaxConnLifetime, pool.MaxConnLifetimeJitter = c.MaxConnLifetime, c.MaxConnLifetimeJitter
	pool.MaxConnIdleTime = c.MaxConnIdleTime
	pool.HealthCheckPeriod = max(min(c.MaxConnIdleTime, c.MaxConnLifetime, 2*time.Minute)/4, time.Millisecond)
	conn := pool.ConnConfig
	conn.Tracer = c.Tracer
	conn.ConnectTimeout = c.ConnectTimeout
	// A minute of silence is asked after, so that no firewall forgets the
	// connection and a peer that vanished is noticed.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 3}}
	conn.DialFunc = dialer.DialContext
	listen(&conn.Config)
	switch {
	case c.ExecMode != 0:
		conn.DefaultQueryExecMode = c.ExecMode
	case setsExecMode(c.DSN):
		c.ExecMode = conn.DefaultQueryExecMode
	}
	if c.StatementTimeout > 0 {
		conn.RuntimeParams["statement_timeout"] = strconv.FormatInt(c.StatementTimeout.Milliseconds(), 10)
	}
}
