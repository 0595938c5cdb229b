package contention

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The statements of a transfer, between BEGIN and COMMIT: each for the lower id,
// then for the higher. New balances are computed from those that were read, so a
// lost update changes the sum; version counts the updates that were applied.
const (
	selectBalance = `SELECT balance FROM accounts WHERE id = $1`
	updateBalance = `UPDATE accounts SET balance = $1, version = version + 1 WHERE id = $2`
)

// begin is the statement that begins a transfer, as pgx sends it.
func begin(level pgx.TxIsoLevel) string { return "begin isolation level " + string(level) }

// querier is what the transactions of all arms written in Go have in common.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// pair is the two accounts of a transfer, in the order in which they are touched.
type pair struct{ low, high int64 }

// pick draws two different ids of 1 to rows.
func pick(rng *rand.Rand, rows int) pair {
	a, b := rng.Int64N(int64(rows))+1, rng.Int64N(int64(rows)-1)+1
	if b >= a {
		b++
	}
	return pair{low: min(a, b), high: max(a, b)}
}

// transfer moves 1 from the lower account to the higher.
func (p pair) transfer(ctx context.Context, tx querier) error {
	var low, high int64
	if err := tx.QueryRow(ctx, selectBalance, p.low).Scan(&low); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, selectBalance, p.high).Scan(&high); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, updateBalance, low-1, p.low); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, updateBalance, high+1, p.high)
	return err
}

// script is the same transfer for pgbench. When it runs a script again it draws
// the same numbers again.
func script(rows int, level pgx.TxIsoLevel) string {
	read := func(id string) string { return strings.NewReplacer("$1", ":"+id).Replace(selectBalance) }
	write := func(id string) string {
		return strings.NewReplacer("$1", ":"+id+"_balance", "$2", ":"+id).Replace(updateBalance)
	}
	lines := []string{
		fmt.Sprintf(`\set a random(1, %d)`, rows),
		fmt.Sprintf(`\set b random(1, %d)`, rows-1),
		`\set b case when :b >= :a then :b + 1 else :b end`,
		`\set low least(:a, :b)`,
		`\set high greatest(:a, :b)`,
		begin(level) + ";",
		read("low") + ` \gset low_`,
		read("high") + ` \gset high_`,
		`\set low_balance :low_balance - 1`,
		`\set high_balance :high_balance + 1`,
		write("low") + ";",
		write("high") + ";",
		"commit;",
	}
	return strings.Join(lines, "\n") + "\n"
}
