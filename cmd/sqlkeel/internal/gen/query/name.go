package query

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Column is a column of an entry of a query's range table.
type Column struct{ Entry, Number int }

// Column returns the column of the query's own FROM that an expression is. A column
// of a join is that of one of its sides.
func (p *Prover) Column(q, n *tree.Node) (Column, bool) {
	c, ok := p.column(q, n)
	return Column{c.entry, c.number}, ok && c.up == 0
}

// Name returns what a query calls an entry of its range table.
func Name(q *tree.Node, entry int) string {
	return q.List("rtable")[entry-1].Child("eref").Text("aliasname")
}

// ColumnName returns what a query calls a column.
func ColumnName(q *tree.Node, c Column) string {
	names := q.List("rtable")[c.Entry-1].Child("eref").Texts("colnames")
	if c.Number > len(names) {
		return ""
	}
	return names[c.Number-1]
}

// Origin returns the table and the column of it that a column shows, perhaps through
// subqueries and views; nil when it shows none.
func (p *Prover) Origin(q *tree.Node, c Column) (*catalog.Relation, *catalog.Column) {
	for range maxNesting {
		sub := p.source(q, c.Entry)
		if sub == nil {
			r := p.cat.Relations[tree.RelationAt(q, c.Entry)]
			if r == nil {
				return nil, nil
			}
			return r, r.Numbered(c.Number)
		}
		t := output(sub, c.Number)
		inside, ok := p.Column(sub, t.Child("expr"))
		if !ok || sub.Child("setOperations") != nil {
			return nil, nil
		}
		q, c = sub, inside
	}
	return nil, nil
}
