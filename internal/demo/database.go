package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
	"github.com/sqlkeel/sqlkeel/txn"
)

// createDatabase makes the demonstration's own database and returns how to
// drop it.
func (s *stage) createDatabase(ctx context.Context) (drop func() error, err error) {
	s.database = "sqlkeel_demo_" + uuid.NewString()[:8]
	if s.dsn, s.address, err = onDatabase(s.opts.Server.DSN(), s.database); err != nil {
		return nil, err
	}
	return s.create(ctx, s.database)
}

// create makes a database and returns how to drop it. Neither follows ctx once
// begun: after an interrupt the server would finish the creation, and the
// database would be left behind.
func (s *stage) create(ctx context.Context, name string) (drop func() error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	quoted := pgx.Identifier{name}.Sanitize()
	err = s.asAdmin(context.WithoutCancel(ctx), "CREATE DATABASE "+quoted+" TEMPLATE template0 ENCODING 'UTF8'")
	if err != nil {
		return nil, fmt.Errorf("create a database for the demonstration: %w", err)
	}
	return func() error {
		if err := s.asAdmin(context.WithoutCancel(ctx), "DROP DATABASE "+quoted+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop database %s: %w", name, err)
		}
		return nil
	}, nil
}

// asAdmin runs a statement in the server's maintenance database, for 20 s at
// most.
func (s *stage) asAdmin(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.opts.Server.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// onDatabase returns dsn, a URL or keyword=value pairs, with another database,
// whose name needs no quotes, and the server's address. Its errors do not show
// dsn, in which there may be a password.
func onDatabase(dsn, database string) (changed, address string, err error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		u, err := url.Parse(dsn)
		if err != nil {
			return "", "", errors.New("the server's DSN is not a URL like postgres://user@host:5432/postgres")
		}
		query := u.Query()
		query.Del("dbname") // either would win over the path
		query.Del("database")
		u.Path, u.RawPath, u.RawQuery = "/"+database, "", query.Encode()
		dsn = u.String()
	} else {
		dsn += " dbname=" + database // the last one wins
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil || cfg.Database != database {
		return "", "", errors.New("the server's DSN cannot be pointed at another database")
	}
	return dsn, net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), nil
}

func loadData(ctx context.Context, s *stage) (string, error) {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, start := s.opts.Size.Rows(), time.Now()
	moved := s.progress("rows", rows)
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, s.opts.Size, moved) })
	if err != nil {
		return "", err
	}
	var sales int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM sales").Scan(&sales); err != nil {
		return "", err
	}
	if sales != s.opts.Size.Sales {
		return "", fmt.Errorf("%d sales were loaded, want %d", sales, s.opts.Size.Sales)
	}
	rate := float64(rows) / time.Since(start).Seconds()
	return fmt.Sprintf("%d rows, %d of them sales, in one transaction, %.0f rows/s", rows, sales, rate), nil
}

// poolSize is kept small on purpose: the parts have more callers than that.
const poolSize = 10

func connect(ctx context.Context, s *stage) (string, error) {
	// Of the statements that parts write on the spot nothing is known, as its log would say.
	results, err := cache.New(cache.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	s.results = results
	d, err := db.Open(ctx, db.Config{
		DSN: s.dsn, Name: "demo", MaxConns: poolSize, MinConns: 2, Statements: queries.Statements, Invalidator: results,
		HealthInterval: 500 * time.Millisecond, OnHealthChange: s.heard,
	})
	if err != nil {
		return "", err
	}
	s.db = d
	s.repo, err = repo.New(d, repo.Config{Txn: txn.Config{Observer: s.retries}})
	if err != nil {
		return "", err
	}
	s.cached, err = repo.New(d, repo.Config{Cache: results})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("PostgreSQL %s, at most %d connections", s.opts.Server.Version(), poolSize), nil
}
