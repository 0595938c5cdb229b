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

// readColumns finds the columns on which a result depends, of each relation that is read
// nowhere but in the statement and the views in it.
func (w *work) readColumns(p *query.Prover) []stmt.Columns {
	if w.query.Number("commandType") != tree.Select || w.out.ReadsAnything || len(w.dmls) > 0 || w.policed() {
		return nil
	}
	of, alone := p.Columns(w.query)
	for oid := range w.called.Reads {
		delete(of, oid)
	}
	for _, l := range w.locks {
		if l.mode != "AccessShareLock" {
			delete(of, l.relation) // a row that changes meanwhile is looked at again
		}
	}
	var out []stmt.Columns
	for oid, numbers := range of {
		out = w.addColumns(out, oid, slices.Collect(maps.Keys(numbers)), !alone[oid])
	}
	return sortColumns(out)
}

// policed reports whether a relation that is read, or one under a view, has policies.
// What these look at is in no tree.
func (w *work) policed() bool {
	return slices.ContainsFunc(w.relations(), func(oid catalog.OID) bool {
		r := w.cat.Relations[oid]
		return r == nil || r.RowSecurity
	})
}

// setColumns finds the columns that change of each relation: by the statement, and by all
// that it sets in motion.
func (w *work) setColumns() []stmt.Columns {
	if w.out.Anything {
		return nil
	}
	var out []stmt.Columns
	for oid, to := range w.closure.Changes {
		if w.tellsColumns(oid, to) {
			out = w.addColumns(out, oid, to.Columns, to.Event != catalog.Update)
		}
	}
	return sortColumns(out)
}

// tellsColumns reports whether it is known, and of use, which columns of a relation change.
// Rows that come or go are of use where others may refer to them. When some go and some
// come, one may take the place of another.
func (w *work) tellsColumns(oid catalog.OID, to catalog.Reached) bool {
	const gone = catalog.Delete | catalog.Truncate
	switch r := w.cat.Relations[oid]; {
	case to.Event&catalog.Update != 0 && to.Columns == nil, to.Event&catalog.Insert != 0 && to.Event&gone != 0:
		return false
	default:
		return to.Event == catalog.Update || r != nil && len(r.Referenced) > 0
	}
}

// addColumns adds those of one relation to a list, unless they may be any. rows is
// stmt.Columns.Rows.
func (w *work) addColumns(list []stmt.Columns, oid catalog.OID, numbers []int, rows bool) []stmt.Columns {
	r := w.cat.Relations[oid]
	if r == nil {
		return list
	}
	var names []string
	for _, n := range numbers {
		c := r.Numbered(n)
		if c == nil {
			return list
		}
		names = append(names, c.Name)
	}
	return append(list, stmt.Columns{Relation: w.cat.Name(oid), Names: tidy(names), Rows: rows})
}

func sortColumns(list []stmt.Columns) []stmt.Columns {
	slices.SortFunc(list, func(a, b stmt.Columns) int { return strings.Compare(a.Relation, b.Relation) })
	return list
}
