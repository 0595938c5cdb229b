package history_test

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/history"
	"github.com/sqlkeel/sqlkeel/txn"
)

// plan is what a transaction is to do.
type plan struct {
	ops    []history.Op
	byHand bool         // appends read the list and write it anew
	within func(op int) // called after each operation of the first attempt
}

// do does it and returns the operations with what was read.
func (p plan) do(ctx context.Context, tx *txn.Tx) ([]history.Op, error) {
	var done []history.Op
	for i, op := range p.ops {
		var list []int32
		var err error
		if op.Read || p.byHand {
			if list, err = read(ctx, tx, op.Key); err != nil {
				return nil, err
			}
			done = append(done, history.Read(op.Key, list...))
		}
		if p.within != nil && tx.Attempt() == 1 {
			p.within(i)
		}
		switch {
		case op.Read:
			continue
		case p.byHand:
			err = overwrite(ctx, tx, op.Key, append(list, op.Value))
		default:
			err = add(ctx, tx, op.Key, op.Value)
		}
		if err != nil {
			return nil, err
		}
		done = append(done, op)
	}
	return done, nil
}

func read(ctx context.Context, tx *txn.Tx, key int32) (list []int32, err error) {
	err = tx.QueryRow(ctx, `SELECT vals FROM lists WHERE k = $1`, key).Scan(&list)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return list, err
}

func add(ctx context.Context, tx *txn.Tx, key, value int32) error {
	_, err := tx.Exec(ctx, `INSERT INTO lists AS l VALUES ($1, ARRAY[$2::int])
		ON CONFLICT (k) DO UPDATE SET vals = l.vals || EXCLUDED.vals`, key, value)
	return err
}

func overwrite(ctx context.Context, tx *txn.Tx, key int32, list []int32) error {
	_, err := tx.Exec(ctx, `INSERT INTO lists VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET vals = EXCLUDED.vals`, key, list)
	return err
}

// board hands out keys and values. A key that has had its share of appends is
// followed by another.
type board struct {
	used map[int32]int32 // by key: the values that were handed out
	keys []int32
	next int32
}

func newBoard(slots int) *board {
	b := &board{used: map[int32]int32{}}
	for range slots {
		b.keys = append(b.keys, b.next)
		b.next++
	}
	return b
}

// plan draws the next transaction. Its caller holds the board alone.
func (b *board) plan(rng *rand.Rand) plan {
	const share = 64
	p := plan{byHand: rng.IntN(3) == 0}
	for range 1 + rng.IntN(5) {
		slot := rng.IntN(len(b.keys))
		key := b.keys[slot]
		if rng.IntN(2) == 0 {
			p.ops = append(p.ops, history.Read(key))
			continue
		}
		b.used[key]++
		p.ops = append(p.ops, history.Append(key, b.used[key]))
		if b.used[key] == share {
			b.keys[slot] = b.next
			b.next++
			delete(b.used, key)
		}
	}
	return p
}
