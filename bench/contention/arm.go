package contention

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// arm is one of the things compared.
type arm struct {
	name    string
	role    role
	lock    string // what it appends to reads of rows that it will write
	prepare func(pool *pgxpool.Pool, lock string) (doer, error)
}

// role is what an arm is in the comparison.
type role int

const (
	rival role = iota
	ours       // what is compared with the others
	again      // the same a second time: the noise
	few        // the rival whose retries are the most that ours may have
)

// doer runs one job until it is committed, and returns how many attempts that took. A
// job that was given up has the error errGaveUp. Many workers use it at the same time.
type doer func(context.Context, job) (attempts int, err error)

// arms are all of them, in the order of the report.
func arms() []arm {
	return []arm{
		{name: "sqlkeel", role: ours, prepare: keeping},
		{name: "sqlkeel again", role: again, prepare: keeping},
		{name: "limit of 2", prepare: limited(2)},
		{name: "limit of 4", role: few, prepare: limited(4)},
		{name: "full jitter", prepare: retrying(pgx.Serializable, fullJitter)},
		{name: "FOR UPDATE", lock: " FOR UPDATE", prepare: retrying(pgx.ReadCommitted, atOnce)},
	}
}

// openPool returns a pool all of whose connections are open and have prepared the
// statements.
func openPool(ctx context.Context, dsn string, size int, texts []string, changes ...func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(size)
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		for _, text := range texts {
			if _, err := conn.Prepare(ctx, text, text); err != nil {
				return err
			}
		}
		return nil
	}
	for _, change := range changes {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := openAll(ctx, pool, size); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open %d connections: %w", size, err)
	}
	return pool, nil
}

func openAll(ctx context.Context, pool *pgxpool.Pool, size int) error {
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
	}
	return nil
}
