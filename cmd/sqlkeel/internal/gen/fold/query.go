package fold

import (
	"slices"
	"strconv"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// query folds a query. What it sorts and groups by is then written where it is named by a
// number, since the numbers are others when a key is missing.
func (f *folding) query(q *tree.Node) *tree.Node {
	places := map[string]string{}
	for i, key := range q.List("groupClause") {
		places[key.Atom("tleSortGroupRef")] = strconv.Itoa(i)
	}
	f.queries = append(f.queries, places)
	out := f.children(q)
	f.queries = f.queries[:len(f.queries)-1]
	k := &keys{folding: f, sets: len(q.List("groupingSets")) > 0, entries: map[string]*tree.Node{}}
	for _, entry := range out.List("targetList") {
		if ref := entry.Atom("ressortgroupref"); ref != "0" {
			k.entries[ref] = entry
		}
	}
	out = with(out, "sortClause", list(k.sorted(q, out.List("sortClause"))))
	for _, clause := range []string{"groupClause", "distinctClause"} {
		out = with(out, clause, list(k.written(out.List(clause), equality)))
	}
	out = with(out, "windowClause", list(k.windows(out.List("windowClause"))))
	out = with(out, "targetList", list(outputs(out.List("targetList"))))
	if k.sets {
		return f.withSets(q, out, places)
	}
	return out
}

// withSets writes grouping sets by the places of what they group by. Where a set leaves a
// key out the key is NULL, wherever the query speaks of it: what it speaks of must not
// become another.
func (f *folding) withSets(q, out *tree.Node, places map[string]string) *tree.Node {
	var sets func(v tree.Value) tree.Value
	sets = func(v tree.Value) tree.Value {
		if v.Node != nil {
			return tree.Value{Node: with(v.Node, "content", sets(v.Node.Value("content")))}
		}
		return f.placed(v, places, sets)
	}
	out = with(out, "groupingSets", sets(out.Value("groupingSets")))
	for _, key := range q.List("groupClause") {
		ref := key.Atom("tleSortGroupRef")
		for _, entry := range q.List("targetList") {
			if entry.Atom("ressortgroupref") == ref && f.changes(entry.Child("expr")) {
				return with(out, "groupingSets", tree.Value{Atom: "of the full statement: " + strconv.FormatBool(f.full)})
			}
		}
	}
	return out
}

// changes reports whether folding an expression decides something in it.
func (f *folding) changes(n *tree.Node) bool {
	before := f.decided
	folded := f.node(n)
	changed := f.decided > before || differ(folded, (&folding{cat: f.cat, full: f.full, params: f.params}).node(n)) != ""
	f.decided = before
	return changed
}

// grouping writes the arguments of GROUPING by their places among what is grouped by.
func (f *folding) grouping(n *tree.Node) *tree.Node {
	level := len(f.queries) - 1 - n.Number("agglevelsup")
	if level < 0 || level >= len(f.queries) {
		return n
	}
	return with(n, "refs", f.placed(n.Value("refs"), f.queries[level], func(v tree.Value) tree.Value { return v }))
}

// placed replaces the numbers in a list by what they stand for.
func (f *folding) placed(v tree.Value, places map[string]string, other func(tree.Value) tree.Value) tree.Value {
	if v.List == nil {
		return v
	}
	out := tree.Value{List: make([]tree.Value, len(v.List))}
	for i, w := range v.List {
		place, known := places[w.Atom]
		switch {
		case w.Node != nil || w.List != nil:
			out.List[i] = other(w)
		case known:
			out.List[i] = tree.Value{Atom: place}
		default:
			out.List[i] = w
		}
	}
	return out
}

// outputs leaves out what stands in a query's list for its keys alone. They are compared
// with the keys.
func outputs(entries []*tree.Node) (out []*tree.Node) {
	for _, entry := range entries {
		if !entry.Yes("resjunk") || entry.Atom("ressortgroupref") == "0" {
			out = append(out, without(entry, "ressortgroupref"))
		}
	}
	return out
}

// without returns a copy of a node without some fields.
func without(n *tree.Node, fields ...string) *tree.Node {
	return &tree.Node{Kind: n.Kind, Fields: slices.DeleteFunc(slices.Clone(n.Fields), func(f tree.Field) bool {
		return slices.Contains(fields, f.Name)
	})}
}
