package pgtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// settleTime is how long a session may take to end after its connection was
// closed: the server notices on its own time, and machines are busy. Only a leak
// takes it all.
const settleTime = 5 * time.Second

// closePool closes the pool, unless a connection is out: Close would wait for it
// for ever.
func (db *DB) closePool(pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(context.Background(), db.settle)
	defer cancel()
	// A broken connection is given back by a goroutine of the pool.
	if err := until(ctx, func() (bool, error) { return pool.Stat().AcquiredConns() == 0, nil }); err != nil {
		db.t.Errorf("pgtest: %d connections of the pool were not released at the end of the test", pool.Stat().AcquiredConns())
		go pool.Close()
		return
	}
	pool.Close()
}

// finish is the end of the database's test.
func (db *DB) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	admin, err := shared.connect(ctx, db.admin)
	if err != nil {
		db.t.Errorf("pgtest: drop database %s: %v", db.name, err)
		return
	}
	defer func() { shared.release(ctx, admin, err) }()
	if err = db.checkSessions(ctx, admin); err != nil {
		db.t.Errorf("pgtest: %v", err)
	}
	if db.t.Failed() {
		db.t.Logf("pgtest: the test failed, its database stays: %s%s", db.dsn, db.lifetime())
		return
	}
	if _, err = admin.Exec(ctx, "DROP DATABASE "+quote(db.name)+" WITH (FORCE)"); err != nil {
		db.t.Errorf("pgtest: drop database %s: %v", db.name, err)
	}
}

func (db *DB) lifetime() string {
	if db.owned {
		return " (until this process ends: to look at it later set TEST_DATABASE_URL to a server of yours)"
	}
	return ""
}

// checkSessions returns an error that lists the sessions left in the database.
func (db *DB) checkSessions(ctx context.Context, admin *pgx.Conn) error {
	settled, cancel := context.WithTimeout(ctx, db.settle)
	defer cancel()
	var left []string
	err := until(settled, func() (_ bool, err error) {
		left, err = sessions(ctx, admin, db.name)
		return len(left) == 0, err
	})
	if len(left) > 0 {
		return fmt.Errorf("%d sessions left at the end of the test:\n%s", len(left), strings.Join(left, "\n"))
	}
	return err
}

func sessions(ctx context.Context, admin *pgx.Conn, database string) ([]string, error) {
	rows, err := admin.Query(ctx, `
		SELECT format('  pid %s, %s: %s', pid, coalesce(state, 'starting'), left(query, 200))
		FROM pg_stat_activity
		WHERE datname = $1 AND backend_type = 'client backend'
		ORDER BY pid`, database)
	if err != nil {
		return nil, fmt.Errorf("look for sessions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// until asks again and again, and returns ctx's error if the answer stays no.
func until(ctx context.Context, yes func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := yes(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
