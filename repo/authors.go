package repo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/queries"
)

// NewAuthor is an author to add.
type NewAuthor struct {
	Name string
	Bio  json.RawMessage // a JSON object; nil stands for {}
}

// NewBook is a book to add.
type NewBook struct {
	Title         string
	Category      queries.BookCategory
	PriceCents    int64
	Stock         int32
	PublishedYear int32
}

// AddAuthor adds an author with books and returns the author's id. It is one
// statement and so one transaction: a book that is refused takes the author
// and the other books with it. Errors: [*InvalidError], [*TakenError] for the
// author's name or a title given twice. One round trip.
func (r *Repo) AddAuthor(ctx context.Context, a NewAuthor, books []NewBook) (int64, error) {
	var c checks
	c.name("author name", a.Name)
	if a.Bio != nil {
		c.object("author bio", a.Bio)
	}
	for i, b := range books {
		b.check(&c, fmt.Sprintf("book %d: ", i+1))
	}
	if err := c.err(); err != nil {
		return 0, fmt.Errorf("add author: %w", err)
	}
	added, err := r.q.AddAuthorWithBooks(ctx, addParams(a, books))
	switch {
	case pgerr.Is(err, queries.AuthorsNameKey):
		err = &TakenError{What: fmt.Sprintf("author %q", a.Name), Err: err}
	case pgerr.Is(err, queries.BooksAuthorIDTitleKey):
		err = &TakenError{What: fmt.Sprintf("one of the titles of %q", a.Name), Err: err}
	}
	// What JSON can say and jsonb cannot hold: \u0000 and half of a surrogate
	// pair. Nothing else in the statement has such a code.
	if code := pgerr.Code(err); code == "22P05" || code == "22P02" {
		err = &InvalidError{Field: "author bio", Reason: "must be JSON that the database can hold: " + err.Error()}
	}
	return added.AuthorID, wrap("add author", err)
}

func (b NewBook) check(c *checks, where string) {
	c.name(where+"title", b.Title)
	c.that(b.Category.Valid(), where+"category", "must be one of %q, is %q", queries.AllBookCategoryValues(), b.Category)
	c.that(b.PriceCents > 0, where+"price", "must be above 0 cents, is %d", b.PriceCents)
	c.that(b.Stock >= 0, where+"stock", "must not be negative, is %d", b.Stock)
	c.that(b.PublishedYear >= -3000 && b.PublishedYear <= 2100, where+"year", "must be between -3000 and 2100, is %d", b.PublishedYear)
}

func addParams(a NewAuthor, books []NewBook) queries.AddAuthorWithBooksParams {
	p := queries.AddAuthorWithBooksParams{Name: a.Name, Bio: a.Bio}
	if p.Bio == nil {
		p.Bio = json.RawMessage(`{}`)
	}
	for _, b := range books {
		p.Titles = append(p.Titles, b.Title)
		p.Categories = append(p.Categories, string(b.Category))
		p.PricesCents = append(p.PricesCents, b.PriceCents)
		p.Stocks = append(p.Stocks, b.Stock)
		p.PublishedYears = append(p.PublishedYears, b.PublishedYear)
	}
	return p
}

// Author is an author with all books, in the order of their publication.
type Author struct {
	ID    int64
	Name  string
	Bio   json.RawMessage
	Books []AuthorBook // empty, not nil, for an author without books
}

// AuthorBook is a book as its [Author] has it.
type AuthorBook struct {
	ID            int64
	Title         string
	Category      queries.BookCategory
	PriceCents    int64
	Stock         int32
	PublishedYear int32
}

// Author returns an author with all books, or [ErrNotFound]. One round trip.
func (r *Repo) Author(ctx context.Context, id int64) (Author, error) {
	rows, err := r.q.AuthorWithBooks(ctx, id)
	if err != nil {
		return Author{}, wrap("author", err)
	}
	if len(rows) == 0 {
		return Author{}, fmt.Errorf("author %d: %w", id, ErrNotFound)
	}
	a := Author{ID: rows[0].ID, Name: rows[0].Name, Bio: rows[0].Bio, Books: []AuthorBook{}}
	for _, row := range rows {
		if row.BookID == nil {
			continue
		}
		a.Books = append(a.Books, AuthorBook{
			ID: *row.BookID, Title: *row.Title, Category: *row.Category,
			PriceCents: *row.PriceCents, Stock: *row.Stock, PublishedYear: *row.PublishedYear,
		})
	}
	return a, nil
}
