// Command shelf shows what sqlkeel generate adds to a sqlc project: a query with
// optional parts, run in a transaction that is retried; a list read in pages; rows
// shared by statements; an answer from memory; constraints by name.
package main

//go:generate go tool -modfile=../../tools/go.mod sqlc generate
//go:generate go -C ../../cmd/sqlkeel run . generate --config $PWD/sqlc.yaml

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/examples/shelf/shelf"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

func main() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	if err := show(ctx, pool); err != nil {
		log.Fatal(err)
	}
}

func show(ctx context.Context, pool *pgxpool.Pool) error {
	runner, err := txn.New(pool, txn.Config{Statements: shelf.Statements})
	if err != nil {
		return err
	}
	all, err := authors(ctx, runner, nil)
	if err != nil {
		return err
	}
	fmt.Println("authors:", len(all))
	found, err := upTo(ctx, runner, 1500)
	if err != nil {
		return err
	}
	for _, b := range found {
		fmt.Println("found:", b.Title)
	}
	q := shelf.New(db.Over(pool, shelf.Statements))
	if err := list(ctx, q); err != nil {
		return err
	}
	rows, err := q.CheapBooks(ctx, 1000)
	if err != nil {
		return err
	}
	for _, row := range rows {
		line := row.BookLine()
		fmt.Printf("cheap: %s by %s\n", line.Title, line.Author)
	}
	if err := remember(ctx, pool.Config().ConnString()); err != nil {
		return err
	}
	return addTwice(ctx, runner)
}

// authors lists those of a name, or all when it is nil.
func authors(ctx context.Context, runner *txn.Runner, name *string) ([]shelf.Author, error) {
	op := txn.Op{Name: "list authors", Iso: pgx.Serializable}
	return txn.Do(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) ([]shelf.Author, error) {
		q := shelf.New(tx)
		return q.ListAuthors(ctx, name)
	})
}

// upTo finds the books that cost at most so much, in a transaction that is
// retried when it collides with another.
func upTo(ctx context.Context, runner *txn.Runner, most int32) ([]shelf.FindBooksRow, error) {
	return txn.Do(ctx, runner, txn.Op{Name: "find books"}, func(ctx context.Context, tx *txn.Tx) ([]shelf.FindBooksRow, error) {
		q := shelf.New(tx)
		return q.FindBooks(ctx, shelf.FindBooksParams{MaxPrice: &most, Sort: string(shelf.FindBooksSortPrice)})
	})
}

// list prints all books, two a page.
func list(ctx context.Context, q *shelf.Queries) error {
	var after shelf.BooksByPriceCursor
	for {
		books, next, err := q.BooksByPricePage(ctx, 2, after)
		if err != nil {
			return err
		}
		for _, b := range books {
			fmt.Println("listed:", b.Title)
		}
		if next.IsZero() {
			return nil
		}
		after = next
	}
}

// remember reads an author twice, the second time from memory, and then once more after
// a write.
func remember(ctx context.Context, dsn string) error {
	results, err := cache.New(cache.Config{})
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Config{DSN: dsn, Statements: shelf.Statements, Invalidator: results})
	if err != nil {
		return err
	}
	defer d.Close(ctx)
	q := shelf.NewCached(shelf.New(d), results)
	for range 2 {
		if _, err := q.GetAuthor(ctx, 1); err != nil {
			return err
		}
	}
	if err := q.RenameAuthor(ctx, shelf.RenameAuthorParams{Name: "J. Austen", ID: 1}); err != nil {
		return err
	}
	a, err := q.GetAuthor(ctx, 1)
	if err != nil {
		return err
	}
	kept := results.Stats()
	fmt.Printf("author: %s, %d read, %d from memory\n", a.Name, kept.Misses, kept.Hits)
	return nil
}

// addTwice adds a book that is there already.
func addTwice(ctx context.Context, runner *txn.Runner) error {
	err := txn.Run(ctx, runner, txn.Op{Name: "add a book"}, func(ctx context.Context, tx *txn.Tx) error {
		_, err := shelf.New(tx).AddBook(ctx, shelf.AddBookParams{AuthorID: 1, Title: "Emma", PriceCents: 900})
		return err
	})
	if pgerr.Is(err, shelf.BooksAuthorIDTitleKey) {
		fmt.Println("already there")
		return nil
	}
	return err
}
