package demo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/sqlkeel/sqlkeel/txn"
)

// retryCounter counts the attempts that the transaction runner repeats.
type retryCounter struct{ retries atomic.Int64 }

// TransactionStart implements [txn.Observer].
func (*retryCounter) TransactionStart(ctx context.Context, _ txn.Op) context.Context { return ctx }

// AttemptStart counts an attempt that is not the first.
func (c *retryCounter) AttemptStart(ctx context.Context, _ txn.Op, attempt int) context.Context {
	if attempt > 1 {
		c.retries.Add(1)
	}
	return ctx
}

// AttemptEnd implements [txn.Observer].
func (*retryCounter) AttemptEnd(context.Context, txn.Op, txn.AttemptEnd) {}

// TransactionEnd implements [txn.Observer].
func (*retryCounter) TransactionEnd(context.Context, txn.Op, txn.TransactionEnd) {}

// transfers lets many workers move money between few accounts. Each account is
// asked for far less than it has.
func transfers(ctx context.Context, s *stage) (string, error) {
	const workers, accounts, each = 32, 10, 25
	before, err := s.repo.TotalBalance(ctx)
	if err != nil {
		return "", err
	}
	recorded, err := s.recordedTransfers(ctx)
	if err != nil {
		return "", err
	}
	retries := s.retries.retries.Load()
	f := load(ctx, workers, each, func(ctx context.Context, caller, i int) error {
		from, to := int64((caller+i)%accounts+1), int64((caller*7+i*3+1)%accounts+1)
		if from == to {
			to = to%accounts + 1
		}
		_, err := s.repo.Transfer(ctx, from, to, 100)
		return err
	})
	retries = s.retries.retries.Load() - retries
	s.table([][]string{figuresHeading("TRANSFERS"), f.row(fmt.Sprintf("between %d accounts", accounts))})
	after, err := s.repo.TotalBalance(ctx)
	if err != nil {
		return "", err
	}
	history, err := s.recordedTransfers(ctx)
	if err != nil {
		return "", err
	}
	s.line("%d attempts collided and were run again; the sum was %s and is %s", retries, cents(before), cents(after))
	switch {
	case f.failed > 0:
		return "", fmt.Errorf("%d transfers failed: %w", f.failed, f.firstErr)
	case before != after:
		return "", fmt.Errorf("the sum was %s and is %s", cents(before), cents(after))
	case history-recorded != f.ok:
		return "", fmt.Errorf("the history grew by %d transfers, %d were reported", history-recorded, f.ok)
	case retries == 0:
		return "", errors.New("no attempt collided, so nothing was shown")
	}
	return fmt.Sprintf("%d transfers, %d retries, sum conserved at %s", f.ok, retries, cents(after)), nil
}

// recordedTransfers returns how many transfers the history has.
func (s *stage) recordedTransfers(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, "SELECT count(*) FROM transfers").Scan(&n)
	return n, err
}
