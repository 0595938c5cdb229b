package gen

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Invalidation is what a write does to the results of a cached statement, by way of a
// relation that it changes and the other reads.
type Invalidation struct {
	Package   string `json:"package"`
	Statement string `json:"statement"`
	Relation  string `json:"relation"`
	// Column is the column of the relation by whose values the results that the write
	// makes old are known: only those of the rows written; "" when it is all results.
	Column string `json:"column"`
}

// Writer is a statement that writes.
type Writer struct {
	Package   string `json:"package"`
	Statement string `json:"statement"`
}

// invalidations fills in what the writes among the statements do to the results of those
// that are annotated with @cache, and which writes leave none of these. found are the
// statements as they are inspected, in the order of a's.
func (a *analysis) invalidations(found []*Inspected) {
	i := 0
	type both struct {
		*statementAnalysis
		schema []string
		*Inspected
	}
	var all []both
	for _, pkg := range a.packages {
		for _, st := range pkg.statements {
			all = append(all, both{st, pkg.Schema, found[i]})
			i++
		}
	}
	for _, write := range all {
		writer := Writer{write.Inspected.Package, write.Inspected.Name}
		for _, read := range all {
			if !read.cached() || !slices.Equal(write.schema, read.schema) {
				continue
			}
			if write.Flushes != "" {
				read.DroppedBy = append(read.DroppedBy, writer)
				continue
			}
			list := invalidates(write.statementAnalysis, read.statementAnalysis)
			write.Invalidates = append(write.Invalidates, list...)
			if slices.ContainsFunc(list, func(i Invalidation) bool { return i.Column == "" }) {
				read.DroppedBy = append(read.DroppedBy, writer)
			}
		}
	}
	for _, st := range all {
		slices.SortFunc(st.DroppedBy, func(a, b Writer) int {
			return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Statement, b.Statement))
		})
		slices.SortFunc(st.Invalidates, func(a, b Invalidation) int {
			return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.Relation, b.Relation))
		})
	}
}

// flushes says why the statement makes all results old; "" when it does not.
func (st *statementAnalysis) flushes() string {
	switch {
	case st.Opaque() != nil:
		return "it is opaque: " + st.Opaque().Args
	case st.result == nil:
		return "nothing is known of it: " + unknown(st.failed)
	case st.result.Anything:
		return cmp.Or(st.result.WhyAnything, "it may change anything")
	}
	return ""
}

// invalidates returns what a write does to the results of a statement.
func invalidates(write, read *statementAnalysis) []Invalidation {
	var list []Invalidation
	changed := append(slices.Clone(write.result.Writes), write.result.Reaches...)
	slices.Sort(changed)
	for _, relation := range slices.Compact(changed) {
		if meet(write, read, relation) {
			list = append(list, Invalidation{read.Package.Name, read.Name, relation, pinned(write, read, relation)})
		}
	}
	return list
}

// meet reports whether a read depends on what a write changes in a relation, whatever rows
// these are.
func meet(write, read *statementAnalysis, relation string) bool {
	if !slices.Contains(read.result.Reads, relation) && !slices.Contains(read.result.Locks, relation) {
		return false
	}
	changes := stmt.Effects{Writes: []string{relation}, SetColumns: write.result.SetColumns}
	depends := stmt.Effects{Reads: []string{relation}, ReadColumns: read.result.ReadColumns}
	return stmt.Run{Effects: &changes}.Affects(stmt.Run{Effects: &depends})
}

// pinned returns the column by whose values the cache knows which results a write makes
// old; "" when it cannot. It pins a result by one column, the first of its keys, and
// compares only values of the types that package stmt compares.
func pinned(write, read *statementAnalysis, relation string) string {
	for _, key := range read.result.ReadKeys {
		if key.Relation != relation || !read.comparable(key) {
			continue
		}
		for _, written := range write.result.WriteKeys {
			if written.Relation == relation && written.Column == key.Column && (written.Result > 0 || write.comparable(written)) {
				return key.Column
			}
		}
		return ""
	}
	return ""
}

// comparable reports whether the parameter of a key is of a type whose values, or whose
// elements, can be compared.
func (st *statementAnalysis) comparable(key stmt.RowKey) bool {
	if key.Param < 1 || key.Param > len(st.Params) {
		return false
	}
	typ := st.Params[key.Param-1].Type
	if key.Each {
		var list bool
		if typ, list = strings.CutPrefix(typ, "[]"); !list {
			return false
		}
	}
	return emit.Comparable(st.Statement.Package, typ)
}
