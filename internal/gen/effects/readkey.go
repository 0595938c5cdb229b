package effects

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
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

// keyable reports whether rows of a relation may be told apart by a column: a
// table whose children, if any, are its partitions, all rows of which everybody
// sees.
func (a *Analyzer) keyable(oid catalog.OID) bool {
	r := a.cat.Relations[a.cat.Root(oid)]
	if r == nil || r.Kind != 'r' && r.Kind != 'p' && r.Kind != 'm' {
		return false
	}
	if r.Kind != 'p' && !a.is(forgetsChildren) && (len(r.Children) > 0 || len(r.Parents) > 0) {
		return false
	}
	return !slices.ContainsFunc(a.members(a.cat.Root(oid)), func(m catalog.OID) bool {
		c := a.cat.Relations[m]
		return c == nil || c.RowSecurity && !a.is(forgetsPolicies) || c.Kind != 'r' && c.Kind != 'p' && c.Kind != 'm'
	})
}

// columnOf returns a column of a relation whose equality is Go's; nil when there
// is none with the number.
func (a *Analyzer) columnOf(oid catalog.OID, number int) *catalog.Column {
	r := a.cat.Relations[oid]
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Columns, func(c catalog.Column) bool { return c.Number == number })
	if i < 0 {
		return nil
	}
	c := &r.Columns[i]
	if a.is(comparesAnything) {
		return c
	}
	if family(c.Type) == 0 || family(c.Type) == textOID && !c.Deterministic {
		return nil
	}
	return c
}

// readKeys finds the relations every reference to which is pinned by the same
// column and placeholder.
func (w *work) readKeys() []stmt.RowKey {
	if w.query.Number("commandType") != tree.Select || w.out.ReadsAnything || len(w.dmls) > 0 {
		return nil
	}
	r := &reader{work: w, keys: map[catalog.OID]map[stmt.RowKey]bool{}, seen: map[catalog.OID]bool{}}
	r.query(w.query, nil, nil, 0)
	for oid := range w.called.Reads {
		if !w.is(forgetsCalled) {
			r.add(oid, nil)
		}
	}
	// What is locked and was met nowhere comes from where nobody looked.
	for _, l := range w.locks {
		if !r.seen[l.relation] {
			r.add(l.relation, nil)
		}
	}
	var out []stmt.RowKey
	for _, keys := range r.keys {
		out = slices.AppendSeq(out, maps.Keys(keys))
	}
	return sortKeys(out)
}

// keysOf returns the keys by which one entry of the range table is pinned.
func (w *work) keysOf(oid catalog.OID, entry int, pinned pinned) map[stmt.RowKey]bool {
	out := map[stmt.RowKey]bool{}
	if !w.keyable(oid) {
		return out
	}
	for col, params := range pinned {
		c := w.columnOf(oid, col.number)
		if col.entry != entry || col.up > 0 || c == nil {
			continue
		}
		for p := range params {
			if w.goEquality(p, c.Type) {
				out[stmt.RowKey{Relation: w.cat.Name(w.cat.Root(oid)), Column: c.Name, Param: p}] = true
			}
		}
	}
	return out
}

// goEquality reports whether the Go argument of a placeholder is equal when the
// column's values are: not so for a uuid, a number or bytes that are passed as
// text, which has several forms of one value.
func (w *work) goEquality(param int, typ catalog.OID) bool {
	if param > len(w.st.Params) || family(typ) == textOID {
		return true
	}
	t := strings.ToLower(w.st.Params[param-1].Type)
	return !strings.HasSuffix(t, "string") && !strings.HasSuffix(t, "text") && (typ == byteaOID || !strings.HasSuffix(t, "[]byte"))
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
