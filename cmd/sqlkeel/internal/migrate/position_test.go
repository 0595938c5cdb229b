package migrate

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestPositionUsesTheBestThatTheServerTells(t *testing.T) {
	t.Parallel()
	const block = "DO $x$\nBEGIN\n  SELECT \u00e9;\nEND $x$;"
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"not from the server", errors.New("x"), 1},
		{"nothing told", &pgconn.PgError{}, 1},
		{"a position", &pgconn.PgError{Position: 9, Where: "inline_code_block line 3"}, 9},
		{"an inner query that stands in the text", &pgconn.PgError{InternalPosition: 8, InternalQuery: "SELECT \u00e9"}, 23},
		{"an inner query that stands there more than once", &pgconn.PgError{InternalPosition: 1, InternalQuery: "E"}, 1},
		{"an inner query that does not", &pgconn.PgError{InternalPosition: 1, InternalQuery: "SELECT 2"}, 1},
		{"an inner query that does not, and a line", &pgconn.PgError{InternalPosition: 1, InternalQuery: "SELECT 2", Where: "PL/pgSQL function inline_code_block line 3 at RAISE"}, 16},
		{"a line in another language", &pgconn.PgError{Where: "PL/pgSQL-Funktion inline_code_block Zeile 2 bei RAISE"}, 8},
		{"a line of another function", &pgconn.PgError{Where: "PL/pgSQL function f() line 3 at RAISE"}, 1},
		{"the outer of two", &pgconn.PgError{Where: "PL/pgSQL function f() line 1 at RAISE\nPL/pgSQL function inline_code_block line 3 at SQL statement"}, 16},
		{"a line past the end", &pgconn.PgError{Where: "inline_code_block line 99"}, 1},
		{"a line that is no number", &pgconn.PgError{Where: "inline_code_block line 99999999999999999999"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := position(block, tc.err); got != tc.want {
				t.Errorf("position = %d, want %d", got, tc.want)
			}
		})
	}
	if got := position("SELECT 1", &pgconn.PgError{Where: "inline_code_block line 1"}); got != 1 {
		t.Errorf("without a block: %d", got)
	}
}
