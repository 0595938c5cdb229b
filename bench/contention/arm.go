package contention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// arm is one of the things compared.
type arm struct {
	name    string
	role    role
	missing string // why it cannot run, or failed; empty when it did
	run     func(context.Context, round) (*sample, error)
}

// role is what an arm is in the comparison.
type role int

const (
	rival    role = iota // compared, no more
	baseline             // what the others are compared with
	again                // the baseline a second time: the noise
	backoff              // retries after a wait
	server               // pgbench
	ours
)

// round is what an arm is to do: transfers for a while.
type round struct {
	Scenario
	dsn       string
	pool      int
	isolation pgx.TxIsoLevel
	duration  time.Duration
	seed      uint64 // decides the rows; the same for all arms
}

// arms returns those of a run, in the order of the report.
func arms(cfg Config) []arm {
	return []arm{
		pgbenchArm(cfg.Pgbench),
		goArm("plain pgx", baseline, retrying(atOnce)),
		goArm("plain pgx again", again, retrying(atOnce)),
		goArm("full jitter", backoff, retrying(fullJitter)),
		goArm("long exponential", backoff, retrying(longExponential)),
		goArm("sqlkeel", ours, keeping),
	}
}

// work runs one transfer until it is committed, and says how many attempts that
// took. A transfer that was given up has the error errGaveUp.
type work func(pair) (attempts int, err error)

var errGaveUp = errors.New("the transfer was given up")

// method prepares an arm that is written in Go. The function it returns makes
// the work of one worker, once, so that a transfer allocates nothing of ours.
type method func(pool *pgxpool.Pool, options pgx.TxOptions) (func(context.Context) work, error)

func goArm(name string, r role, m method) arm {
	return arm{name: name, role: r, run: func(ctx context.Context, r round) (*sample, error) {
		pool, err := openPool(ctx, r.dsn, r.pool)
		if err != nil {
			return nil, err
		}
		defer pool.Close()
		newWork, err := m(pool, pgx.TxOptions{IsoLevel: r.isolation})
		if err != nil {
			return nil, err
		}
		return drive(ctx, r, newWork)
	}}
}

// openPool returns a pool all of whose connections are open and warm.
func openPool(ctx context.Context, dsn string, size int, changes ...func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(size)
	for _, change := range changes {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := warm(ctx, pool, size); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open %d connections: %w", size, err)
	}
	return pool, nil
}

func warm(ctx context.Context, pool *pgxpool.Pool, size int) error {
	var conns []*pgxpool.Conn
	defer func() {
		for _, conn := range conns {
			conn.Release()
		}
	}()
	for range size {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		conns = append(conns, conn)
		if err := prepare(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

// prepare runs the statements, for a row that is not there, until PostgreSQL
// has decided on a plan: it looks at five before it keeps one.
func prepare(ctx context.Context, conn *pgxpool.Conn) error {
	for range 6 {
		if _, err := conn.Exec(ctx, selectBalance, 0); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, updateBalance, 0, 0); err != nil {
			return err
		}
	}
	return nil
}
