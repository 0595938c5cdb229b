package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// Config says which files to apply to which database.
type Config struct {
	// DSN is the database's URL or keyword/value string. Required.
	DSN string
	// FS holds the .sql files in its root directory. Required.
	FS fs.FS
	// Dir is the name of that directory in results and errors. Default
	// "migrations".
	Dir string
	// Table is goose's version table, with its schema when that is not the first of
	// the search path: a name in lower case, or two with a point between. Default
	// goose_db_version.
	Table string
	// LockTimeout bounds the wait for another run's lock; the lock is tried at
	// least once. Default 60 s.
	LockTimeout time.Duration
}

// Migrator applies and rolls back migrations. It holds no connection between
// calls and is safe for concurrent use.
type Migrator struct {
	cfg  Config
	conn *pgx.ConnConfig
	tune tuning
}

// tuning is what no caller needs to set. The tests shorten the times and watch
// the statements.
type tuning struct {
	poll             time.Duration  // between two tries of the run lock
	lockTimeout      time.Duration  // the server's lock_timeout in a migration
	statementTimeout time.Duration  // the server's statement_timeout in a migration
	grace            time.Duration  // for commit and rollback after the caller left
	attempts         int            // of one migration, the first included
	retry            backoff.Policy // between these

	onStatement func(sql string) // called before each statement is sent
}

// tableName is what goose can use without quotes for a name.
var tableName = regexp.MustCompile(`^([a-z_][a-z0-9_$]*\.)?[a-z_][a-z0-9_$]*$`)

// New checks cfg and returns a Migrator. It does not connect. A DSN that cannot
// be parsed is a [*ConnectError]; other errors name the field.
func New(cfg Config) (*Migrator, error) {
	if cfg.FS == nil {
		return nil, errors.New("migrate: Config.FS is nil")
	}
	if cfg.LockTimeout < 0 {
		return nil, fmt.Errorf("migrate: Config.LockTimeout is %s; it must not be negative", cfg.LockTimeout)
	}
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = 60 * time.Second
	}
	if cfg.Dir == "" {
		cfg.Dir = "migrations"
	}
	if cfg.Table == "" {
		cfg.Table = goose.DefaultTablename
	}
	if !tableName.MatchString(cfg.Table) {
		return nil, fmt.Errorf("migrate: Config.Table is %q; it must be a name in lower case, as in goose_db_version or app.goose_db_version", cfg.Table)
	}
	conn, err := parseDSN(cfg.DSN)
	if err != nil {
		return nil, err
	}
	return &Migrator{cfg: cfg, conn: conn, tune: tuning{
		poll:             time.Second,
		lockTimeout:      3 * time.Second,
		statementTimeout: time.Hour,
		grace:            30 * time.Second,
		attempts:         5,
		retry:            backoff.Policy{Base: 500 * time.Millisecond, Max: 5 * time.Second},
	}}, nil
}
