package effects

// rteGroup is an entry of the range table by which PostgreSQL 18 stands for what
// is grouped by.
const rteGroup = 9

// ungroup puts back what is grouped by where a query's output and HAVING speak of
// it by that entry, as versions before 18 have it.
func ungroup(tree value) value {
	for _, q := range tree.queries() {
		for i, entry := range q.list("rtable") {
			if entry.number("rtekind") == rteGroup {
				replace(q, i+1, entry.list("groupexprs"))
			}
		}
	}
	return tree
}

func replace(q *node, number int, by []*node) {
	for _, name := range []string{"targetList", "havingQual", "sortClause", "windowClause"} {
		q.value(name).walk(func(n *node) bool {
			if i := n.number("varattno"); n.is("VAR") && n.number("varno") == number && n.number("varlevelsup") == 0 && i >= 1 && i <= len(by) {
				*n = *by[i-1]
			}
			return !n.is("QUERY")
		})
	}
}
