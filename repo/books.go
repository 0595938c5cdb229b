package repo

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/queries"
)

// Book is a book with its author's name and how readers rate it.
type Book = queries.GetBookRow

// Category is a category and how many books are in it.
type Category = queries.ListCategoriesRow

// Book returns a book, or [ErrNotFound]. With a cache it is kept, also that it
// does not exist; without one each call is one round trip.
func (r *Repo) Book(ctx context.Context, id int64) (Book, error) {
	b, err := r.q.GetBook(ctx, id)
	if err != nil {
		return Book{}, one("book", id, err)
	}
	return b, nil
}

// Categories lists the categories that have books. With a cache the list is
// kept; without one each call is one round trip.
func (r *Repo) Categories(ctx context.Context) ([]Category, error) {
	list, err := r.q.ListCategories(ctx)
	return list, wrap("categories", err)
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
