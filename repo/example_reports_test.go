package repo_test

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/internal/seed"
)

// A report is one statement, also for days without a sale.
func ExampleRepo_DailySales() {
	books, done := exampleRepo()
	defer done()
	days, err := books.DailySales(context.Background(), seed.LastDay, 3)
	if err != nil {
		fmt.Println(err)
	}
	for _, d := range days {
		fmt.Println(d.Day.Format("2006-01-02"), d.Sales, d.Copies)
	}
	// Output:
	// 2026-10-29 15 25
	// 2026-10-30 16 27
	// 2026-10-31 15 29
}
