package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// domain is what a domain's expressions use.
type domain struct {
	checks []string // trees that are run when a value is made, wherever that is
	preset []string // that of its default, for columns that have none
}

// loadDomains reads the checks and defaults of domains.
func (l *loader) loadDomains(ctx context.Context, tx pgx.Tx) error {
	l.domains = map[OID]domain{}
	var oid OID
	var tree string
	var check bool
	return each(ctx, tx, `
		SELECT contypid, conbin::text, true FROM pg_constraint WHERE contypid >= 16384 AND conbin IS NOT NULL
		UNION ALL SELECT oid, typdefaultbin::text, false FROM pg_type WHERE typtype = 'd' AND oid >= 16384 AND typdefaultbin IS NOT NULL`,
		[]any{&oid, &tree, &check}, func() {
			d := l.domains[oid]
			if check {
				d.checks = append(d.checks, tree)
			} else {
				d.preset = append(d.preset, tree)
			}
			l.domains[oid] = d
		})
}

// Checks returns what runs when a value of a type is made: the checks of the domain
// that it is, and of those that are its elements or columns.
func (c *Catalog) Checks(oid OID) *Uses {
	if u := c.checks[oid]; u != nil {
		return u
	}
	u := NewUses()
	c.checks[oid] = u // a check may cast to a type that holds the domain
	c.within(oid, func(t OID) {
		u.Add(c.usesOf(c.domains[t].checks...))
	})
	u.Columns = nil
	return u
}
