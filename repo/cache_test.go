package repo_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
	"github.com/sqlkeel/sqlkeel/txn"
)

// onePool is a bookstore with a cache and one connection.
func onePool(t *testing.T) (b bench, c *cache.Cache, r *txn.Runner) {
	t.Helper()
	b = setup(t, cached(t), func(dbConfig *db.Config, cfg *repo.Config) {
		dbConfig.MaxConns, dbConfig.AcquireTimeout = 1, 30*time.Second
		c = cfg.Cache
	})
	r, err := txn.New(b.db, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return b, c, r
}

func TestACachedReadOfATransactionUsesItsConnection(t *testing.T) {
	t.Parallel()
	b, c, r := onePool(t)
	before, err := b.Book(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	err = txn.Run(t.Context(), r, txn.Op{Name: "reprice"}, func(ctx context.Context, tx *txn.Tx) error {
		q := queries.NewCached(queries.New(tx), c)
		if _, err := q.SetPrice(ctx, before.PriceCents+1, 2); err != nil {
			return err
		}
		// A load of another caller waits for the only connection.
		go func() {
			_, err := b.Book(context.WithoutCancel(t.Context()), 3)
			waits <- err
		}()
		for c.Stats().Misses < 2 {
			select {
			case err := <-waits:
				waits <- err
				return err
			default:
				runtime.Gosched()
			}
		}
		for _, id := range []int64{2, 3} {
			book, err := q.GetBook(ctx, id)
			if err != nil {
				return err
			}
			if id == 2 && book.PriceCents != before.PriceCents+1 {
				t.Errorf("price %d in the transaction that changed it to %d", book.PriceCents, before.PriceCents+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Errorf("the load of another caller: %v", err)
	}
	if after, err := b.Book(t.Context(), 2); err != nil || after.PriceCents != before.PriceCents+1 {
		t.Errorf("price %d after the commit, error %v", after.PriceCents, err)
	}
}

func TestACachedReadPastItsTransactionIsRefusedAndDoesNotWait(t *testing.T) {
	t.Parallel()
	b, c, r := onePool(t)
	if _, err := b.Book(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	var read error
	_ = txn.Run(t.Context(), r, txn.Op{Name: "reprice"}, func(ctx context.Context, _ *txn.Tx) error {
		_, read = b.Book(ctx, 2) // on the pool, not on the transaction
		return read
	})
	if read == nil {
		t.Error("it was answered")
	}
	if s := c.Stats(); s.BypassTransaction != 1 || s.Hits != 0 {
		t.Errorf("stats %+v, want one bypass and no hit", s)
	}
}

func TestAnAbortedTransactionMakesNothingOld(t *testing.T) {
	t.Parallel()
	b, c, r := onePool(t)
	before, err := b.Book(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	boom := context.Canceled
	_ = txn.Run(t.Context(), r, txn.Op{Name: "reprice"}, func(ctx context.Context, tx *txn.Tx) error {
		if _, err := queries.New(tx).SetPrice(ctx, before.PriceCents+1, 2); err != nil {
			return err
		}
		return boom
	})
	after, err := b.Book(t.Context(), 2)
	if err != nil || after.PriceCents != before.PriceCents {
		t.Errorf("price %d, error %v, want %d", after.PriceCents, err, before.PriceCents)
	}
	if s := c.Stats(); s.Hits != 1 {
		t.Errorf("%d hits, want 1", s.Hits)
	}
}
