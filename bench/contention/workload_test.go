package contention

import (
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPairsAreInOrderAndAllAreAsLikely(t *testing.T) {
	t.Parallel()
	const rows, draws = 5, 20_000
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[pair]int{}
	for range draws {
		seen[pick(rng, rows)]++
	}
	if len(seen) != rows*(rows-1)/2 {
		t.Errorf("%d different pairs, want %d", len(seen), rows*(rows-1)/2)
	}
	for p, n := range seen {
		if p.low < 1 || p.low >= p.high || p.high > rows {
			t.Errorf("drew %v", p)
		}
		if want := draws / 10; n < want*9/10 || n > want*11/10 {
			t.Errorf("%v was drawn %d times, want about %d", p, n, want)
		}
	}
}

func TestTwoRowsAreEnough(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		if p := pick(rng, 2); p != (pair{1, 2}) {
			t.Fatalf("drew %v", p)
		}
	}
}

func TestTheScriptSaysWhatTheTransferDoes(t *testing.T) {
	t.Parallel()
	const want = `\set a random(1, 10)
\set b random(1, 9)
\set b case when :b >= :a then :b + 1 else :b end
\set low least(:a, :b)
\set high greatest(:a, :b)
begin isolation level repeatable read;
SELECT balance FROM accounts WHERE id = :low \gset low_
SELECT balance FROM accounts WHERE id = :high \gset high_
\set low_balance :low_balance - 1
\set high_balance :high_balance + 1
UPDATE accounts SET balance = :low_balance, version = version + 1 WHERE id = :low;
UPDATE accounts SET balance = :high_balance, version = version + 1 WHERE id = :high;
commit;
`
	if got := script(10, pgx.RepeatableRead); got != want {
		t.Errorf("script:\n%s\nwant:\n%s", got, want)
	}
}
