package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Label returns the label of a value of an enum, which is its OID in trees; empty when
// there is none.
func (c *Catalog) Label(value OID) string { return c.labels[value] }

// Restricted reports whether a type is a domain, or made of one, that does not take
// every value of its base type as it is: it has a CHECK, is NOT NULL, or bounds a length,
// which cuts spaces off.
func (c *Catalog) Restricted(oid OID) bool {
	for t := c.types[oid]; t != nil && t.Kind == 'd'; t = c.types[t.Base] {
		if c.restricted[t.OID] {
			return true
		}
	}
	return false
}

// loadValues reads how texts are stored, the values of enums, and which domains leave some
// out.
func (l *loader) loadValues(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var label string
	if err := tx.QueryRow(ctx, `SELECT getdatabaseencoding() = 'UTF8'`).Scan(&l.UTF8); err != nil {
		return err
	}
	err := each(ctx, tx, `SELECT oid, enumlabel FROM pg_enum`, []any{&oid, &label}, func() { l.labels[oid] = label })
	if err != nil {
		return err
	}
	return each(ctx, tx, `
		SELECT oid FROM pg_type t WHERE typtype = 'd' AND (typnotnull OR typtypmod <> -1 OR EXISTS (SELECT FROM pg_constraint WHERE contypid = t.oid))`,
		[]any{&oid}, func() { l.restricted[oid] = true })
}
