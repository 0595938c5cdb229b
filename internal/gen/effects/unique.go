package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
)

// unique reports whether a SELECT returns at most one row because unique keys are
// compared with placeholders and constants.
func (w *work) unique() bool {
	q := w.query
	if q.Number("commandType") != tree.Select || q.Child("setOperations") != nil || q.Yes("hasTargetSRFs") || len(q.List("groupingSets")) > 0 {
		return false
	}
	list, noFull := w.conjuncts(q)
	return noFull && w.single(q, list)
}

// single reports whether at most one row of each table in FROM takes part: its
// unique key is compared with placeholders, constants or columns of another such.
func (w *work) single(q *tree.Node, list []conjunct) bool {
	wanted := map[int]catalog.OID{}
	for i, entry := range q.List("rtable") {
		if kind := entry.Number("rtekind"); kind == tree.Join || kind == tree.Group || entry.Atom("relkind") == "c" {
			continue // a join or grouping repeats what is there already
		}
		if wanted[i+1] = tree.RelationAt(q, i+1); wanted[i+1] == 0 {
			return false
		}
	}
	equations := w.equations(list)
	found := map[int]bool{}
	for grown := true; grown; {
		grown = false
		for entry, oid := range wanted {
			if !found[entry] && w.determined(entry, oid, equations, found) {
				found[entry], grown = true, true
			}
		}
	}
	return len(found) > 0 && len(found) == len(wanted)
}

// determined reports whether a unique key of one table is known, given at most
// one row of each of those found.
func (w *work) determined(entry int, oid catalog.OID, equations []equation, found map[int]bool) bool {
	r := w.cat.Relations[oid]
	if r == nil || r.Kind != 'p' && len(r.Children) > 0 {
		return false
	}
	known := func(number int) bool {
		return slices.ContainsFunc(equations, func(e equation) bool {
			return e.left == column{entry, number, 0} && e.scope[entry] && (e.right.entry == 0 || e.right.up > 0 || found[e.right.entry] && e.right.entry != entry)
		})
	}
	return slices.ContainsFunc(r.Keys, func(k catalog.Key) bool {
		return len(k.Columns) > 0 && !slices.ContainsFunc(k.Columns, func(n int) bool { return !known(n) })
	})
}
