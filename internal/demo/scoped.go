package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// errChangedMind is what a function returns that does not finish.
var errChangedMind = errors.New("the function changed its mind")

// scopedConnection takes one connection for several statements that need the
// same session, and shows that nothing of it is left to later callers.
func scopedConnection(ctx context.Context, s *stage) (string, error) {
	const wanted = 10
	picked, zone := 0, ""
	err := s.db.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		err := execAll(ctx, conn, "SET TimeZone = 'Pacific/Apia'",
			fmt.Sprintf("CREATE TEMPORARY TABLE picked AS SELECT id FROM books ORDER BY id LIMIT %d", wanted))
		if err != nil {
			return err
		}
		return conn.QueryRow(ctx, "SELECT count(*), current_setting('TimeZone') FROM books JOIN picked USING (id)").Scan(&picked, &zone)
	})
	if err != nil {
		return "", err
	}
	s.line("in the scope: time zone %s, %d books in a temporary table", zone, picked)
	if picked != wanted {
		return "", fmt.Errorf("the temporary table has %d books, want %d", picked, wanted)
	}
	err = s.db.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return errors.Join(execAll(ctx, conn, "SET TimeZone = 'Pacific/Apia'", "BEGIN"), errChangedMind)
	})
	if !errors.Is(err, errChangedMind) {
		return "", fmt.Errorf("a function that failed gave %w", err)
	}
	f := load(ctx, callers, 10, func(ctx context.Context, _, _ int) error { return s.isClean(ctx) })
	s.table([][]string{figuresHeading("AFTERWARDS"), f.row("clean sessions")})
	if f.failed > 0 {
		return "", fmt.Errorf("%d sessions were not clean: %w", f.failed, f.firstErr)
	}
	if n := s.db.Health().Pool.InUse; n != 0 {
		return "", fmt.Errorf("%d connections are still in use", n)
	}
	return "settings, a temporary table and an open transaction ended with their scope", nil
}

func execAll(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// isClean asks a connection of the pool whether it still has what a scope set up.
func (s *stage) isClean(ctx context.Context) error {
	var zone string
	var table bool
	err := s.db.QueryRow(ctx, "SELECT current_setting('TimeZone'), to_regclass('picked') IS NOT NULL").Scan(&zone, &table)
	if err == nil && (zone == "Pacific/Apia" || table) {
		err = fmt.Errorf("time zone %s, temporary table: %v", zone, table)
	}
	return err
}
