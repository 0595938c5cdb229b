package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// nPlusOne reads every book's reviews a book at a time, and all at once.
func nPlusOne(ctx context.Context, s *stage) (string, error) {
	start := time.Now()
	ids, err := queries.New(s.db).ListBookIDs(ctx)
	if err != nil {
		return "", err
	}
	apart := 0
	for _, id := range ids {
		reviews, err := s.repo.ReviewsOfBook(ctx, id)
		if err != nil {
			return "", err
		}
		apart += len(reviews)
	}
	loop := time.Since(start)
	s.line("a statement a book:  %d round trips, %d reviews, %v", len(ids)+1, apart, brief(loop))
	start = time.Now()
	books, err := s.repo.BooksWithReviews(ctx)
	if err != nil {
		return "", err
	}
	once, together := time.Since(start), 0
	for _, b := range books {
		together += len(b.Reviews)
	}
	s.line("one statement:       1 round trip, %d reviews, %v", together, brief(once))
	far := loop + time.Duration(len(ids)+1)*time.Millisecond // arithmetic, not a measurement
	s.line("every round trip costs the network's latency: 1ms more of it makes that %v and %v", brief(far), brief(once+time.Millisecond))
	if apart != together || len(books) != len(ids) {
		return "", fmt.Errorf("one statement found %d reviews of %d books, the loop %d of %d", together, len(books), apart, len(ids))
	}
	return fmt.Sprintf("%d round trips in %v, 1 in %v; 1ms more latency makes that %v and %v",
		len(ids)+1, brief(loop), brief(once), brief(far), brief(once+time.Millisecond)), nil
}

// cachedReads reads the same books with and without a cache, and changes one
// in between.
func cachedReads(ctx context.Context, s *stage) (string, error) {
	kept := s.cached
	read := func(r *repo.Repo) func(context.Context, int, int) error {
		return func(ctx context.Context, caller, i int) error {
			_, err := r.Book(ctx, int64((caller+i)%50+1))
			return err
		}
	}
	direct, cached := load(ctx, callers, 100, read(s.repo)), load(ctx, callers, 100, read(kept))
	stats := s.results.Stats()
	s.table([][]string{figuresHeading("READS"), direct.row("direct"), cached.row("cached")})
	s.line("%d hits, %d misses, %d loads", stats.Hits, stats.Misses, stats.Loads)
	book, err := kept.Book(ctx, 1)
	if err != nil {
		return "", err
	}
	if err := kept.SetPrice(ctx, 1, book.PriceCents+1); err != nil {
		return "", err
	}
	again, err := kept.Book(ctx, 1)
	if err != nil {
		return "", err
	}
	s.line("price of %q was %s, is %s after a write", again.Title, cents(book.PriceCents), cents(again.PriceCents))
	switch {
	case direct.failed+cached.failed > 0:
		return "", fmt.Errorf("%d reads failed: %w", direct.failed+cached.failed, errors.Join(direct.firstErr, cached.firstErr))
	case again.PriceCents != book.PriceCents+1:
		return "", fmt.Errorf("a stale price of %s was served", cents(again.PriceCents))
	case stats.Hits == 0:
		return "", fmt.Errorf("the cache was never hit")
	}
	return fmt.Sprintf("%.0f reads/s direct, %.0f cached (%d loads); a write was seen at once",
		direct.perSecond(), cached.perSecond(), stats.Loads), nil
}
