package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Pooler is what stands between a DB and its server.
type Pooler uint8

const (
	// Auto asks the server, whenever the monitor has connected: a session whose
	// process is not the one that the connection was announced with is a pooler's.
	// It is then taken for [Transaction], because nothing tells it from [Session].
	Auto Pooler = iota
	// None is no pooler. What needs a session is not refused; where there is a
	// pooler all the same, it goes wrong unnoticed.
	None
	// Session is a pooler that gives each client a session of its own, for as long
	// as the client is connected (PgBouncer's pool_mode session).
	Session
	// Transaction is a pooler that gives sessions out for a transaction or a
	// statement. Nothing can be kept in them.
	Transaction
)

var poolerNames = [...]string{Auto: "auto", None: "none", Session: "session", Transaction: "transaction"}

// String returns the word.
func (p Pooler) String() string {
	if int(p) < len(poolerNames) {
		return poolerNames[p]
	}
	return fmt.Sprintf("Pooler(%d)", uint8(p))
}

// MarshalText returns the word.
func (p Pooler) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the word. It returns an error for any other.
func (p *Pooler) UnmarshalText(text []byte) error {
	for i, name := range poolerNames {
		if name == string(text) {
			*p = Pooler(i)
			return nil
		}
	}
	return fmt.Errorf("db: unknown pooler %q", text)
}

// PoolerError is returned for what needs a session of the server to itself, on a DB
// behind a pooler that shares sessions: [DB.WithConn] and LISTEN. Nothing was sent.
type PoolerError = pgerr.PoolerError

// pooler is what stands between: as configured, else as last seen.
func (d *DB) pooler() Pooler { return Pooler(d.between.Load()) }

// needSession returns a *PoolerError when use cannot have a session to itself.
func (d *DB) needSession(use string) error {
	if d.pooler() != Transaction {
		return nil
	}
	remedy := "connect to the server itself"
	if d.cfg.Pooler == Auto {
		remedy += "; if the pooler is in session mode, set Config.Pooler to db.Session"
	}
	return &PoolerError{Use: use, Target: fmt.Sprintf("db: %q", d.cfg.Name), Remedy: remedy}
}

// refuse returns a *PoolerError for what certainly leaves something in its session.
func (d *DB) refuse(use string) error {
	if use == "" {
		return nil
	}
	err := d.needSession(use)
	var pooler *PoolerError
	if use != "LISTEN" && errors.As(err, &pooler) {
		pooler.Remedy += "; or use what ends with the transaction, such as SET LOCAL or pg_advisory_xact_lock"
	}
	return err
}

// meet finds out what stands between the DB and the server of a new connection, and
// at the first one what can be called there without a trace.
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
	if was := Pooler(d.between.Swap(uint32(found))); was != found && (was != Auto || found != None) {
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
