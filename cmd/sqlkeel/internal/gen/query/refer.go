package query

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// referred reports whether the rows of an entry of q's range table take part only beside
// rows that refer to them by a foreign key. Then a row that is added changes nothing: no
// row refers to it yet. Nor does one that is removed: no row refers to it any more.
//
// What refers may be referred to as well, but not in a circle, of which all rows may be
// added at once.
func (c *columnReader) referred(q, entry *tree.Node) bool {
	for _, by := range c.referring(q, entry) {
		end := by
		for end != nil && end != entry {
			end = c.by[end]
		}
		if end == nil {
			c.by[entry] = by
			return true
		}
	}
	return false
}

// referring returns the entries, of the same FROM or of a query around it, of which each
// row that takes part beside one of the entry refers to it.
func (p *Prover) referring(q, entry *tree.Node) []*tree.Node {
	number := slices.Index(q.List("rtable"), entry) + 1
	target := p.bound(entry)
	if target == nil || !tree.InFrom(q, number) {
		return nil
	}
	var out []*tree.Node
	equations := p.equations(q, fromOf(q))
	for _, e := range equations {
		table := p.outer(q, e.right.up).List("rtable")
		if e.left.entry != number || e.right.entry < 1 || e.right.entry > len(table) || table[e.right.entry-1].Number("rtekind") != tree.Relation {
			continue
		}
		source := p.bound(table[e.right.entry-1])
		for i := 0; source != nil && i < len(source.References); i++ {
			key := source.References[i]
			if key.Target == target.OID && key.Holds && joined(equations, number, e.right, key.Refs, key.Columns) {
				out = append(out, table[e.right.entry-1])
			}
		}
	}
	return out
}

// joined reports whether columns of one entry are equated each with one of another.
func joined(equations []equation, number int, other column, columns, others []int) bool {
	for i, n := range columns {
		left, right := column{number, n, 0}, column{other.entry, others[i], other.up}
		if !slices.ContainsFunc(equations, func(e equation) bool { return e.left == left && e.right == right && e.scope[number] }) {
			return false
		}
	}
	return true
}
