package migrate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// connectTimeout applies when the DSN sets none.
const connectTimeout = 10 * time.Second

// session is the one connection of a run, as the *sql.DB that goose wants.
type session struct {
	db     *sql.DB
	ctx    context.Context // the caller's without its end, see tracer
	tracer *tracer
	tune   tuning
	table  string         // goose's version table
	undone map[int64]bool // versions whose last line there is that of a rollback
}

// open connects and sets the session up. The caller must close it.
func (m *Migrator) open(ctx context.Context) (*session, error) {
	s := &session{ctx: context.WithoutCancel(ctx), tune: m.tune, table: m.cfg.Table}
	s.tracer = &tracer{caller: ctx, grace: m.tune.grace, onStatement: m.tune.onStatement, table: m.cfg.Table}
	config := m.conn.Copy()
	config.Tracer = s.tracer
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "sqlkeel migrate"
	}
	// No prepared statement may outlive a migration that says DISCARD ALL.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &canceler{request: canceling(conn), setDeadline: conn.Conn().SetDeadline, grace: m.tune.grace}
	}
	// database/sql's own pings would heed no one's context.
	never := stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool { return false })
	s.db = sql.OpenDB(&onceConnector{Connector: stdlib.GetConnector(*config, never)})
	s.db.SetMaxOpenConns(1)

	dial, cancel := ctx, context.CancelFunc(func() {})
	if config.ConnectTimeout == 0 {
		dial, cancel = context.WithTimeout(ctx, connectTimeout)
	}
	defer cancel()
	if err := s.db.PingContext(dial); err != nil {
		_ = s.db.Close()
		return nil, connectError(ctx, m.conn, err)
	}
	if err := s.needsItself(); err != nil {
		_ = s.db.Close()
		return nil, err
	}
	if err := s.configure(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// needsItself returns a *pgerr.PoolerError when the server's session is another than
// the connection's: behind a pooler the lock would exclude no other session, and settings would
// be left to other clients.
func (s *session) needsItself() error {
	conn, err := s.db.Conn(s.ctx)
	if err != nil {
		return s.failed("set up the session", err)
	}
	defer func() { _ = conn.Close() }() // gives it back
	var pid, announced uint32
	if err := conn.QueryRowContext(s.ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return s.failed("set up the session", err)
	}
	err = conn.Raw(func(c any) error { announced = c.(*stdlib.Conn).Conn().PgConn().PID(); return nil })
	if err != nil {
		return s.failed("set up the session", err)
	}
	if pid != announced {
		return &pgerr.PoolerError{
			Use: "the migration lock", Target: "migrate",
			Remedy: "give a database URL that leads to the server itself (a direct connection)",
		}
	}
	return nil
}

// configure gives the session the settings every migration starts with,
// whatever the one before it has SET.
func (s *session) configure() error {
	settings := fmt.Sprintf("RESET ALL; SET lock_timeout = %d; SET statement_timeout = %d; SET TimeZone = 'UTC'",
		s.tune.lockTimeout.Milliseconds(), s.tune.statementTimeout.Milliseconds())
	if _, err := s.db.ExecContext(s.ctx, settings); err != nil {
		return s.failed("set up the session", err)
	}
	return nil
}

// close gives the lock back, if it is held, and disconnects. An error does not
// matter: the server releases the lock when the session has gone.
func (s *session) close() {
	_, _ = s.db.ExecContext(s.ctx, unlockSQL)
	_ = s.db.Close()
}

// failed wraps an error of the session's own statements. When the caller has
// gone, that is the reason.
func (s *session) failed(doing string, err error) error {
	if ended := s.tracer.caller.Err(); ended != nil {
		err = ended
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// errSessionLost is returned instead of a second connection.
var errSessionLost = errors.New("the session was lost, and the migration lock with it")

// onceConnector connects once. database/sql would replace a dead connection
// unasked, and go on without the lock.
type onceConnector struct {
	driver.Connector
	used atomic.Bool
}

// Connect implements [driver.Connector].
func (c *onceConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.used.Swap(true) {
		return nil, errSessionLost
	}
	return c.Connector.Connect(ctx)
}

// ident quotes a name for SQL text.
func ident(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ".")
}
