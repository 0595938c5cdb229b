package repo

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/txn"
)

// Transfer is money that was moved.
type Transfer struct {
	ID               int64 // of the history row
	FromBalanceCents int64 // after the transfer
	ToBalanceCents   int64
}

// Transfer moves money from one account to another and writes the history row, in one
// SERIALIZABLE transaction. It is retried when it collides with another. Errors:
// [*InvalidError], [*UnknownAccountError], [*InsufficientFundsError], and those of
// [txn.Do]; after any of them but [*txn.CommitUnknownError] nothing has moved. Three
// round trips.
func (r *Repo) Transfer(ctx context.Context, from, to, amountCents int64) (Transfer, error) {
	var c checks
	c.that(amountCents > 0, "amount", "must be above 0 cents, is %d", amountCents)
	c.that(from != to, "to", "must be another account than from")
	if err := c.err(); err != nil {
		return Transfer{}, fmt.Errorf("transfer: %w", err)
	}
	op := txn.Op{Name: "transfer", Iso: pgx.Serializable}
	t, err := txn.Do(ctx, r.txn, op, func(ctx context.Context, tx *txn.Tx) (Transfer, error) {
		return move(ctx, queries.New(tx), from, to, amountCents)
	})
	return t, wrap("transfer", err)
}

func move(ctx context.Context, q *queries.Queries, from, to, amountCents int64) (Transfer, error) {
	moved, err := q.MoveMoney(ctx, from, to, amountCents)
	if pgerr.Is(err, queries.AccountsBalanceNotNegative) {
		return Transfer{}, &InsufficientFundsError{Account: from, AmountCents: amountCents}
	}
	if err != nil {
		return Transfer{}, err
	}
	var t Transfer
	for _, account := range []struct {
		id      int64
		balance *int64
	}{{from, &t.FromBalanceCents}, {to, &t.ToBalanceCents}} {
		i := slices.IndexFunc(moved, func(m queries.MoveMoneyRow) bool { return m.ID == account.id })
		if i < 0 {
			return Transfer{}, &UnknownAccountError{ID: account.id}
		}
		*account.balance, t.ID = moved[i].BalanceCents, moved[i].TransferID
	}
	return t, nil
}

// Account is an account and what it holds.
type Account = queries.GetAccountRow

// Account returns one account, or [ErrNotFound].
func (r *Repo) Account(ctx context.Context, id int64) (Account, error) {
	a, err := r.q.GetAccount(ctx, id)
	return a, one("account", id, err)
}

// TotalBalance returns the sum over all accounts, in cents.
func (r *Repo) TotalBalance(ctx context.Context) (int64, error) {
	total, err := r.q.TotalBalance(ctx)
	return total, wrap("total balance", err)
}

// CountTransfers returns how many transfers the history holds.
func (r *Repo) CountTransfers(ctx context.Context) (int64, error) {
	n, err := r.q.CountTransfers(ctx)
	return n, wrap("count transfers", err)
}
