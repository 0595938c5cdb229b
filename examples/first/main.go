// Command first is the program that README begins with: it opens the database
// in DATABASE_URL, which must be a migrated bookstore, and lists the cheapest
// books.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

func main() {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{DSN: os.Getenv("DATABASE_URL"), Statements: queries.Statements})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)

	books, err := repo.New(d, repo.Config{})
	if err != nil {
		log.Fatal(err)
	}
	found, err := books.FindProducts(ctx, repo.ProductFilter{Sort: repo.SortPriceUp, Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range found {
		fmt.Println(p.Title, p.PriceCents)
	}
}
