package repo_test

import (
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/repo"
)

func TestTransferMovesMoneyAndWritesHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got, err := b.Transfer(t.Context(), 1, 2, 250)
	if err != nil {
		t.Fatal(err)
	}
	if got.FromBalanceCents != seed.Balance-250 || got.ToBalanceCents != seed.Balance+250 {
		t.Errorf("balances %+v", got)
	}
	if n := b.scalar(t, "SELECT count(*) FROM transfers WHERE id = $1 AND from_account = 1 AND to_account = 2 AND amount_cents = 250", got.ID); n != 1 {
		t.Errorf("%d history rows", n)
	}
	back, err := b.Transfer(t.Context(), 2, 1, 250)
	if err != nil || back.FromBalanceCents != seed.Balance || back.ToBalanceCents != seed.Balance {
		t.Errorf("the way back: %+v, %v", back, err)
	}
}

func TestARefusedTransferChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.Transfer(t.Context(), 3, 4, seed.Balance+1)
	var funds *repo.InsufficientFundsError
	if !errors.As(err, &funds) || *funds != (repo.InsufficientFundsError{Account: 3, AmountCents: seed.Balance + 1}) {
		t.Errorf("overdraft: %v", err)
	}
	for from, to := range map[int64]int64{1: 999, 998: 1, -1: 2} {
		_, err := b.Transfer(t.Context(), from, to, 1)
		var unknown *repo.UnknownAccountError
		if want := max(from, to); from > 0 && (!errors.As(err, &unknown) || unknown.ID != want) {
			t.Errorf("from %d to %d: %v, want unknown account %d", from, to, err, want)
		}
		if !errors.Is(err, repo.ErrNotFound) {
			t.Errorf("from %d to %d: %v is no ErrNotFound", from, to, err)
		}
	}
	for _, amount := range []int64{0, -5, math.MinInt64} {
		_, err := b.Transfer(t.Context(), 1, 2, amount)
		refused(t, err, "amount")
	}
	_, err = b.Transfer(t.Context(), 1, 1, 5)
	refused(t, err, "to")
	if n := b.scalar(t, "SELECT count(*) FROM transfers"); n != 0 {
		t.Errorf("%d history rows", n)
	}
	if n := b.scalar(t, "SELECT count(*) FROM accounts WHERE balance_cents <> $1", seed.Balance); n != 0 {
		t.Errorf("%d balances changed", n)
	}
}

func TestAnAmountTooLargeForTheReceiverMovesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.db.Exec(t.Context(), "UPDATE accounts SET balance_cents = $1 WHERE id IN (1, 2)", int64(math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Transfer(t.Context(), 1, 2, 1); err == nil {
		t.Error("a balance above the largest bigint was accepted")
	}
	if n := b.scalar(t, "SELECT count(*) FROM accounts WHERE balance_cents = $1", int64(math.MaxInt64)); n != 2 {
		t.Errorf("%d balances are as they were, want 2", n)
	}
}

func TestMoneyIsConservedUnder32ConcurrentWorkers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const workers, each, accounts = 32, 15, 10
	before, err := b.TotalBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	moved := 0
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				from := int64((w+i)%accounts + 1)
				to := int64((w*7+i*3)%accounts + 1)
				if from == to {
					to = to%accounts + 1
				}
				if _, err := b.Transfer(t.Context(), from, to, 10); err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
				mu.Lock()
				moved++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	after, err := b.TotalBalance(t.Context())
	if err != nil || after != before {
		t.Errorf("the sum was %d and is %d (error %v)", before, after, err)
	}
	if n, err := b.CountTransfers(t.Context()); err != nil || n != int64(moved) || moved != workers*each {
		t.Errorf("%d history rows of %d transfers (error %v), want %d", n, moved, err, workers*each)
	}
	// The history alone explains every balance.
	if n := b.scalar(t, `SELECT count(*) FROM accounts a WHERE a.balance_cents <> $1
		- (SELECT coalesce(sum(amount_cents), 0) FROM transfers WHERE from_account = a.id)
		+ (SELECT coalesce(sum(amount_cents), 0) FROM transfers WHERE to_account = a.id)`, seed.Balance); n != 0 {
		t.Errorf("%d balances differ from their history", n)
	}
}

func TestAccountThatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if a, err := b.Account(t.Context(), 1); err != nil || a.BalanceCents != seed.Balance {
		t.Errorf("account 1: %+v, %v", a, err)
	}
	if _, err := b.Account(t.Context(), 12345); !errors.Is(err, repo.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
