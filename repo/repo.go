package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/txn"
)

// MaxRows is the highest limit that a list operation takes.
const MaxRows = 1000

// Database is what a repository stands on: a [*db.DB], or a [*db.Set] that
// chooses one by ctx. It should be opened with queries.Statements, and for a cache
// with [Invalidator].
type Database interface {
	queries.DBTX
	txn.Beginner
	// Target names the database that ctx chooses; cached results are kept apart
	// by it.
	Target(ctx context.Context) string
}

// Config is how a repository works. The zero Config is a good one.
type Config struct {
	// Cache caches the results of [Repo.Book] and [Repo.Categories]. The database must
	// be opened with [Invalidator] of the same cache. Default nil: every call reads the
	// database.
	Cache *cache.Cache
	// CacheTTL bounds the age of a cached result. Writes through the database drop
	// what they change at once; the bound is for writes made elsewhere.
	// Default 30 s, also for 0.
	CacheTTL time.Duration
	// Txn is how transactions are retried. Default: [txn.Config]'s defaults.
	Txn txn.Config
}

// Repo is the bookstore's repository. It is safe for concurrent use and holds
// nothing that needs closing.
type Repo struct {
	db  Database
	txn *txn.Runner
	q   *queries.Queries

	book           *cache.View[int64, Book]
	categories     *cache.View[struct{}, []Category]
	loadBook       func(context.Context, int64) (Book, error)
	loadCategories func(context.Context, struct{}) ([]Category, error)
}

// New returns a repository on d. The error is a setting that does not fit.
func New(d Database, cfg Config) (*Repo, error) {
	runner, err := txn.New(d, cfg.Txn)
	if err != nil {
		return nil, fmt.Errorf("repo: %w", err)
	}
	r := &Repo{db: d, txn: runner, q: queries.New(d)}
	if err := r.openViews(cfg); err != nil {
		return nil, fmt.Errorf("repo: %w", err)
	}
	return r, nil
}

// wrap names the operation in front of err.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}

// one is wrap for an operation on the one thing that id names.
func one(op string, id any, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s %v: %w", op, id, ErrNotFound)
	}
	return wrap(op, err)
}
