package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Book is a book with its author's name and how readers rate it.
type Book = queries.GetBookRow

// Category is a category and how many books are in it.
type Category = queries.ListCategoriesRow

// defaultCacheTTL bounds the age of a kept result when Config does not.
const defaultCacheTTL = 30 * time.Second

// openViews makes the kept results and what loads them. Each names the tables
// it is read from, so that a write can drop it without knowing it. The loaders
// are made here once: made where they are used, each hit would allocate one.
func (r *Repo) openViews(cfg Config) (err error) {
	ttl := cfg.CacheTTL
	if ttl == 0 {
		ttl = defaultCacheTTL
	}
	r.loadBook = r.q.GetBook
	r.loadCategories = func(ctx context.Context, _ struct{}) ([]Category, error) { return r.q.ListCategories(ctx) }
	r.book, err = cache.NewView[int64](cfg.Cache, cache.ViewConfig[Book]{
		Name: "book", Tables: cachedTables(), TTL: ttl,
		NotFound: func(err error) bool { return errors.Is(err, pgx.ErrNoRows) },
	})
	if err != nil {
		return err
	}
	r.categories, err = cache.NewView[struct{}](cfg.Cache, cache.ViewConfig[[]Category]{Name: "categories", Tables: []string{"books"}, TTL: ttl})
	return err
}

// Book returns a book, or [ErrNotFound]. With a cache it is kept, also that it
// does not exist; without one each call is one round trip.
func (r *Repo) Book(ctx context.Context, id int64) (Book, error) {
	b, err := r.book.Get(ctx, r.db.Target(ctx), id, r.loadBook)
	if err != nil {
		return Book{}, one("book", id, err)
	}
	b.Tags = slices.Clone(b.Tags) // a kept book is shared between callers
	return b, nil
}

// Categories lists the categories that have books. With a cache the list is
// kept; without one each call is one round trip.
func (r *Repo) Categories(ctx context.Context) ([]Category, error) {
	list, err := r.categories.Get(ctx, r.db.Target(ctx), struct{}{}, r.loadCategories)
	return slices.Clone(list), wrap("categories", err)
}

// SetPrice changes a book's price; the old and the new one go to the system
// log. Errors: [*InvalidError], [ErrNotFound]. One round trip.
func (r *Repo) SetPrice(ctx context.Context, book, priceCents int64) error {
	var c checks
	c.that(priceCents > 0, "price", "must be above 0 cents, is %d", priceCents)
	if err := c.err(); err != nil {
		return fmt.Errorf("set price: %w", err)
	}
	n, err := r.q.SetPrice(ctx, priceCents, book)
	if err == nil && n == 0 {
		err = fmt.Errorf("book %d: %w", book, ErrNotFound)
	}
	return wrap("set price", err)
}

// cachedTables are the tables that cached results are read from.
func cachedTables() []string { return []string{"books", "authors", "reviews"} }

// Invalidator returns what drops cached results when they may have changed, for
// db.Config of each database that a repository with this cache stands on. A write is
// followed at its end, unless it is known to be rolled back, before its caller goes on.
func Invalidator(c *cache.Cache) stmt.Invalidator { return invalidator{c} }

type invalidator struct{ cache *cache.Cache }

// BeforeWrite does nothing: what is read until a write ends may be older than it.
func (invalidator) BeforeWrite(string, []stmt.Run) {}

// AfterWrite drops what depends on the tables that were written.
func (i invalidator) AfterWrite(target string, writes []stmt.Run, outcome stmt.Outcome) {
	if outcome == stmt.Aborted {
		return
	}
	for _, w := range writes {
		if w.Anything {
			i.cache.InvalidateTables(target, cachedTables()...)
		}
		i.cache.InvalidateTables(target, w.Writes...)
		i.cache.InvalidateTables(target, w.Reaches...)
	}
}
