package repo

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/queries"
)

// Product is a book as the shop lists it.
type Product = queries.FindProductsRow

// ProductSort is the order of a product list. Ties are in the order of ids.
type ProductSort string

// The orders of [Repo.FindProducts].
const (
	SortByID      ProductSort = ""
	SortPriceUp   ProductSort = "price_up"
	SortPriceDown ProductSort = "price_down"
	SortNewest    ProductSort = "newest"
)

// ProductFilter says which products are wanted. Nil means "whatever it is".
// Fragments are found in any case, as far as the database's locale knows it:
// the C locale knows the letters of ASCII only.
type ProductFilter struct {
	Category *queries.BookCategory
	MinPrice *int64  // cents, included
	MaxPrice *int64  // cents, included
	InStock  *bool   // true: in stock only; false: sold out only
	Name     *string // a fragment of the title; % and _ are ordinary characters
	Sort     ProductSort
	Limit    int // 1 to [MaxRows]
}

func (f ProductFilter) check() error {
	var c checks
	c.limit(f.Limit)
	switch f.Sort {
	case SortByID, SortPriceUp, SortPriceDown, SortNewest:
	default:
		c.that(false, "sort", "must be one of %q, %q, %q or empty, is %q", SortPriceUp, SortPriceDown, SortNewest, f.Sort)
	}
	if f.Category != nil {
		c.that(f.Category.Valid(), "category", "must be one of %q, is %q", queries.AllBookCategoryValues(), *f.Category)
	}
	if f.Name != nil {
		c.text("name", *f.Name)
	}
	c.that(f.MinPrice == nil || *f.MinPrice >= 0, "min price", "must not be negative")
	c.that(f.MaxPrice == nil || *f.MaxPrice >= 0, "max price", "must not be negative")
	c.that(f.MinPrice == nil || f.MaxPrice == nil || *f.MinPrice <= *f.MaxPrice, "min price", "must not be above the max price")
	return c.err()
}

// FindProducts lists the products that pass the filter. One round trip; the
// filter's empty parts are part of the statement, never of a string that is
// put together.
func (r *Repo) FindProducts(ctx context.Context, f ProductFilter) ([]Product, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("find products: %w", err)
	}
	list, err := r.reads.FindProducts(ctx, queries.FindProductsParams{
		Category: f.Category, MinPrice: f.MinPrice, MaxPrice: f.MaxPrice,
		InStock: f.InStock, Name: f.Name, Sort: string(f.Sort), MaxRows: int32(f.Limit),
	})
	return list, wrap("find products", err)
}

// FoundBook is a book as [Repo.SearchBooks] finds it.
type FoundBook = queries.SearchBooksRow

// BookSearch says which books are wanted. Nil means "whatever it is". Fragments
// are found as in a [ProductFilter].
type BookSearch struct {
	Title   *string // a fragment
	MinYear *int32  // of first publication; negative years are BC
	Author  *string // a fragment of the name
	After   int64   // the last id of the page before, 0 for the first
	Limit   int     // 1 to [MaxRows]
}

// SearchBooks finds books in the order of their ids, a page a call: the next
// page begins after the last id of this one. One round trip.
func (r *Repo) SearchBooks(ctx context.Context, s BookSearch) ([]FoundBook, error) {
	var c checks
	c.limit(s.Limit)
	c.that(s.After >= 0, "after", "must not be negative")
	if s.Title != nil {
		c.text("title", *s.Title)
	}
	if s.Author != nil {
		c.text("author", *s.Author)
	}
	if err := c.err(); err != nil {
		return nil, fmt.Errorf("search books: %w", err)
	}
	list, err := r.reads.SearchBooks(ctx, queries.SearchBooksParams{
		Title: s.Title, MinYear: s.MinYear, Author: s.Author, AfterID: s.After, MaxRows: int32(s.Limit),
	})
	return list, wrap("search books", err)
}
