package seed

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/queries"
)

// Size says how much is generated. The books are always all there.
type Size struct {
	Users, Reviews, Sales, Accounts, Tasks int
}

// Small is enough for a test of every operation and loads in milliseconds.
var Small = Size{Users: 50, Reviews: 400, Sales: 5_000, Accounts: 20, Tasks: 100}

// Full is what the demonstration runs on.
var Full = Size{Users: 2_000, Reviews: 10_000, Sales: 200_000, Accounts: 100, Tasks: 1_000}

// Rows returns how many rows a load of this size reports in all. Reviews count
// up to one for each pair of book and user: no more are loaded.
func (s Size) Rows() int {
	list, _ := works(booksCSV)
	return len(list) + s.Users + min(s.Reviews, s.pairs(len(list))) + s.Sales + s.Accounts + s.Tasks
}

// pairs is how many pairs of book and user there are.
func (s Size) pairs(books int) int { return books * s.Users }

// block is how many rows go into one COPY: large enough to cost few round
// trips, small enough for the memory and for a progress bar that moves.
const block = 10_000

// Load copies the data into an empty, migrated bookstore, inside the caller's
// transaction: a load that fails leaves nothing. loaded, when not nil, gets
// the number of rows after every block.
func Load(ctx context.Context, tx pgx.Tx, size Size, loaded func(rows int)) error {
	if loaded == nil {
		loaded = func(int) {}
	}
	list, err := works(booksCSV)
	if err != nil {
		return err
	}
	q := queries.New(tx)
	g := newGenerator(list, size)
	for _, step := range []struct {
		table string
		copy  func() error
	}{
		{"authors", func() error { return copyAll(ctx, q.CopyAuthors, g.authors(), func(int) {}) }},
		{"books", func() error { return copyAll(ctx, q.CopyBooks, g.books(), loaded) }},
		{"users", func() error { return copyAll(ctx, q.CopyUsers, g.users(), loaded) }},
		{"reviews", func() error { return copyAll(ctx, q.CopyReviews, g.reviews(), loaded) }},
		{"sales", func() error { return copyAll(ctx, q.CopySales, g.sales(), loaded) }},
		{"accounts", func() error { return copyAll(ctx, q.CopyAccounts, g.accounts(), loaded) }},
		{"tasks", func() error { return copyAll(ctx, q.CopyTasks, g.tasks(), loaded) }},
	} {
		if err := step.copy(); err != nil {
			return fmt.Errorf("seed %s: %w", step.table, err)
		}
	}
	return finish(ctx, tx, q)
}

// finish brings up to date what COPY leaves behind: identities, the
// materialised view and the planner's statistics.
func finish(ctx context.Context, tx pgx.Tx, q *queries.Queries) error {
	for _, step := range []func(context.Context) error{
		q.SyncAuthorIDs, q.SyncBookIDs, q.SyncAccountIDs, q.RefreshCategorySales,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, "ANALYZE authors, books, users, reviews, sales, accounts, tasks"); err != nil {
		return fmt.Errorf("seed: analyze: %w", err)
	}
	return nil
}

func copyAll[T any](ctx context.Context, copyRows func(context.Context, []T) (int64, error), rows iter.Seq[T], loaded func(int)) error {
	buf := make([]T, 0, block)
	flush := func() error {
		n, err := copyRows(ctx, buf)
		if err == nil {
			loaded(int(n))
		}
		buf = buf[:0]
		return err
	}
	for row := range rows {
		if buf = append(buf, row); len(buf) == block {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(buf) == 0 {
		return nil
	}
	return flush()
}
