package query

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// AnyColumn stands for a relation's columns whichever they are: its whole row is a value,
// or where the row is.
const AnyColumn = 0

// Columns returns the numbers of the columns of which a query speaks, for each relation
// that it names, views and what is in them too. They are nil when something is not
// understood. alone are the relations whose rows matter by themselves: a row of the others
// takes part only beside one that refers to it.
func (p *Prover) Columns(q *tree.Node) (of map[catalog.OID]map[int]bool, alone map[catalog.OID]bool) {
	c := &columnReader{Prover: p, of: map[catalog.OID]map[int]bool{}, alone: map[catalog.OID]bool{}, by: map[*tree.Node]*tree.Node{}, views: map[catalog.OID]bool{}}
	c.read(q, tree.Value{Node: q})
	if c.lost {
		return nil, nil
	}
	return c.of, c.alone
}

// columnReader collects from one statement.
type columnReader struct {
	*Prover
	of    map[catalog.OID]map[int]bool
	alone map[catalog.OID]bool
	by    map[*tree.Node]*tree.Node // of an entry of a range table, the one that refers to it
	views map[catalog.OID]bool      // that were gone into
	lost  bool
}

// read goes through a part of a query.
func (c *columnReader) read(q *tree.Node, v tree.Value) {
	v.Walk(func(n *tree.Node) bool {
		switch {
		case n.Is("QUERY") && n != q:
			c.read(n, tree.Value{Node: n})
			return false
		case n.Is("VAR"):
			c.variable(c.outer(q, n.Number("varlevelsup")), n)
		case n.Is("RANGETBLENTRY"):
			c.entry(q, n)
			return false
		}
		return true
	})
}

// entry notes a relation. The columns of a join are read where they are spoken of.
func (c *columnReader) entry(q, entry *tree.Node) {
	if oid := entry.OID("relid"); entry.Number("rtekind") == tree.Relation {
		c.add(oid)
		c.alone[oid] = !c.referred(q, entry) || c.alone[oid]
		if entry.Child("tablesample") != nil {
			c.add(oid, AnyColumn) // which rows it takes is decided by where they are
		}
		c.view(oid)
	}
	for _, f := range entry.Fields {
		if f.Name == "joinaliasvars" {
			continue
		}
		for _, v := range f.Values {
			c.read(q, v)
		}
	}
}

// view goes into a view's query, once.
func (c *columnReader) view(oid catalog.OID) {
	if !c.isView(oid) || c.views[oid] {
		return
	}
	c.views[oid] = true
	inside := c.Prover.view(oid)
	if inside == nil {
		c.lost = true
		return
	}
	c.read(inside, tree.Value{Node: inside})
}

// variable notes a column of an entry of a query's range table.
func (c *columnReader) variable(of, n *tree.Node) {
	table, number, column := of.List("rtable"), n.Number("varno"), n.Number("varattno")
	if number < 1 || number > len(table) {
		c.lost = true
		return
	}
	switch entry := table[number-1]; entry.Number("rtekind") {
	case tree.Relation:
		c.add(entry.OID("relid"), max(column, AnyColumn))
	case tree.Join:
		columns := entry.Value("joinaliasvars").List
		if column > 0 && column <= len(columns) {
			c.read(of, columns[column-1])
			return
		}
		for _, e := range table {
			if e.Number("rtekind") == tree.Relation {
				c.add(e.OID("relid"), AnyColumn)
			}
		}
	}
}

// add notes columns of a relation. Without any it notes the relation.
func (c *columnReader) add(oid catalog.OID, columns ...int) {
	if c.of[oid] == nil {
		c.of[oid] = map[int]bool{}
	}
	for _, n := range columns {
		c.of[oid][n] = true
	}
}
