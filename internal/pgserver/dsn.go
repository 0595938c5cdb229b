package pgserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/dsn"
)

// connectTimeout bounds one attempt to reach a server.
const connectTimeout = 10 * time.Second

// useDSN takes the server that the environment names.
func useDSN(ctx context.Context, cfg Config) (*Server, error) {
	name, url := lookup(cfg)
	if url == "" {
		return nil, fmt.Errorf("%s not set", strings.Join(cfg.DSNVars, ", "))
	}
	if _, err := dsn.Parse(url); err != nil {
		return nil, fmt.Errorf("%s is set but unusable, and no other server is tried until it is unset: it %w", name, err)
	}
	version, err := Ping(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("%s is set but unusable, and no other server is tried until it is unset: %w", name, err)
	}
	return &Server{provider: DSN, version: version, dsn: url}, nil
}

func wasSet(cfg Config) bool {
	_, url := lookup(cfg)
	return url != ""
}

func lookup(cfg Config) (name, url string) {
	for _, name := range cfg.DSNVars {
		if url := cfg.Getenv(name); url != "" {
			return name, url
		}
	}
	return "", ""
}

// Ping connects once and returns the server's version.
func Ping(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
	if version == "" {
		return "", errors.New("what answers does not report a server_version: is it PostgreSQL?")
	}
	return version, nil
}
