package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/internal/unit"
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
	r.loadBook = r.reads.GetBook
	r.loadCategories = func(ctx context.Context, _ struct{}) ([]Category, error) { return r.reads.ListCategories(ctx) }
	r.kept = []string{"books", "authors", "reviews"}
	r.book, err = cache.NewView[int64](cfg.Cache, cache.ViewConfig[Book]{
		Name: "book", Tables: r.kept, TTL: ttl,
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
	defer r.wrote(ctx, "books")
	n, err := r.writes.SetPrice(ctx, priceCents, book)
	if err == nil && n == 0 {
		err = fmt.Errorf("book %d: %w", book, ErrNotFound)
	}
	return wrap("set price", err)
}

// wrote drops every kept result that depends on the tables. It runs after the
// write, whatever became of it: a write whose answer was lost may be there.
func (r *Repo) wrote(ctx context.Context, tables ...string) {
	r.cache.InvalidateTables(r.db.Target(ctx), tables...)
}

// wroteAtCommit has wrote called when the transaction that ctx is inside of was sent
// its COMMIT and has an outcome, before the transaction's own hooks.
func (r *Repo) wroteAtCommit(ctx context.Context, tables ...string) {
	unit.Of(ctx).OnCommit(func() func(stmt.Outcome) {
		return func(stmt.Outcome) { r.wrote(ctx, tables...) }
	})
}
