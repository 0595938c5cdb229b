package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
)

type book struct {
	Title string
	Cents int64
}

// The loader is called on a miss only, and again after the table it reads from
// was written.
func Example() {
	ctx := context.Background()
	c, err := cache.New(cache.Config{TTL: time.Minute, Jitter: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	books, err := cache.NewView[int64](c, cache.ViewConfig[book]{Name: "book by id", Tables: []string{"books"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	price := int64(1200)
	load := func(context.Context, int64) (book, error) {
		fmt.Println("query the database")
		return book{"The Iliad", price}, nil
	}
	for range 2 {
		b, err := books.Get(ctx, "main", 2, load)
		fmt.Println(b.Title, b.Cents, err)
	}
	price = 1300 // the write; its commit comes first
	c.InvalidateTables("main", "books")
	b, err := books.Get(ctx, "main", 2, load)
	fmt.Println(b.Title, b.Cents, err)

	s := c.Stats()
	fmt.Println(s.Hits, "hit,", s.Misses, "misses")
	// Output:
	// query the database
	// The Iliad 1200 <nil>
	// The Iliad 1200 <nil>
	// query the database
	// The Iliad 1300 <nil>
	// 1 hit, 2 misses
}

// With a nil *Cache a program has no cache and needs no other code.
func ExampleNewView_off() {
	var off *cache.Cache
	books, err := cache.NewView[int64](off, cache.ViewConfig[book]{Name: "book by id", Tables: []string{"books"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		b, err := books.Get(context.Background(), "main", 2, func(context.Context, int64) (book, error) {
			fmt.Println("query the database")
			return book{Title: "The Iliad"}, nil
		})
		fmt.Println(b.Title, err)
	}
	// Output:
	// query the database
	// The Iliad <nil>
	// query the database
	// The Iliad <nil>
}

// That a row does not exist is worth keeping too.
func ExampleViewConfig_notFound() {
	errNoRows := errors.New("no rows")
	c, err := cache.New(cache.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	books, err := cache.NewView[int64](c, cache.ViewConfig[book]{
		Name: "book by id", Tables: []string{"books"},
		NotFound: func(err error) bool { return errors.Is(err, errNoRows) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		_, err := books.Get(context.Background(), "main", 404, func(context.Context, int64) (book, error) {
			fmt.Println("query the database")
			return book{}, errNoRows
		})
		fmt.Println(err)
	}
	// Output:
	// query the database
	// no rows
	// no rows
}

// Results that hold slices or maps may be handed out as copies.
func ExampleViewConfig_clone() {
	c, err := cache.New(cache.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	tags, err := cache.NewView[int64](c, cache.ViewConfig[[]string]{Name: "tags", Tables: []string{"books"}, Clone: slices.Clone[[]string]})
	if err != nil {
		fmt.Println(err)
		return
	}
	load := func(context.Context, int64) ([]string, error) { return []string{"epic", "greek"}, nil }
	mine, err := tags.Get(context.Background(), "main", 2, load)
	if err != nil {
		fmt.Println(err)
		return
	}
	mine[0] = "changed"
	yours, err := tags.Get(context.Background(), "main", 2, load)
	fmt.Println(yours, err)
	// Output: [epic greek] <nil>
}

// Arguments that do not compare by value are refused when the view is made.
func ExampleConfigError() {
	type search struct {
		Fragment string
		MinPrice *int64
	}
	_, err := cache.NewView[search](nil, cache.ViewConfig[[]book]{Name: "search", Tables: []string{"books"}})
	var bad *cache.ConfigError
	if errors.As(err, &bad) {
		fmt.Println(bad.Package, bad.Field)
	}
	// Output: cache: view "search" args.MinPrice
}
