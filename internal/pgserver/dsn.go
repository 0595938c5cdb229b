package pgserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// connectTimeout bounds one attempt to reach a server.
const connectTimeout = 10 * time.Second

// useDSN takes the server that the environment names.
func useDSN(ctx context.Context, cfg Config) (*Server, error) {
	name, dsn := lookup(cfg)
	if dsn == "" {
		return nil, fmt.Errorf("%s not set", strings.Join(cfg.DSNVars, ", "))
	}
	version, err := ping(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("%s is set but unusable, and no other server is tried until it is unset: %w", name, err)
	}
	return &Server{provider: DSN, version: version, dsn: dsn}, nil
}

func wasSet(cfg Config) bool {
	_, dsn := lookup(cfg)
	return dsn != ""
}

func lookup(cfg Config) (name, dsn string) {
	for _, name := range cfg.DSNVars {
		if dsn := cfg.Getenv(name); dsn != "" {
			return name, dsn
		}
	}
	return "", ""
}

// ping connects once and returns the server's version.
func ping(ctx context.Context, dsn string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
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
