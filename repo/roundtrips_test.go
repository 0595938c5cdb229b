package repo_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// TestEveryOperationKeepsToItsRoundTrips counts what each operation sends. It
// is what stands between the repository and N+1: none of these counts depends
// on how many rows there are.
func TestEveryOperationKeepsToItsRoundTrips(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	var user uuid.UUID
	for _, tc := range []struct {
		name string
		want int
		run  func() error
	}{
		{"find products", 1, func() error {
			_, err := b.FindProducts(ctx, repo.ProductFilter{InStock: ptr(true), Sort: repo.SortNewest, Limit: 100})
			return err
		}},
		{"search books", 1, func() error {
			_, _, err := b.SearchBooks(ctx, repo.BookSearch{Author: ptr("homer"), Limit: 100})
			return err
		}},
		{"daily sales", 1, func() error { _, err := b.DailySales(ctx, seed.LastDay, 365); return err }},
		{"top products", 1, func() error {
			_, err := b.TopProducts(ctx, seed.LastDay.AddDate(-1, 0, 0), seed.LastDay, 100)
			return err
		}},
		{"transfer: BEGIN, the statement, COMMIT", 3, func() error { _, err := b.Transfer(ctx, 1, 2, 5); return err }},
		{"account", 1, func() error { _, err := b.Account(ctx, 1); return err }},
		{"total balance", 1, func() error { _, err := b.TotalBalance(ctx); return err }},
		{"count transfers", 1, func() error { _, err := b.CountTransfers(ctx); return err }},
		{"add an author with books", 1, func() error {
			_, err := b.AddAuthor(ctx, repo.NewAuthor{Name: "Boz"}, twoBooks)
			return err
		}},
		{"author with books", 1, func() error { _, err := b.Author(ctx, 2); return err }},
		{"register a user", 1, func() error {
			u, err := b.RegisterUser(ctx, "a@example.org", "A")
			user = u.ID
			return err
		}},
		{"post a review", 1, func() error { _, err := b.PostReview(ctx, 1, user, 5, ""); return err }},
		{"all books with their reviews", 1, func() error { _, err := b.BooksWithReviews(ctx); return err }},
		{"reviews of one book", 1, func() error { _, err := b.ReviewsOfBook(ctx, 1); return err }},
		{"book", 1, func() error { _, err := b.Book(ctx, 1); return err }},
		{"categories", 1, func() error { _, err := b.Categories(ctx); return err }},
		{"set a price", 1, func() error { return b.SetPrice(ctx, 1, 4242) }},
		{"task counts", 1, func() error { _, err := b.TaskCounts(ctx); return err }},
		// Two chunks of 50: BEGIN, cursor, claim, end, save, COMMIT each; then
		// BEGIN, cursor, claim nothing, COMMIT.
		{"process 100 tasks in chunks of 50", 6 + 6 + 4, func() error {
			_, err := b.ProcessTasks(ctx, repo.TaskRun{Job: "all", Size: 50},
				func(context.Context, *queries.Queries, repo.Task) error { return nil })
			return err
		}},
	} {
		b.counter.Reset()
		if err := tc.run(); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if trips := b.counter.RoundTrips(); trips != tc.want {
			t.Errorf("%s: %d round trips, want %d: %q", tc.name, trips, tc.want, b.counter.Statements())
		}
	}
}

func TestTheCountSeesNPlusOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids, err := b.q.ListBookIDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.counter.Reset()
	for _, id := range ids {
		if _, err := b.ReviewsOfBook(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if sent := b.counter.Statements(); len(sent) != len(ids) {
		t.Errorf("a loop over %d books sent %d statements", len(ids), len(sent))
	}
}
