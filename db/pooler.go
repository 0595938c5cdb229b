package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Pooler is what stands between a DB and its server.
type Pooler string

const (
	// Auto asks the server, whenever the monitor has connected: a session whose
	// process is not the one that the connection was announced with is a pooler's.
	// It is then taken for [Transaction], because nothing tells it from [Session].
	Auto Pooler = "auto"
	// None is no pooler. What needs a session is not refused; where there is a
	// pooler all the same, it goes wrong unnoticed.
	None Pooler = "none"
	// Session is a pooler that gives each client a session of its own, for as long
	// as the client is connected (PgBouncer's pool_mode session).
	Session Pooler = "session"
	// Transaction is a pooler that gives sessions out for a transaction or a
	// statement. Nothing can be kept in them.
	Transaction Pooler = "transaction"
)

// pooler is what stands between: as configured, else as last seen.
func (d *DB) pooler() Pooler { return *d.between.Load() }

// needSession returns a *pgerr.PoolerError when use cannot have a session to itself.
func (d *DB) needSession(use string) error {
	if d.pooler() != Transaction {
		return nil
	}
	remedy := "connect to the server itself"
	if d.cfg.Pooler == Auto {
		remedy += "; if the pooler is in session mode, set Config.Pooler to db.Session"
	}
	return &pgerr.PoolerError{Use: use, Target: fmt.Sprintf("db: %q", d.cfg.Name), Remedy: remedy}
}

// refuse returns a *pgerr.PoolerError for what certainly leaves something in its session.
func (d *DB) refuse(use string) error {
	if use == "" {
		return nil
	}
	err := d.needSession(use)
	var pooler *pgerr.PoolerError
	if use != "LISTEN" && errors.As(err, &pooler) {
		pooler.Remedy += "; or use what ends with the transaction, such as SET LOCAL or pg_advisory_xact_lock"
	}
	return err
}

// meet finds the pooler in front of the server of a new connection. At the first one it
// also finds which functions leave no session state.
func (d *DB) meet(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.ConnectTimeout) // it is a part of connecting
	defer cancel()
	pid, err := d.introduce(ctx, conn)
	if err != nil || d.cfg.Pooler != Auto {
		return err
	}
	found := None
	if pid != conn.PgConn().PID() {
		found = Transaction
	}
	if was := *d.between.Swap(&found); was != found && (was != Auto || found != None) {
		d.events.pooler(found)
	}
	return nil
}

// introduce asks the server for its process, and once for its harmless functions too.
func (d *DB) introduce(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	if d.harmless.Load() != nil {
		err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
		return pid, err
	}
	var words []string
	err = conn.QueryRow(ctx, harmlessQuery, pgx.QueryExecModeSimpleProtocol).Scan(&pid, &words)
	if err != nil {
		return 0, err
	}
	harmless := make(map[string]bool, len(words))
	for _, word := range words {
		harmless[word] = true
	}
	d.harmless.Store(&harmless)
	return pid, nil
}

// sharedMode is how statements are sent where sessions are shared and no mode was
// chosen: nothing stays prepared, and arguments and results have the types that they
// have otherwise.
func (d *DB) sharedMode(config *pgx.ConnConfig) {
	if d.cfg.ExecMode != 0 || d.pooler() != Transaction {
		return
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if config.DescriptionCacheCapacity == 0 {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
}
