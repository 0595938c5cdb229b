// Package database makes a database for one run of a benchmark.
package database

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Make makes an empty database on the server that the URL names. It returns the
// database's URL and what drops it.
func Make(ctx context.Context, server string) (dsn string, drop func(context.Context) error, err error) {
	u, err := url.Parse(server)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return "", nil, errors.New("the server must be given as a URL: postgres://user@host:port/database")
	}
	name := "bench_" + strings.ToLower(rand.Text())
	if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database: %w", err)
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error {
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop the database %s: %w", name, err)
		}
		return nil
	}, nil
}

func execute(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// Through returns the URL that leads to the same database by way of a relay, which
// listens on TCP at via, and the network and address of the server for it to dial.
// It fails when the URL insists on TLS: a relay could not tell messages apart.
func Through(dsn, via string) (through, network, addr string, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", "", "", err
	}
	if cfg.TLSConfig != nil && len(cfg.Fallbacks) == 0 {
		return "", "", "", errors.New("the server insists on TLS, and what is sent cannot be relayed")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", "", "", err
	}
	query := u.Query()
	query.Del("host") // of a socket
	query.Del("port")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = via, query.Encode()
	if u.User == nil {
		u.User = url.User(cfg.User)
	}
	network, addr = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	return u.String(), network, addr, nil
}
