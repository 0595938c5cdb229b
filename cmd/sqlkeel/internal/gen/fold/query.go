package fold

import (
	"slices"
	"strconv"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// query folds a query. What it sorts and groups by is then written where it is named by a
// number, since the numbers are others when a key is missing.
func (f *folding) query(q *tree.Node) *tree.Node {
	out := f.children(q)
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
	if k.sets && f.changesKeys(q) {
		return with(out, "groupingSets", tree.Value{Atom: "of the full statement: " + strconv.FormatBool(f.full)})
	}
	return out
}

// changesKeys reports whether folding changes what a query groups by. Where a grouping set
// leaves a key out the key is NULL, wherever the query speaks of it, so it must not become
// a constant.
func (f *folding) changesKeys(q *tree.Node) bool {
	for _, key := range q.List("groupClause") {
		for _, entry := range q.List("targetList") {
			if entry.Atom("ressortgroupref") == key.Atom("tleSortGroupRef") && f.changes(entry.Child("expr")) {
				return true
			}
		}
	}
	return false
}

// changes reports whether folding an expression decides something in it.
func (f *folding) changes(n *tree.Node) bool {
	before := f.decided
	folded := f.node(n)
	changed := f.decided > before || differ(folded, (&folding{cat: f.cat, full: f.full, params: f.params}).node(n)) != ""
	f.decided = before
	return changed
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
