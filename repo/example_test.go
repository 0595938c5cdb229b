package repo_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// The books of one category, the cheapest first.
func ExampleRepo_FindProducts() {
	books, done := exampleRepo()
	defer done()
	fantasy := queries.BookCategoryFantasy
	found, err := books.FindProducts(context.Background(), repo.ProductFilter{
		Category: &fantasy, Sort: repo.SortPriceUp, Limit: 3,
	})
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range found {
		fmt.Println(p.Title)
	}
	// Output:
	// The Return of the King
	// The Neverending Story
	// Watership Down
}

// Money that cannot be moved is a typed error, and nothing has changed.
func ExampleRepo_Transfer() {
	books, done := exampleRepo()
	defer done()
	ctx := context.Background()
	moved, err := books.Transfer(ctx, 1, 2, 2500)
	fmt.Println(moved.FromBalanceCents, moved.ToBalanceCents, err)

	_, err = books.Transfer(ctx, 1, 2, 1_000_000)
	var funds *repo.InsufficientFundsError
	fmt.Println(errors.As(err, &funds), err)
	// Output:
	// 97500 102500 <nil>
	// true transfer: account 1 holds less than 1000000 cents
}

// A job that stops in the middle goes on where it stopped.
func ExampleRepo_ProcessTasks() {
	books, done := exampleRepo()
	defer done()
	ctx := context.Background()
	run := repo.TaskRun{Job: "reindex", Size: 40}
	n := 0
	_, err := books.ProcessTasks(ctx, run, func(context.Context, *queries.Queries, repo.Task) error {
		if n++; n == 50 {
			return errors.New("out of paper")
		}
		return nil
	})
	fmt.Println(err)
	counts, _ := books.TaskCounts(ctx)
	fmt.Println(counts)

	_, err = books.ProcessTasks(ctx, run, func(context.Context, *queries.Queries, repo.Task) error { return nil })
	counts, _ = books.TaskCounts(ctx)
	fmt.Println(counts, err)
	// Output:
	// process tasks: job: process tasks: chunk at cursor 40: task 50: out of paper
	// map[done:40 ready:60]
	// map[done:100] <nil>
}

// An author with all books is one round trip.
func ExampleRepo_Author() {
	books, done := exampleRepo()
	defer done()
	author, err := books.Author(context.Background(), 2)
	if err != nil {
		fmt.Println(err)
	}
	for _, b := range author.Books {
		fmt.Println(author.Name, b.PublishedYear, b.Title)
	}
	// Output:
	// Homer -750 The Iliad
	// Homer -725 The Odyssey
}

// exampleRepo returns a repository on a seeded bookstore of the example's own.
func exampleRepo() (books *repo.Repo, done func()) {
	tb, done := pgtest.ForExample()
	pg := pgtest.New(tb, pgtest.WithMigrations(migrations.FS), pgtest.WithSeed("small", load))
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{DSN: pg.DSN()})
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := d.Close(ctx); err != nil {
			tb.Errorf("%v", err)
		}
	})
	if books, err = repo.New(d, repo.Config{}); err != nil {
		tb.Fatalf("%v", err)
	}
	return books, done
}
