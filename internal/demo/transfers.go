package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// retryCounter counts the retries that the transaction runner logs.
type retryCounter struct {
	slog.Handler
	retries atomic.Int64
}

func (c *retryCounter) logger() *slog.Logger { return slog.New(c) }

// Enabled lets every record through.
func (c *retryCounter) Enabled(context.Context, slog.Level) bool { return true }

// Handle counts a record: the runner writes one for each retry and nothing
// else.
func (c *retryCounter) Handle(context.Context, slog.Record) error {
	c.retries.Add(1)
	return nil
}

// WithAttrs returns c: the attributes are not counted.
func (c *retryCounter) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup returns c.
func (c *retryCounter) WithGroup(string) slog.Handler { return c }

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
