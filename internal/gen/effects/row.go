package effects

import "slices"

// rows finds the subqueries whose whole rows are used as values, as in json_agg(x)
// where x is a subquery, and notes them at those values: their type says only that
// they are records.
func rows(tree value, around []*node) {
	tree.walk(func(n *node) bool {
		switch {
		case n.is("QUERY") && (len(around) == 0 || around[0] != n):
			rows(value{node: n}, append([]*node{n}, around...))
			return false
		case n.is("VAR") && n.number("varattno") == 0 && n.oid("vartype") == recordOID:
			if up := n.number("varlevelsup"); up < len(around) {
				n.row = subqueryAt(around[up:], n.number("varno"))
			}
		}
		return true
	})
}

// subqueryAt returns the subquery or WITH query that is an entry of the range
// table of the first query; the others are those around it.
func subqueryAt(around []*node, number int) *node {
	table := around[0].list("rtable")
	if number < 1 || number > len(table) {
		return nil
	}
	entry := table[number-1]
	if entry.number("rtekind") != rteCTE {
		return entry.child("subquery")
	}
	up := entry.number("ctelevelsup")
	if up >= len(around) {
		return nil
	}
	list := around[up].list("cteList")
	i := slices.IndexFunc(list, func(c *node) bool { return c.atom("ctename") == entry.atom("ctename") })
	if i < 0 || !list[i].child("ctequery").is("QUERY") || list[i].child("ctequery").number("commandType") != cmdSelect {
		return nil
	}
	return list[i].child("ctequery")
}
