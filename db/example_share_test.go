package db_test

import (
	"fmt"
	"log"
	"sync"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// A hundred callers read by key through two connections, which services of generated
// code do by Config.Statements alone.
func ExampleConfig_shareReads() {
	const title = "SELECT title FROM books WHERE id = $1"
	dsn, done := database("CREATE TABLE books (id int PRIMARY KEY, title text)", "INSERT INTO books VALUES (1, 'Emma'), (2, 'Villette')")
	defer done()
	d, err := db.Open(ctx, db.Config{
		DSN: dsn, MaxConns: 2,
		Statements: stmt.Declare(title, stmt.Effects{Reads: []string{"books"}, ReadOnly: true, Unique: true}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close(ctx)
	for d.Health().Pool.SharedReads == 0 { // until some of them met
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				var got string
				if err := d.QueryRow(ctx, title, i%2+1).Scan(&got); err != nil || got != []string{"Emma", "Villette"}[i%2] {
					log.Fatal(got, err)
				}
			})
		}
		callers.Wait()
	}
	pool := d.Health().Pool
	fmt.Println("fewer round trips than reads:", pool.SharedBatches < pool.SharedReads)
	// Output: fewer round trips than reads: true
}
