package tree

// PostgreSQL's numbers for kinds of commands, in QUERY's commandType.
const (
	Select = 1
	Update = 2
	Insert = 3
	Delete = 4
	Merge  = 5
)

// PostgreSQL's numbers for kinds of range table entries, in rtekind. Group is new in
// 18: what is grouped by.
const (
	Relation = 0
	Subquery = 1
	Join     = 2
	CTE      = 6
	Group    = 9
)

// Record is the type of rows without a type of their own.
const Record OID = 2249

// RelationAt returns the relation of an entry of a query's range table, from 1; 0 when
// it is none.
func RelationAt(q *Node, number int) OID {
	table := q.List("rtable")
	if number < 1 || number > len(table) || table[number-1].Number("rtekind") != Relation {
		return 0
	}
	return table[number-1].OID("relid")
}

// InFrom reports whether an entry of the range table stands in FROM.
func InFrom(q *Node, number int) bool {
	found := false
	Value{Node: q.Child("jointree")}.Walk(func(n *Node) bool {
		found = found || n.Is("RANGETBLREF") && n.Number("rtindex") == number
		return !n.Is("QUERY")
	})
	return found
}
