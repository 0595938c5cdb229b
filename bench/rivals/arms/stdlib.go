package arms

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// stdlibArm is database/sql with the driver of pgx. The driver prepares each statement
// once on each connection.
var stdlibArm = rivals.Arm{
	Name: "database/sql", Module: pgxModule, About: "database/sql over pgx/stdlib, SQL by hand, COPY by the connection of pgx below",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		db, err := openDB(ctx, o)
		if err != nil {
			return nil, err
		}
		a := standard{db}
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
			CachedBookByID: rivals.Op[int64, rivals.Book]{Why: noCache},
			ByTitle:        rivals.As(a.byTitle, rivals.Each(titled.book)),
			Flagged:        rivals.Plain(a.flagged),
			Close:          func() { _ = db.Close() },
		}, nil
	},
}

// openDB opens all connections, as the pools of the others do.
func openDB(ctx context.Context, o rivals.Options) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	db.SetConnMaxIdleTime(time.Hour)
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

type standard struct{ db *sql.DB }

func (a standard) ping(ctx context.Context, _ rivals.None) (one int, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
	return one, err
}

func (a standard) bookByID(ctx context.Context, id int64) (b rivals.Book, err error) {
	err = scanBook(a.db.QueryRowContext(ctx, bookByID, id), &b)
	return b, err
}

// list runs a statement with the columns of a book.
func (a standard) list(ctx context.Context, sql string, args ...any) ([]rivals.Book, error) {
	rows, err := a.db.QueryContext(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
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

func (a standard) booksAfter(ctx context.Context, r rivals.Range) ([]rivals.Book, error) {
	return a.list(ctx, booksAfter, r.After, r.Limit)
}

func (a standard) insertBook(ctx context.Context, b rivals.Book) (id int64, err error) {
	err = a.db.QueryRowContext(ctx, insertBook, b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt).Scan(&id)
	return id, err
}

func (a standard) insertBooks(ctx context.Context, books []rivals.Book) (int64, error) {
	c := columnsOf(books)
	result, err := a.db.ExecContext(ctx, insertBooks, c.authorIDs, c.isbns, c.titles, c.prices, c.stocks, c.addedAts)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (a standard) copyBooks(ctx context.Context, books []rivals.Book) (n int64, err error) {
	conn, err := a.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(driver any) error {
		n, err = driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"books"}, copiedColumns, copied(books))
		return err
	})
	return n, err
}

func (a standard) upsertBook(ctx context.Context, b rivals.Book) (id int64, err error) {
	err = a.db.QueryRowContext(ctx, upsertBook, b.AuthorID, b.ISBN, b.Title, b.Price, b.Stock, b.AddedAt).Scan(&id)
	return id, err
}

func (a standard) setPrice(ctx context.Context, p rivals.Price) (int64, error) {
	result, err := a.db.ExecContext(ctx, setPrice, p.Price, p.ID)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	return oneRow(n)
}

// authorsWith reads the authors, and then the books of all of them.
func (a standard) authorsWith(ctx context.Context, r rivals.Range) ([]rivals.Author, error) {
	rows, err := a.db.QueryContext(ctx, authorsAfter, r.After, r.Limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
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

func (a standard) search(ctx context.Context, f rivals.Filter) ([]rivals.Book, error) {
	sql, args := search(f)
	return a.list(ctx, sql, args...)
}

func (a standard) keyset(ctx context.Context, k rivals.Keyset) ([]rivals.Book, error) {
	return a.list(ctx, booksByPrice, k.AfterPrice, k.AfterID, k.Limit)
}

func (a standard) offset(ctx context.Context, o rivals.Offset) ([]rivals.Book, error) {
	return a.list(ctx, booksByPriceOffset, o.Limit, o.Skip)
}

func (a standard) byTitle(ctx context.Context, id *int64) ([]titled, error) {
	sql, args := byTitle(id)
	rows, err := a.db.QueryContext(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
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

func (a standard) flagged(ctx context.Context, f rivals.Flagged) ([]rivals.Book, error) {
	sql, args := flagged(f)
	return a.list(ctx, sql, args...)
}
