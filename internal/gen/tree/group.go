package tree

// Ungroup puts back what is grouped by where a query's output and HAVING speak of
// it by an entry of the range table, as versions before 18 have it. It changes the
// tree and returns it.
func Ungroup(v Value) Value {
	for _, q := range v.Queries() {
		for i, entry := range q.List("rtable") {
			if entry.Number("rtekind") == Group {
				replace(q, i+1, entry.List("groupexprs"))
			}
		}
	}
	return v
}

func replace(q *Node, number int, by []*Node) {
	for _, name := range []string{"targetList", "havingQual", "sortClause", "windowClause"} {
		q.Value(name).Walk(func(n *Node) bool {
			if i := n.Number("varattno"); n.Is("VAR") && n.Number("varno") == number && n.Number("varlevelsup") == 0 && i >= 1 && i <= len(by) {
				*n = *by[i-1]
			}
			return !n.Is("QUERY")
		})
	}
}
