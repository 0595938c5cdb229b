package contention

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// retrying is the loop that one writes around pgx: again after a conflict, as
// often as it takes, after the wait that delay returns for retry n (from 0).
func retrying(delay func(n int) time.Duration) method {
	return func(pool *pgxpool.Pool, options pgx.TxOptions) (func(context.Context) work, error) {
		return func(ctx context.Context) work {
			var p pair
			transfer := func(tx pgx.Tx) error { return p.transfer(ctx, tx) }
			return func(next pair) (int, error) {
				p = next
				for attempts := 1; ; attempts++ {
					err := pgx.BeginTxFunc(ctx, pool, options, transfer)
					if !isConflict(err) {
						return attempts, err
					}
					if err := sleep(ctx, delay(attempts-1)); err != nil {
						return attempts, err
					}
				}
			}
		}, nil
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
	return between(0, doubled(5*time.Millisecond, n, 200*time.Millisecond))
}

// longExponential is a wait of 25 to 75 ms that doubles each time, at most 1 s.
func longExponential(n int) time.Duration {
	return doubled(between(25*time.Millisecond, 75*time.Millisecond), n, time.Second)
}

func between(low, high time.Duration) time.Duration {
	return low + rand.N(high-low+1)
}

// doubled returns d, doubled n times, but at most limit.
func doubled(d time.Duration, n int, limit time.Duration) time.Duration {
	for range n {
		if d >= limit {
			break
		}
		d *= 2
	}
	return min(d, limit)
}
