package effects

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// members returns a relation and all below it.
func (a *Analyzer) members(oid catalog.OID) []catalog.OID {
	out := []catalog.OID{oid}
	for i := 0; i < len(out); i++ {
		if r := a.cat.Relations[out[i]]; r != nil {
			for _, c := range r.Children {
				if !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// keyable reports whether a column may distinguish the rows of a relation: a
// table whose children, if any, are its partitions, all rows of which everybody
// sees.
func (a *Analyzer) keyable(oid catalog.OID) bool {
	r := a.cat.Relations[a.cat.Root(oid)]
	if r == nil || r.Kind != 'r' && r.Kind != 'p' && r.Kind != 'm' {
		return false
	}
	if r.Kind != 'p' && (len(r.Children) > 0 || len(r.Parents) > 0) {
		return false
	}
	return !slices.ContainsFunc(a.members(a.cat.Root(oid)), func(m catalog.OID) bool {
		c := a.cat.Relations[m]
		return c == nil || c.RowSecurity || c.Kind != 'r' && c.Kind != 'p' && c.Kind != 'm'
	})
}

// columnOf returns a column of a relation whose equality is Go's; nil when there
// is none with the number.
func (a *Analyzer) columnOf(oid catalog.OID, number int) *catalog.Column {
	r := a.cat.Relations[oid]
	if r == nil {
		return nil
	}
	c := r.Numbered(number)
	if c == nil || query.Family(c.Type) == 0 || !c.Deterministic {
		return nil
	}
	return c
}

// readKeys finds the relations every reference to which is pinned by the same
// column and placeholder.
func (w *work) readKeys(p *query.Prover) []stmt.RowKey {
	if w.query.Number("commandType") != tree.Select || w.out.ReadsAnything || len(w.dmls) > 0 {
		return nil
	}
	shared, seen := map[catalog.OID]map[stmt.RowKey]bool{}, map[catalog.OID]bool{}
	reference := func(oid catalog.OID, pins map[int]query.Params) {
		keys, root := w.keysOf(oid, pins), w.cat.Root(oid)
		if known, met := shared[root]; met {
			maps.DeleteFunc(keys, func(k stmt.RowKey, _ bool) bool { return !known[k] })
		}
		shared[root], seen[oid] = keys, true
	}
	p.References(w.query, reference)
	for oid := range w.called.Reads {
		reference(oid, nil)
	}
	// What is locked and was met nowhere comes from a place that was not looked at.
	for _, l := range w.locks {
		if !seen[l.relation] {
			reference(l.relation, nil)
		}
	}
	var out []stmt.RowKey
	for _, keys := range shared {
		out = slices.AppendSeq(out, maps.Keys(keys))
	}
	return sortKeys(out)
}

// keysOf returns the keys by which a reference to a relation is pinned.
func (w *work) keysOf(oid catalog.OID, pins map[int]query.Params) map[stmt.RowKey]bool {
	out := map[stmt.RowKey]bool{}
	if !w.keyable(oid) {
		return out
	}
	for number, params := range pins {
		c := w.columnOf(oid, number)
		if c == nil {
			continue
		}
		for p := range params {
			if w.goEqual(p, c.Type) {
				out[stmt.RowKey{Relation: w.cat.Name(w.cat.Root(oid)), Column: c.Name, Param: p.Number, Each: p.Each}] = true
			}
		}
	}
	return out
}

// goEqual reports whether the arguments for a placeholder are equal in Go when values of
// the type are in the database. Of an array it is the elements that are compared.
func (w *work) goEqual(p query.Param, typ catalog.OID) bool {
	if p.Number > len(w.st.Params) {
		return true // its type is not known
	}
	goType := w.st.Params[p.Number-1].Type
	if p.Each {
		element, isList := strings.CutPrefix(goType, "[]")
		return isList && query.GoEqual(element, typ)
	}
	return query.GoEqual(goType, typ)
}

// unique reports whether a SELECT returns at most one row because unique keys are
// compared with placeholders and constants.
func (w *work) unique(p *query.Prover) bool {
	return w.query.Number("commandType") == tree.Select && p.Single(w.query)
}

// sortKeys sorts keys and removes repeats.
func sortKeys(keys []stmt.RowKey) []stmt.RowKey {
	slices.SortFunc(keys, func(x, y stmt.RowKey) int {
		if c := strings.Compare(x.Relation, y.Relation); c != 0 {
			return c
		}
		if c := strings.Compare(x.Column, y.Column); c != 0 {
			return c
		}
		return x.Param*1000 + x.Result - y.Param*1000 - y.Result
	})
	return slices.Compact(keys)
}
