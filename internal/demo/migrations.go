package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// upAndDown applies the migrations, takes all of them back, and applies them
// again.
func upAndDown(ctx context.Context, s *stage) (string, error) {
	files, err := s.migrate(ctx, s.dsn, "up")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		s.line("%s", file)
	}
	if err := s.takeBack(ctx, len(files)); err != nil {
		return "", err
	}
	again, err := s.migrate(ctx, s.dsn, "up")
	if err != nil {
		return "", fmt.Errorf("again: %w", err)
	}
	if len(again) != len(files) {
		return "", fmt.Errorf("up again applied %d migrations, want %d", len(again), len(files))
	}
	if again, err = s.migrate(ctx, s.dsn, "up"); err != nil {
		return "", err
	}
	if len(again) != 0 {
		return "", fmt.Errorf("a further run applied %d migrations again", len(again))
	}
	return fmt.Sprintf("%d applied under a lock, taken back and applied again; a further run had nothing to do", len(files)), nil
}

// migrate runs sqlkeel migrate with the bookstore's migrations on a database and
// returns the files that it applied or rolled back.
func (s *stage) migrate(ctx context.Context, dsn, direction string) (files []string, err error) {
	out, err := s.runTool(ctx, dsn, "migrate", direction, "--json")
	if err != nil {
		return nil, err
	}
	var run struct {
		Steps []struct{ File string }
	}
	if err := json.Unmarshal(out, &run); err != nil {
		return nil, fmt.Errorf("sqlkeel migrate %s: its output: %w", direction, err)
	}
	for _, step := range run.Steps {
		files = append(files, step.File)
	}
	return files, nil
}

// takeBack rolls back the last n migrations, and fails unless the schema is
// empty then.
func (s *stage) takeBack(ctx context.Context, n int) error {
	for range n {
		if _, err := s.migrate(ctx, s.dsn, "down"); err != nil {
			return err
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
