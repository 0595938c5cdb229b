package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/sqlkeel/sqlkeel/queries"
)

// MaxDays is the longest report.
const MaxDays = 3660

// DailySale is one day of [Repo.DailySales].
type DailySale = queries.DailySalesRow

// DailySales reports the last days up to and including the day of until, the
// oldest first. Days are days in UTC; a day without a sale is there with
// zeros. One round trip.
func (r *Repo) DailySales(ctx context.Context, until time.Time, days int) ([]DailySale, error) {
	var c checks
	c.that(days >= 1 && days <= MaxDays, "days", "must be between 1 and %d, is %d", MaxDays, days)
	c.time("until", until)
	if err := c.err(); err != nil {
		return nil, fmt.Errorf("daily sales: %w", err)
	}
	list, err := r.q.DailySales(ctx, int32(days), day(until))
	return list, wrap("daily sales", err)
}

// TopProduct is one line of [Repo.TopProducts].
type TopProduct = queries.TopProductsRow

// TopProducts lists the products by revenue, the best first, of the sales from
// since up to but not including until. One round trip.
func (r *Repo) TopProducts(ctx context.Context, since, until time.Time, limit int) ([]TopProduct, error) {
	var c checks
	c.limit(limit)
	c.time("since", since)
	c.time("until", until)
	c.that(since.Before(until), "since", "must be before until")
	if err := c.err(); err != nil {
		return nil, fmt.Errorf("top products: %w", err)
	}
	list, err := r.q.TopProducts(ctx, int32(limit), since, until)
	return list, wrap("top products", err)
}

// day is the day of t in UTC, at midnight.
func day(t time.Time) time.Time {
	return t.UTC().Truncate(24 * time.Hour)
}
