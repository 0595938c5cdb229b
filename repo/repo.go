package repo

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/txn"
)

// MaxRows is the highest limit that a list operation takes.
const MaxRows = 1000

// Database is what a repository stands on: a [*db.DB], or a [*db.Set] that
// chooses one by ctx. It should be opened with queries.Statements, and for a cache
// with that as its Invalidator.
type Database interface {
	queries.DBTX
	txn.Beginner
}

// Config is how a repository works. The zero Config is a good one.
type Config struct {
	// Cache caches the results of the statements that are annotated for it, those of
	// [Repo.Book] and [Repo.Categories]. The database must be opened with the same cache
	// as its Invalidator. Default nil: every call reads the database.
	Cache *cache.Cache
	// Txn is how transactions are retried. Default: [txn.Config]'s defaults.
	Txn txn.Config
}

// Repo is the bookstore's repository. It is safe for concurrent use and holds
// nothing that needs closing.
type Repo struct {
	db  Database
	txn *txn.Runner
	q   *queries.Cached
}

// New returns a repository on d. The error is a setting that does not fit.
func New(d Database, cfg Config) (*Repo, error) {
	runner, err := txn.New(d, cfg.Txn)
	if err != nil {
		return nil, fmt.Errorf("repo: %w", err)
	}
	return &Repo{db: d, txn: runner, q: queries.NewCached(queries.New(d), cfg.Cache)}, nil
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
