package arms

import (
	"fmt"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// The statements that are written by hand, for pgx and for database/sql.
const (
	bookColumns = `id, author_id, isbn, title, price, stock, added_at`

	bookByID   = `SELECT ` + bookColumns + ` FROM books WHERE id = $1`
	booksAfter = `SELECT ` + bookColumns + ` FROM books WHERE id > $1 ORDER BY id LIMIT $2`
	insertBook = `INSERT INTO books (author_id, isbn, title, price, stock, added_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`
	upsertBook = `INSERT INTO books (author_id, isbn, title, price, stock, added_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (isbn) DO UPDATE SET price = excluded.price, stock = excluded.stock RETURNING id`
	insertBooks = `INSERT INTO books (author_id, isbn, title, price, stock, added_at)
		SELECT unnest($1::bigint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::integer[]), unnest($6::timestamptz[])`
	setPrice           = `UPDATE books SET price = $1 WHERE id = $2`
	authorsAfter       = `SELECT id, name FROM authors WHERE id > $1 ORDER BY id LIMIT $2`
	booksOf            = `SELECT ` + bookColumns + ` FROM books WHERE author_id = ANY($1) ORDER BY author_id, id`
	booksByPrice       = `SELECT ` + bookColumns + ` FROM books WHERE (price, id) > ($1, $2) ORDER BY price, id LIMIT $3`
	booksByPriceOffset = `SELECT ` + bookColumns + ` FROM books ORDER BY price, id LIMIT $1 OFFSET $2`
)

// conditions are those of a statement, and its arguments.
type conditions struct {
	parts []string
	args  []any
}

// add appends a condition with one placeholder, written as %s.
func (c *conditions) add(condition string, arg any) {
	c.args = append(c.args, arg)
	c.parts = append(c.parts, fmt.Sprintf(condition, fmt.Sprintf("$%d", len(c.args))))
}

// where is the clause, or empty.
func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// search is the statement that has the conditions that are given.
func search(f rivals.Filter) (sql string, args []any) {
	var c conditions
	if f.AuthorID != nil {
		c.add("author_id = %s", *f.AuthorID)
	}
	if f.Title != nil {
		c.add("title = %s", *f.Title)
	}
	if f.MinPrice != nil {
		c.add("price >= %s", *f.MinPrice)
	}
	if f.MaxPrice != nil {
		c.add("price <= %s", *f.MaxPrice)
	}
	if f.MinStock != nil {
		c.add("stock >= %s", *f.MinStock)
	}
	if f.AddedSince != nil {
		c.add("added_at >= %s", *f.AddedSince)
	}
	args = append(c.args, f.Limit)
	return `SELECT ` + bookColumns + ` FROM books` + c.where() + fmt.Sprintf(` ORDER BY id LIMIT $%d`, len(args)), args
}

func byTitle(id *int64) (sql string, args []any) {
	var c conditions
	if id != nil {
		c.add("id = %s", *id)
	}
	return `SELECT id, title, price FROM books` + c.where() + ` ORDER BY title, id`, c.args
}

func flagged(f rivals.Flagged) (sql string, args []any) {
	var c conditions
	if f.OfAuthor {
		c.add(`EXISTS (SELECT FROM authors a WHERE a.id = books.author_id AND a.name = %s)`, f.Author)
	}
	args = append(c.args, f.Limit)
	return `SELECT ` + bookColumns + ` FROM books` + c.where() + fmt.Sprintf(` ORDER BY id LIMIT $%d`, len(args)), args
}

// scanner is a row.
type scanner interface{ Scan(into ...any) error }

// scanBook reads a row with the columns of bookColumns.
func scanBook(row scanner, b *rivals.Book) error {
	return row.Scan(&b.ID, &b.AuthorID, &b.ISBN, &b.Title, &b.Price, &b.Stock, &b.AddedAt)
}

// columns are the values of several books, by column.
type columns struct {
	authorIDs []int64
	isbns     []string
	titles    []string
	prices    []int64
	stocks    []int32
	addedAts  []time.Time
}

func columnsOf(books []rivals.Book) *columns {
	n := len(books)
	c := &columns{make([]int64, n), make([]string, n), make([]string, n), make([]int64, n), make([]int32, n), make([]time.Time, n)}
	for i, b := range books {
		c.authorIDs[i], c.isbns[i], c.titles[i], c.prices[i], c.stocks[i], c.addedAts[i] = b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt
	}
	return c
}

// give hands each author its books, which are in the order of the authors.
func give(books []rivals.Book, authors []rivals.Author) {
	for i := range authors {
		n := 0
		for n < len(books) && books[n].AuthorID == authors[i].ID {
			n++
		}
		authors[i].Books, books = books[:n:n], books[n:]
	}
}

// idsOf are those of authors.
func idsOf(authors []rivals.Author) []int64 {
	ids := make([]int64, len(authors))
	for i, a := range authors {
		ids[i] = a.ID
	}
	return ids
}
