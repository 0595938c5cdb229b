package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/migrate"
	"github.com/sqlkeel/sqlkeel/migrations"
)

// upAndDown applies the migrations, takes all of them back, and applies them
// again.
func upAndDown(ctx context.Context, s *stage) (string, error) {
	files, err := apply(ctx, s.dsn)
	if err != nil {
		return "", err
	}
	for _, file := range files {
		s.line("%s", file)
	}
	if err := s.takeBack(ctx, len(files)); err != nil {
		return "", err
	}
	again, err := apply(ctx, s.dsn)
	if err != nil {
		return "", fmt.Errorf("up again: %w", err)
	}
	if len(again) != len(files) {
		return "", fmt.Errorf("up again applied %d migrations, want %d", len(again), len(files))
	}
	if again, err = apply(ctx, s.dsn); err != nil {
		return "", err
	}
	if len(again) != 0 {
		return "", fmt.Errorf("a further run applied %d migrations again", len(again))
	}
	return fmt.Sprintf("%d applied under a lock, taken back and applied again; a further run had nothing to do", len(files)), nil
}

// apply applies the pending migrations to a database and returns their files.
func apply(ctx context.Context, dsn string) (files []string, err error) {
	m, err := migrate.New(migrate.Config{DSN: dsn, FS: migrations.FS})
	if err != nil {
		return nil, err
	}
	run, err := m.Up(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range run.Steps {
		files = append(files, step.File)
	}
	return files, nil
}

// takeBack rolls back the last n migrations, and fails unless the schema is
// empty then.
func (s *stage) takeBack(ctx context.Context, n int) error {
	m, err := migrate.New(migrate.Config{DSN: s.dsn, FS: migrations.FS})
	if err != nil {
		return err
	}
	for range n {
		if _, err := m.Down(ctx); err != nil {
			return fmt.Errorf("down: %w", err)
		}
	}
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var left int
	err = conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose_db_version%')
		+ (SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd'))
		+ (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)`).Scan(&left)
	if err != nil {
		return err
	}
	s.line("%d taken back, the last one first; %d relations, types and functions are left", n, left)
	if left != 0 {
		return fmt.Errorf("%d relations, types and functions are left after all migrations were taken back", left)
	}
	return nil
}
