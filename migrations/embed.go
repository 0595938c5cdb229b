// Package migrations holds the bookstore's schema: goose migrations, named
// NNNNN_name.sql, applied in the order of their numbers. They are the only
// truth about the schema; sqlc reads the same files.
package migrations

import "embed"

// FS holds the migration files at its root.
//
//go:embed *.sql
var FS embed.FS
