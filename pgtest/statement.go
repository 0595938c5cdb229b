package pgtest

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// statementName returns the name that sqlc gave the statement, else its text.
func statementName(sql string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(sql), "-- name: ")
	if !ok {
		return sql
	}
	name, _, _ := strings.Cut(rest, " ")
	name, _, _ = strings.Cut(name, "\n")
	return name
}

func batchNames(batch *pgx.Batch) []string {
	names := make([]string, len(batch.QueuedQueries))
	for i, q := range batch.QueuedQueries {
		names[i] = statementName(q.SQL)
	}
	return names
}

func copyName(table pgx.Identifier) string { return "COPY " + strings.Join(table, ".") }
