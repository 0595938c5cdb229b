package migrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/dsn"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// ConnectError is returned when the database cannot be reached with the given
// DSN. Its text says what to do and never holds the password.
type ConnectError struct {
	message string
	err     error
}

// Error is one line.
func (e *ConnectError) Error() string { return e.message }

// Unwrap returns the driver's error; it is nil for a DSN that cannot be parsed,
// because the driver's error would carry the DSN.
func (e *ConnectError) Unwrap() error { return e.err }

// parseDSN reads the DSN. Its errors never repeat a part of it.
func parseDSN(text string) (*pgx.ConnConfig, error) {
	config, err := dsn.Parse(text)
	if err != nil {
		return nil, &ConnectError{message: "the database URL " + err.Error()}
	}
	return config, nil
}

// connectError says what err means for someone who wants to migrate.
func connectError(ctx context.Context, config *pgx.ConnConfig, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", ctx.Err())
	}
	server := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if strings.HasPrefix(config.Host, "/") {
		server = config.Host
	}
	var dns *net.DNSError
	var pg *pgconn.PgError
	message := fmt.Sprintf("cannot connect to PostgreSQL at %s: %v", server, err)
	switch {
	case errors.As(err, &pg):
		message = refusal(config, server, pg)
	case errors.As(err, &dns):
		message = fmt.Sprintf("the host name %q cannot be resolved: correct it in the database URL", config.Host)
	case errors.Is(err, syscall.ECONNREFUSED):
		message = fmt.Sprintf("nothing listens at %s: start PostgreSQL there, or correct host and port in the database URL", server)
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		message = fmt.Sprintf("no answer from %s in time: check host, port and firewall, or raise connect_timeout in the database URL", server)
	}
	return &ConnectError{message: message, err: err}
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

func refusal(config *pgx.ConnConfig, server string, pg *pgconn.PgError) string {
	answer := fmt.Sprintf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	switch {
	case pgerr.Advice(pg) != "":
		return fmt.Sprintf("%s refused the connection: %s: %s", server, answer, pgerr.Advice(pg))
	case pg.Code == "3D000":
		return fmt.Sprintf("database %q does not exist at %s: create it, or correct its name in the database URL: %s",
			config.Database, server, answer)
	case strings.HasPrefix(pg.Code, "28"):
		return fmt.Sprintf("%s refused user %q: check user and password in the database URL: %s", server, config.User, answer)
	case pgerr.KindOf(pg) == pgerr.Full:
		return fmt.Sprintf("%s has no connection left: end idle sessions or raise max_connections: %s", server, answer)
	}
	return fmt.Sprintf("%s refused the connection: %s", server, answer)
}
