package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/txn"
)

// keeping is sqlkeel, as it is configured by default. The workers share a Runner, as
// the callers of a service do.
func keeping(pool *pgxpool.Pool, _ string) (doer, error) {
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, j job) (int, error) {
		attempts := 1
		err := txn.Run(ctx, runner, txn.Op{Name: j.op, Iso: pgx.Serializable}, func(ctx context.Context, tx *txn.Tx) error {
			attempts = tx.Attempt()
			return j.run(ctx, access{tx: tx})
		})
		var exhausted *txn.ExhaustedError
		if errors.As(err, &exhausted) && exhausted.Interrupted == nil {
			err = fmt.Errorf("%w: %w", errGaveUp, err)
		}
		return attempts, err
	}, nil
}

var errGaveUp = errors.New("the job was given up")

// retrying is the loop that one writes around pgx: it retries after a conflict, as
// often as it takes, after the wait that delay returns for retry n (from 0).
func retrying(level pgx.TxIsoLevel, delay func(n int) time.Duration) func(*pgxpool.Pool, string) (doer, error) {
	return func(pool *pgxpool.Pool, lock string) (doer, error) {
		return func(ctx context.Context, j job) (int, error) {
			for attempts := 1; ; attempts++ {
				err := pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: level}, func(tx pgx.Tx) error {
					return j.run(ctx, access{tx: tx, lock: lock})
				})
				if !isConflict(err) {
					return attempts, err
				}
				if err := sleep(ctx, delay(attempts-1)); err != nil {
					return attempts, err
				}
			}
		}, nil
	}
}

// limited is the loop that retries at once, in which so many jobs of one key run at a
// time. A job waits for its turn once: blocked senders of a channel are in order.
func limited(limit int) func(*pgxpool.Pool, string) (doer, error) {
	return func(pool *pgxpool.Pool, lock string) (doer, error) {
		do, err := retrying(pgx.Serializable, atOnce)(pool, lock)
		var turns sync.Map // by key, a chan struct{}
		return func(ctx context.Context, j job) (int, error) {
			if j.key == "" {
				return do(ctx, j)
			}
			turn, ok := turns.Load(j.key)
			if !ok {
				turn, _ = turns.LoadOrStore(j.key, make(chan struct{}, limit))
			}
			select {
			case turn.(chan struct{}) <- struct{}{}:
			case <-ctx.Done():
				return 1, ctx.Err()
			}
			defer func() { <-turn.(chan struct{}) }()
			return do(ctx, j)
		}, err
	}
}

func isConflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// atOnce is no wait.
func atOnce(int) time.Duration { return 0 }

// fullJitter is a wait between zero and a ceiling of 5 ms that doubles up to
// 200 ms.
func fullJitter(n int) time.Duration {
	const first, most = 5 * time.Millisecond, 200 * time.Millisecond
	return rand.N(min(first<<min(n, 10), most) + 1)
}
