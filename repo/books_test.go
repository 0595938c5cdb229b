package repo_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// cached gives the repository a cache.
func cached(t *testing.T) func(*db.Config, *repo.Config) {
	return func(dbConfig *db.Config, cfg *repo.Config) {
		c, err := cache.New(cache.Config{})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Cache, dbConfig.Invalidator = c, c
	}
}

func TestACachedBookIsReadOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, cached(t))
	b.counter.Reset()
	for range 5 {
		book, err := b.Book(t.Context(), 2)
		if err != nil || book.Title != "The Iliad" {
			t.Fatalf("book %+v, error %v", book, err)
		}
		if list, err := b.Categories(t.Context()); err != nil || len(list) != len(queries.AllBookCategoryValues()) {
			t.Fatalf("categories %v, error %v", list, err)
		}
	}
	if sent := b.counter.Statements(); len(sent) != 2 {
		t.Errorf("sent %q, want each statement once", sent)
	}
}

// Not parallel: other goroutines' allocations would count.
func TestACachedBookAllocatesNothingButTheCopyOfItsTags(t *testing.T) {
	b := setup(t, cached(t))
	ctx := t.Context()
	hit := func() {
		if book, err := b.Book(ctx, 2); err != nil || len(book.Tags) == 0 {
			t.Errorf("book %+v, error %v", book, err)
		}
	}
	hit()
	if n := testing.AllocsPerRun(1000, hit); n != 1 {
		t.Errorf("%v allocations a hit, want 1", n)
	}
}

func TestWithoutACacheEveryReadIsADirectOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.counter.Reset()
	for range 3 {
		if _, err := b.Book(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
	}
	if sent := b.counter.Statements(); len(sent) != 3 {
		t.Errorf("sent %q, want 3 statements", sent)
	}
}

func TestEveryWriteIsSeenByTheNextCachedRead(t *testing.T) {
	t.Parallel()
	b := setup(t, cached(t))
	read := func() (repo.Book, []repo.Category) {
		t.Helper()
		book, err := b.Book(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		list, err := b.Categories(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return book, list
	}
	before, categories := read()

	if err := b.SetPrice(t.Context(), 2, before.PriceCents+1); err != nil {
		t.Fatal(err)
	}
	if after, _ := read(); after.PriceCents != before.PriceCents+1 {
		t.Errorf("price %d after SetPrice, want %d", after.PriceCents, before.PriceCents+1)
	}
	user, err := b.RegisterUser(t.Context(), "a@example.org", "A")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PostReview(t.Context(), 2, user.ID, 5, ""); err != nil {
		t.Fatal(err)
	}
	if after, _ := read(); after.ReviewCount != before.ReviewCount+1 {
		t.Errorf("%d reviews after PostReview, want %d", after.ReviewCount, before.ReviewCount+1)
	}
	if _, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Boz"}, twoBooks); err != nil {
		t.Fatal(err)
	}
	_, after := read()
	i := slices.IndexFunc(categories, func(c repo.Category) bool { return c.Category == queries.BookCategoryClassic })
	if after[i].Books != categories[i].Books+2 {
		t.Errorf("%d classics after AddAuthor, want %d", after[i].Books, categories[i].Books+2)
	}
}

func TestABookThatAppearsIsFoundThoughItsAbsenceWasKept(t *testing.T) {
	t.Parallel()
	b := setup(t, cached(t))
	next := b.scalar(t, "SELECT max(id) + 1 FROM books")
	b.counter.Reset()
	for range 3 {
		if _, err := b.Book(t.Context(), next); !errors.Is(err, repo.ErrNotFound) {
			t.Fatalf("error %v", err)
		}
	}
	if sent := b.counter.Statements(); len(sent) != 1 {
		t.Errorf("sent %q, want the absence to be kept", sent)
	}
	if _, err := b.AddAuthor(t.Context(), repo.NewAuthor{Name: "Boz"}, twoBooks[:1]); err != nil {
		t.Fatal(err)
	}
	if book, err := b.Book(t.Context(), next); err != nil || book.Title != twoBooks[0].Title {
		t.Errorf("book %+v, error %v", book, err)
	}
}

func TestCallersCannotChangeWhatIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t, cached(t))
	book, err := b.Book(t.Context(), 2)
	if err != nil || len(book.Tags) == 0 {
		t.Fatalf("book %+v, error %v", book, err)
	}
	tag := book.Tags[0]
	book.Tags[0] = "scribble"
	list, err := b.Categories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list[0].Books = -1
	if again, err := b.Book(t.Context(), 2); err != nil || again.Tags[0] != tag {
		t.Errorf("tags %v, error %v", again.Tags, err)
	}
	if again, err := b.Categories(t.Context()); err != nil || again[0].Books < 0 {
		t.Errorf("categories %v, error %v", again, err)
	}
}

func TestCachedResultsOfTwoDatabasesAreKeptApart(t *testing.T) {
	t.Parallel()
	one, two := setup(t), setup(t)
	if _, err := two.db.Exec(t.Context(), "UPDATE books SET title = 'The Other Iliad' WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := func(name, dsn string) db.Config {
		return db.Config{Name: name, DSN: dsn, Statements: queries.Statements, Invalidator: c}
	}
	set, err := db.OpenSet(t.Context(), "one", config("one", one.pg.DSN()), config("two", two.pg.DSN()))
	if err != nil {
		t.Fatal(err)
	}
	defer closeSet(t, set)
	r, err := repo.New(set, repo.Config{Cache: c})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for target, title := range map[string]string{"one": "The Iliad", "two": "The Other Iliad"} {
			if book, err := r.Book(db.WithTarget(t.Context(), target), 2); err != nil || book.Title != title {
				t.Errorf("on %s: %q, error %v", target, book.Title, err)
			}
		}
	}
	if s := c.Stats(); s.Hits != 2 || s.Misses != 2 {
		t.Errorf("%d hits and %d misses, want 2 and 2", s.Hits, s.Misses)
	}
	east := db.WithTarget(t.Context(), "one")
	if err := r.SetPrice(east, 2, 1); err != nil {
		t.Fatal(err)
	}
	if book, err := r.Book(east, 2); err != nil || book.PriceCents != 1 {
		t.Errorf("price %d after a write to the same database, error %v", book.PriceCents, err)
	}
	if book, err := r.Book(db.WithTarget(t.Context(), "two"), 2); err != nil || book.PriceCents == 1 || c.Stats().Hits != 3 {
		t.Errorf("price %d, %d hits after a write to another database, error %v", book.PriceCents, c.Stats().Hits, err)
	}
}

func TestSetPriceWritesTheSystemLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	book, err := b.Book(t.Context(), 9)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetPrice(t.Context(), 9, book.PriceCents+100); err != nil {
		t.Fatal(err)
	}
	log, err := b.q.LogOfEntity(t.Context(), "book", 9)
	if err != nil || len(log) != 1 || log[0].Action != "repriced" {
		t.Fatalf("log %v, error %v", log, err)
	}
	if err := b.SetPrice(t.Context(), 1<<40, 1); !errors.Is(err, repo.ErrNotFound) {
		t.Errorf("unknown book: %v", err)
	}
	for _, cents := range []int64{0, -1} {
		refused(t, b.SetPrice(t.Context(), 9, cents), "price")
	}
}

func TestAnUnusableConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cfg := repo.Config{}
	cfg.Txn.MaxAttempts = -1
	if _, err := repo.New(b.db, cfg); err == nil {
		t.Error("negative attempts were accepted")
	}
}
