package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// writeKeys finds the columns whose value in every changed row is known: because
// WHERE pins it and nothing changes it, because it is inserted, or because the
// result tells it.
func (w *work) writeKeys(p *query.Prover) []stmt.RowKey {
	if w.out.Anything || w.st.Command == ":copyfrom" {
		return nil
	}
	var out []stmt.RowKey
	for _, d := range w.dmls {
		if w.alone(d) {
			out = append(out, w.keysWritten(d, p)...)
		}
	}
	return sortKeys(out)
}

// alone reports whether the change is all that happens to its table.
func (w *work) alone(d catalog.DML) bool {
	if d.Relation == 0 || d.Kind == tree.Merge || !w.keyable(d.Relation) {
		return false
	}
	root := w.cat.Root(d.Relation)
	for _, other := range w.dmls {
		if other.Query != d.Query && w.cat.Root(other.Relation) == root {
			return false
		}
	}
	// What happens to a partition happens to the root too.
	if w.closure.Changes[root].Again {
		return false
	}
	for _, m := range w.members(root) {
		if w.declared.writes[m] || w.cat.HasRules(m) {
			return false
		}
	}
	return !w.writtenThroughViews(root)
}

// writtenThroughViews reports whether a view that the statement writes may lead
// to the table.
func (w *work) writtenThroughViews(root catalog.OID) bool {
	return slices.ContainsFunc(w.dmls, func(d catalog.DML) bool {
		behind := newSeen()
		w.expand(behind, d.Relation)
		return w.cat.ViewUses(d.Relation) != nil && slices.ContainsFunc(w.members(root), func(m catalog.OID) bool { return behind.Relations[m] })
	})
}

// keysWritten returns the keys of one change. What RETURNING tells of an inserted
// row is true whatever triggers did to it.
func (w *work) keysWritten(d catalog.DML, p *query.Prover) []stmt.RowKey {
	var out []stmt.RowKey
	pins, told := p.Pins(d.Query), w.toldByResult(d, p)
	for _, c := range w.cat.Relations[d.Relation].Columns {
		col := w.columnOf(d.Relation, c.Number)
		if col == nil || !w.keeps(d, col) {
			continue
		}
		moves := w.moves(d, c.Name)
		if moves && d.Event&catalog.Update != 0 {
			continue
		}
		key := stmt.RowKey{Relation: w.cat.Name(w.cat.Root(d.Relation)), Column: c.Name}
		for n := range w.paramsOf(d, col, pins) {
			padded := n.Each && d.Kind == tree.Insert && !col.NotNull // by NULLs, beside a longer array
			if !moves && !padded && w.goEqual(n, col.Type) {
				key.Param, key.Each = n.Number, n.Each
				out = append(out, key)
			}
		}
		if key.Param, key.Each = 0, false; told {
			if key.Result = w.returned(d, c.Number); key.Result > 0 {
				out = append(out, key)
			}
		}
	}
	return out
}

// keeps reports whether the statement leaves a column's value as it is, in rows
// that were there before.
func (w *work) keeps(d catalog.DML, c *catalog.Column) bool {
	if d.Event&catalog.Update == 0 {
		return true
	}
	return !slices.Contains(d.Sets, c.Number) && !c.Generated
}

// moves reports whether a BEFORE trigger may give a column another value than the
// statement says. A row may be inserted into, or move to, any partition: all their
// triggers count.
func (w *work) moves(d catalog.DML, column string) bool {
	if d.Kind == tree.Delete {
		return false
	}
	root := w.cat.Root(d.Relation)
	altered, every := w.cat.TriggersMayAlter(root, catalog.Insert|catalog.Update)
	c := w.cat.Relations[root].Column(column)
	return every || c == nil || slices.Contains(altered, c.Number)
}

// paramsOf returns the placeholders that hold a column's value in every row.
func (w *work) paramsOf(d catalog.DML, c *catalog.Column, pins query.Pins) query.Params {
	if d.Kind != tree.Insert {
		return pins.Of(d.Target)[c.Number]
	}
	if d.Event&catalog.Update != 0 && !(arbiter(d.Query, c.Number) && !w.loose(d, c.Name)) {
		return nil
	}
	if d.Query.Number("override") == overridingUser {
		return nil // a sequence gives the value instead
	}
	for _, t := range d.Query.List("targetList") {
		typ, _ := w.cat.ExprType(t.Child("expr"))
		if t.Number("resno") == c.Number && query.Family(typ) == query.Family(c.Type) {
			return pins.Held(t.Child("expr"))
		}
	}
	return nil
}

// overridingUser is PostgreSQL's number of OVERRIDING USER VALUE.
const overridingUser = 1

// loose reports whether a unique index of the relation, or of a partition, may take
// more for equal to a value than the column does.
func (w *work) loose(d catalog.DML, column string) bool {
	return slices.ContainsFunc(w.members(w.cat.Root(d.Relation)), func(m catalog.OID) bool {
		c := w.cat.Relations[m].Column(column)
		return c == nil || c.Loose
	})
}

// arbiter reports whether ON CONFLICT finds the row to update by the column, so
// that it has the value that was to be inserted.
func arbiter(q *tree.Node, number int) bool {
	return slices.ContainsFunc(q.Child("onConflict").List("arbiterElems"), func(e *tree.Node) bool {
		v := e.Child("expr")
		return v.Is("VAR") && v.Number("varattno") == number && e.Number("inferopclass") == 0 && e.Number("infercollid") == 0
	})
}

// toldByResult reports whether the caller sees a row of the result for every row
// that changed.
func (w *work) toldByResult(d catalog.DML, p *query.Prover) bool {
	if !d.Top {
		return false
	}
	switch w.st.Command {
	case ":many", ":batchmany":
		return true
	case ":one", ":batchone":
		values := d.Kind == tree.Insert && len(d.Query.Child("jointree").List("fromlist")) == 0 && !d.Query.Yes("hasTargetSRFs")
		return values || p.Single(d.Query)
	}
	return false
}

// returned is the number of the result's column that holds a column of the
// target, 0 when none does.
func (w *work) returned(d catalog.DML, number int) int {
	for _, t := range d.Query.List("returningList") {
		e := t.Child("expr")
		if !t.Yes("resjunk") && e.Is("VAR") && e.Number("varreturningtype") == 0 && e.Number("varno") == d.Target && e.Number("varattno") == number {
			return t.Number("resno")
		}
	}
	return 0
}

// problem is something to tell about the statement as a whole.
func (w *work) problem(message string) *project.Problem {
	return &project.Problem{Pos: w.st.Pos, Statement: w.st.Name, Message: message}
}
