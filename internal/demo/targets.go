package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// switchDatabases changes a price in an archive, a second database, and lets
// many callers read it in both at once, each by its own context.
func switchDatabases(ctx context.Context, s *stage) (finding string, err error) {
	archiveDSN, drop, err := s.createArchive(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, drop()) }()
	set, err := db.OpenSet(ctx, "shop",
		db.Config{Name: "shop", DSN: s.dsn, MaxConns: poolSize / 2, Statements: queries.Statements},
		db.Config{Name: "archive", DSN: archiveDSN, MaxConns: poolSize / 2, Statements: queries.Statements})
	if err != nil {
		return "", err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, set.Close(ctx))
	}()
	books, err := repo.New(set, repo.Config{})
	if err != nil {
		return "", err
	}
	return s.readBoth(ctx, books)
}

// createArchive makes a second database with the same schema and books.
func (s *stage) createArchive(ctx context.Context) (dsn string, drop func() error, err error) {
	name := s.database + "_archive"
	if dsn, _, err = onDatabase(s.opts.Server.DSN(), name); err != nil {
		return "", nil, err
	}
	if drop, err = s.create(ctx, name); err != nil {
		return "", nil, err
	}
	if err := s.fill(ctx, dsn); err != nil {
		return "", nil, errors.Join(err, drop())
	}
	return dsn, drop, nil
}

// fill migrates a database and loads the books.
func (s *stage) fill(ctx context.Context, dsn string) error {
	if _, err := s.migrate(ctx, dsn, "up"); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, seed.Size{}, func(int) {}) })
}

// readBoth compares what the two databases answer with what they hold.
func (s *stage) readBoth(ctx context.Context, books *repo.Repo) (string, error) {
	archive := db.WithTarget(ctx, "archive")
	book, err := books.Book(ctx, 1)
	if err != nil {
		return "", err
	}
	want := map[string]int64{"shop": book.PriceCents, "archive": book.PriceCents + 100}
	if err := books.SetPrice(archive, 1, want["archive"]); err != nil {
		return "", err
	}
	s.line("%q costs %s in the shop and %s in the archive", book.Title, cents(want["shop"]), cents(want["archive"]))
	targets := []string{"shop", "archive"}
	f := load(ctx, callers, 50, func(ctx context.Context, caller, i int) error {
		target := targets[(caller+i)%2]
		got, err := books.Book(db.WithTarget(ctx, target), 1)
		if err == nil && got.PriceCents != want[target] {
			err = fmt.Errorf("the price in the %s is %s, want %s", target, cents(got.PriceCents), cents(want[target]))
		}
		return err
	})
	s.table([][]string{figuresHeading("READS"), f.row("of two databases")})
	if f.failed > 0 {
		return "", fmt.Errorf("%d reads failed: %w", f.failed, f.firstErr)
	}
	_, err = books.Book(db.WithTarget(ctx, "elsewhere"), 1)
	if !errors.Is(err, db.ErrUnknownTarget) {
		return "", fmt.Errorf("a target that does not exist gave %w", err)
	}
	s.line("%v", err)
	return fmt.Sprintf("%d reads by %d callers, each from the database of its context", f.ok, callers), nil
}
