package tree

import "slices"

// Rows finds the subqueries whose whole rows are used as values, as in json_agg(x)
// where x is a subquery, and notes them at those values: their type says only that
// they are records.
func Rows(v Value) { rows(v, nil) }

func rows(v Value, around []*Node) {
	v.Walk(func(n *Node) bool {
		switch {
		case n.Is("QUERY") && (len(around) == 0 || around[0] != n):
			rows(Value{Node: n}, append([]*Node{n}, around...))
			return false
		case n.Is("VAR") && n.Number("varattno") == 0 && n.OID("vartype") == Record:
			if up := n.Number("varlevelsup"); up < len(around) {
				n.Row = subqueryAt(around[up:], n.Number("varno"))
			}
		}
		return true
	})
}

// subqueryAt returns the subquery or WITH query that is an entry of the range
// table of the first query; the others are those around it.
func subqueryAt(around []*Node, number int) *Node {
	table := around[0].List("rtable")
	if number < 1 || number > len(table) {
		return nil
	}
	entry := table[number-1]
	if entry.Number("rtekind") != CTE {
		return entry.Child("subquery")
	}
	up := entry.Number("ctelevelsup")
	if up >= len(around) {
		return nil
	}
	list := around[up].List("cteList")
	i := slices.IndexFunc(list, func(c *Node) bool { return c.Atom("ctename") == entry.Atom("ctename") })
	if i < 0 || !list[i].Child("ctequery").Is("QUERY") || list[i].Child("ctequery").Number("commandType") != Select {
		return nil
	}
	return list[i].Child("ctequery")
}
