package rivals

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// data are the rows that a database has at first: books with the ids from 1 on, ten for
// each author. They follow from their ids, so results can be foretold.
type data struct {
	books   []Book
	byPrice func() []Book // the same in the order of prices and ids
}

const (
	booksPerAuthor = 10
	booksPerTitle  = 100
	highestPrice   = 10_000
)

// firstDay is when the first book was added; one is added every minute.
var firstDay = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func newData(rows int) *data {
	d := &data{books: make([]Book, rows)}
	d.byPrice = sync.OnceValue(func() []Book { return sortedByPrice(d.books) })
	for i := range d.books {
		id := int64(i + 1)
		d.books[i] = Book{
			ID:       id,
			AuthorID: id*7919%int64(d.authors()) + 1,
			ISBN:     isbn(id),
			Title:    title(id * 31 % int64(max(rows/booksPerTitle, 1))),
			Price:    id*6151%highestPrice + 1,
			Stock:    int32(id % 50),
			AddedAt:  firstDay.Add(time.Duration(id) * time.Minute),
		}
	}
	return d
}

func isbn(id int64) string   { return fmt.Sprintf("978-%010d", id) }
func title(n int64) string   { return fmt.Sprintf("The book of the number %d", n) }
func author(id int64) string { return fmt.Sprintf("Author %d", id) }

func (d *data) authors() int { return max(len(d.books)/booksPerAuthor, 1) }

// book returns that of an id.
func (d *data) book(id int64) Book { return d.books[id-1] }

// added is a book that is not there yet, the same for the same n.
func (d *data) added(n uint64) Book {
	return Book{
		AuthorID: int64(n%uint64(d.authors())) + 1,
		ISBN:     fmt.Sprintf("979-%010d", n),
		Title:    title(int64(n % 100)),
		Price:    int64(n%highestPrice) + 1,
		Stock:    int32(n % 50),
		AddedAt:  firstDay.Add(time.Duration(n%1_000_000) * time.Second),
	}
}

// where returns the books that match, in the order of ids, limit at most.
func (d *data) where(limit int32, match func(Book) bool) []Book {
	found := []Book{}
	for _, b := range d.books {
		if len(found) == int(limit) {
			break
		}
		if match(b) {
			found = append(found, b)
		}
	}
	return found
}

func sortedByPrice(books []Book) []Book {
	sorted := slices.Clone(books)
	slices.SortFunc(sorted, func(a, b Book) int { return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.ID, b.ID)) })
	return sorted
}

// fill writes the rows.
func (d *data) fill(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"authors"}, []string{"id", "name"}, pgx.CopyFromSlice(d.authors(), func(i int) ([]any, error) {
		return []any{i + 1, author(int64(i + 1))}, nil
	}))
	if err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"books"}, []string{"id", "author_id", "isbn", "title", "price", "stock", "added_at"},
		pgx.CopyFromSlice(len(d.books), func(i int) ([]any, error) {
			b := d.books[i]
			return []any{b.ID, b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt}, nil
		}))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `SELECT setval(pg_get_serial_sequence('books', 'id'), $1), setval(pg_get_serial_sequence('authors', 'id'), $2)`, len(d.books), d.authors())
	return err
}
