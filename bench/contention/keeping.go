package contention

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/txn"
)

// keeping is sqlkeel, as it is configured by default. The workers share a
// Runner, as the callers of a service do.
func keeping(pool *pgxpool.Pool, options pgx.TxOptions) (func(context.Context) work, error) {
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		return nil, err
	}
	op := txn.Op{Name: "transfer", Iso: options.IsoLevel}
	return func(ctx context.Context) work {
		var p pair
		var attempts int
		transfer := func(ctx context.Context, tx *txn.Tx) (struct{}, error) {
			attempts = tx.Attempt()
			return struct{}{}, p.transfer(ctx, tx)
		}
		return func(next pair) (int, error) {
			p, attempts = next, 1
			_, err := txn.Do(ctx, runner, op, transfer)
			var exhausted *txn.ExhaustedError
			if errors.As(err, &exhausted) && exhausted.Interrupted == nil {
				err = fmt.Errorf("%w: %w", errGaveUp, err)
			}
			return attempts, err
		}
	}, nil
}
