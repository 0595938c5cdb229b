package repo_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// bench is a repository on a seeded bookstore of its own, with everything a
// test looks at from outside.
type bench struct {
	*repo.Repo
	db      *db.DB
	q       *queries.Queries // past the repository
	counter *pgtest.Counter  // of what went over the wire
	pg      *pgtest.DB
}

// setup gives the test a bookstore seeded with seed.Small.
func setup(t *testing.T, change ...func(*db.Config, *repo.Config)) bench {
	t.Helper()
	return open(t, pgtest.New(t, pgtest.WithMigrations(migrations.FS), pgtest.WithSeed("small", load)), change...)
}

// open opens a repository on a database that is there.
func open(t *testing.T, pg *pgtest.DB, change ...func(*db.Config, *repo.Config)) bench {
	t.Helper()
	counter := pgtest.NewCounter()
	dbConfig, repoConfig := db.Config{DSN: pg.DSN(), Tracer: counter.Tracer(), MaxConns: 8, Statements: queries.Statements}, repo.Config{}
	for _, c := range change {
		c(&dbConfig, &repoConfig)
	}
	d, err := db.Open(t.Context(), dbConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if n := d.Health().Pool.InUse; n != 0 {
			t.Errorf("%d connections are still in use", n)
		}
		if err := d.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	r, err := repo.New(d, repoConfig)
	if err != nil {
		t.Fatal(err)
	}
	return bench{Repo: r, db: d, q: queries.New(d), counter: counter, pg: pg}
}

func load(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, seed.Small, nil) })
}

// books returns the whole catalogue, which the tests filter in Go to know what
// a search must find.
func (b bench) books(t *testing.T) []repo.Book {
	t.Helper()
	ids, err := b.q.ListBookIDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	books := make([]repo.Book, len(ids))
	for i, id := range ids {
		if books[i], err = b.q.GetBook(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return books
}

// ptr is the address of v.
func ptr[T any](v T) *T { return &v }

// scalar runs a query past the repository that gives one number.
func (b bench) scalar(t *testing.T, sql string, args ...any) (n int64) {
	t.Helper()
	if err := b.db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// text is scalar for a text.
func (b bench) text(t *testing.T, sql string, args ...any) (s string) {
	t.Helper()
	if err := b.db.QueryRow(t.Context(), sql, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func closeSet(t *testing.T, set *db.Set) {
	t.Helper()
	if err := set.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
}
