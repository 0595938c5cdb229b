package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// domain is what a domain's expressions use.
type domain struct {
	checks Dependency // run when a value is made, wherever that is
	preset Dependency // of its default, for columns that have none
}

// loadDomains reads the checks and defaults of domains.
func (l *loader) loadDomains(ctx context.Context, tx pgx.Tx) error {
	l.domains = map[OID]domain{}
	var oid OID
	var tree string
	var check bool
	return each(ctx, tx, `
		SELECT contypid, conbin::text, true FROM pg_constraint WHERE contypid >= 16384 AND conbin IS NOT NULL
		UNION ALL SELECT oid, typdefaultbin::text, false FROM pg_type WHERE typtype = 'd' AND typdefaultbin IS NOT NULL`,
		[]any{&oid, &tree, &check}, func() {
			d, found := l.domains[oid], l.Tree(tree)
			if check {
				d.checks.add(found)
				l.casts = append(l.casts, found.Functions...)
			} else {
				d.preset.add(found)
			}
			l.domains[oid] = d
		})
}

// Checks returns the functions that run when a value of a type is made: for the
// domain that it is, and for those that are its elements or columns. Those of
// PostgreSQL's own are among them when they are volatile.
func (c *Catalog) Checks(oid OID) []OID {
	var out []OID
	c.within(oid, func(t OID) { out = append(out, c.domains[t].checks.Functions...) })
	return out
}

// within visits a type and all that it is made of.
func (c *Catalog) within(oid OID, visit func(OID)) {
	seen := map[OID]bool{}
	var down func(OID)
	down = func(oid OID) {
		t := c.types[oid]
		if t == nil || seen[oid] {
			return
		}
		seen[oid] = true
		visit(oid)
		down(t.element)
		for _, column := range c.relationColumns(t.relation) {
			down(column.Type)
		}
	}
	down(oid)
}
