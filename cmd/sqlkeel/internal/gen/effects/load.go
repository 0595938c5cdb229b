package effects

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// loadPath finds the schemas in which the role looks for names.
func (a *Analyzer) loadPath(ctx context.Context) error {
	tx, err := a.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if a.role != "" {
		if _, err := tx.Exec(ctx, "SET LOCAL ROLE "+quote(a.role)); err != nil {
			return err
		}
		// A role may have a search_path of its own, of which that for this database
		// counts more.
		_, err := tx.Exec(ctx, `
			SELECT set_config('search_path', substr(c, 13), true)
			FROM (SELECT c FROM pg_db_role_setting s, unnest(s.setconfig) c
			      WHERE s.setrole = $1::text::regrole AND c LIKE 'search\_path=%' AND
			            s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
			      ORDER BY s.setdatabase DESC LIMIT 1) c`, quote(a.role))
		if err != nil {
			return err
		}
	}
	var schemas []string
	if err := tx.QueryRow(ctx, `SELECT current_schemas(false)::text[]`).Scan(&schemas); err != nil {
		return err
	}
	for i, s := range schemas {
		schemas[i] = quote(s)
	}
	a.path = strings.Join(schemas, ", ")
	if a.path == "" {
		a.path = "''"
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
