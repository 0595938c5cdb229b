package arms

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

const pgxModule = "github.com/jackc/pgx/v5"

// pgxArm is pgx as one writes it by hand. Its pool prepares each statement once on each
// connection.
var pgxArm = rivals.Arm{
	Name: "pgx", Module: pgxModule, About: "a pgxpool, SQL by hand, rows scanned into structs by hand",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openPool(ctx, o)
		if err != nil {
			return nil, err
		}
		a := byHand{pool}
		return &rivals.Store{
			Ping:           rivals.Plain(a.ping),
			BookByID:       rivals.Plain(a.bookByID),
			BooksAfter:     rivals.Plain(a.booksAfter),
			InsertBook:     rivals.Plain(a.insertBook),
			InsertBooks:    rivals.Plain(a.insertBooks),
			CopyBooks:      rivals.Plain(a.copyBooks),
			UpsertBook:     rivals.Plain(a.upsertBook),
			SetPrice:       rivals.Plain(a.setPrice),
			AuthorsWith:    rivals.Plain(a.authorsWith),
			Search:         rivals.Plain(a.search),
			Keyset:         rivals.Plain(a.keyset),
			Offset:         rivals.Plain(a.offset),
			CachedBookByID: rivals.Plain(a.bookByID),
			ByTitle:        rivals.As(a.byTitle, rivals.Each(titled.book)),
			Flagged:        rivals.Plain(a.flagged),
			Close:          pool.Close,
		}, nil
	},
}

func openPool(ctx context.Context, o rivals.Options) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.MinConns = int32(o.Conns), int32(o.Conns)
	return pgxpool.NewWithConfig(ctx, cfg)
}

type byHand struct{ pool *pgxpool.Pool }

func (a byHand) ping(ctx context.Context, _ rivals.None) (one int, err error) {
	err = a.pool.QueryRow(ctx, `SELECT 1`).Scan(&one)
	return one, err
}

func (a byHand) bookByID(ctx context.Context, id int64) (b rivals.Book, err error) {
	err = scanBook(a.pool.QueryRow(ctx, bookByID, id), &b)
	return b, err
}

// list runs a statement with the columns of a book.
func (a byHand) list(ctx context.Context, sql string, args ...any) ([]rivals.Book, error) {
	rows, err := a.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	books := []rivals.Book{}
	for rows.Next() {
		var b rivals.Book
		if err := scanBook(rows, &b); err != nil {
			return nil, err
		}
		books = append(books, b)
	}
	return books, rows.Err()
}

func (a byHand) booksAfter(ctx context.Context, r rivals.Range) ([]rivals.Book, error) {
	return a.list(ctx, booksAfter, r.After, r.Limit)
}

func (a byHand) insertBook(ctx context.Context, b rivals.Book) (id int64, err error) {
	err = a.pool.QueryRow(ctx, insertBook, b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt).Scan(&id)
	return id, err
}

func (a byHand) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	c := columnsOf(books)
	tag, err := a.pool.Exec(ctx, insertBooks, c.authorIDs, c.isbns, c.titles, c.prices, c.stocks, c.addedAts)
	return tag.RowsAffected(), err
}

func (a byHand) copyBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	return a.pool.CopyFrom(ctx, pgx.Identifier{"books"}, copiedColumns, copied(books))
}

var copiedColumns = []string{"author_id", "isbn", "title", "price", "stock", "added_at"}

func copied(books []rivals.Book) pgx.CopyFromSource {
	return pgx.CopyFromSlice(len(books), func(i int) ([]any, error) {
		b := books[i]
		return []any{b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt}, nil
	})
}

func (a byHand) upsertBook(ctx context.Context, b rivals.Book) (id int64, err error) {
	err = a.pool.QueryRow(ctx, upsertBook, b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt).Scan(&id)
	return id, err
}

// errNoBook is returned when there is no row to update.
var errNoBook = errors.New("there is no such book")

func (a byHand) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	tag, err := a.pool.Exec(ctx, setPrice, p.Price, p.ID)
	if err != nil {
		return 0, err
	}
	return oneRow(tag.RowsAffected())
}

// oneRow fails unless an update found its row.
func oneRow(n int64) (int64, error) {
	if n != 1 {
		return n, errNoBook
	}
	return n, nil
}

// authorsWith reads the authors, and then the books of all of them.
func (a byHand) authorsWith(ctx context.Context, r rivals.Range) ([]rivals.Author, error) {
	rows, err := a.pool.Query(ctx, authorsAfter, r.After, r.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var authors []rivals.Author
	for rows.Next() {
		var a rivals.Author
		if err := rows.Scan(&a.ID, &a.Name); err != nil {
			return nil, err
		}
		authors = append(authors, a)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	books, err := a.list(ctx, booksOf, idsOf(authors))
	if err != nil {
		return nil, err
	}
	give(books, authors)
	return authors, nil
}

func (a byHand) search(ctx context.Context, f rivals.Filter) ([]rivals.Book, error) {
	sql, args := search(f)
	return a.list(ctx, sql, args...)
}

func (a byHand) keyset(ctx context.Context, k rivals.Keyset) ([]rivals.Book, error) {
	return a.list(ctx, booksByPrice, k.AfterPrice, k.AfterID, k.Limit)
}

func (a byHand) offset(ctx context.Context, o rivals.Offset) ([]rivals.Book, error) {
	return a.list(ctx, booksByPriceOffset, o.Limit, o.Skip)
}

func (a byHand) byTitle(ctx context.Context, id *int64) ([]titled, error) {
	sql, args := byTitle(id)
	rows, err := a.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []titled
	for rows.Next() {
		var t titled
		if err := rows.Scan(&t.ID, &t.Title, &t.Price); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

func (a byHand) flagged(ctx context.Context, f rivals.Flagged) ([]rivals.Book, error) {
	sql, args := flagged(f)
	return a.list(ctx, sql, args...)
}
