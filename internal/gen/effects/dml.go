package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
)

// dml is one INSERT, UPDATE, DELETE or MERGE of a statement.
type dml struct {
	query    *tree.Node
	kind     int
	target   int // number in the range table
	relation catalog.OID
	event    catalog.Event
	sets     []int // columns that an UPDATE sets, ON CONFLICT's too
	top      bool
}

// changesOf returns the data changes in a tree, those in WITH too.
func changesOf(whole *tree.Node) []dml {
	var out []dml
	for _, q := range (tree.Value{Node: whole}).Queries() {
		kind, target := q.Number("commandType"), q.Number("resultRelation")
		if kind == tree.Select || target == 0 {
			continue
		}
		d := dml{query: q, kind: kind, target: target, relation: tree.RelationAt(q, target), top: q == whole}
		d.event, d.sets = d.action()
		out = append(out, d)
	}
	return out
}

func (d dml) action() (catalog.Event, []int) {
	switch d.kind {
	case tree.Update:
		return catalog.Update, setBy(d.query.List("targetList"))
	case tree.Delete:
		return catalog.Delete, nil
	case tree.Insert:
		if c := d.query.Child("onConflict"); c.Number("action") == 2 {
			return catalog.Insert | catalog.Update, setBy(c.List("onConflictSet"))
		}
		return catalog.Insert, nil
	}
	return d.merges()
}

func (d dml) merges() (event catalog.Event, sets []int) {
	for _, action := range d.query.List("mergeActionList") {
		switch action.Number("commandType") {
		case tree.Insert:
			event |= catalog.Insert
		case tree.Update:
			event |= catalog.Update
			sets = append(sets, setBy(action.List("targetList"))...)
		case tree.Delete:
			event |= catalog.Delete
		}
	}
	if event == 0 || d.kind != tree.Merge {
		return anyRows, nil
	}
	return event, sets
}

// setBy returns the numbers of the columns that a target list assigns.
func setBy(targets []*tree.Node) []int {
	var out []int
	for _, t := range targets {
		if !t.Yes("resjunk") {
			out = append(out, t.Number("resno"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// change is what the catalog is asked to follow.
func (d dml) change() catalog.Change {
	entry := d.query.List("rtable")[d.target-1]
	only := (d.kind == tree.Update || d.kind == tree.Delete) && entry.Atom("inh") == "false"
	return catalog.Change{Relation: d.relation, Event: d.event, Columns: d.sets, Only: only}
}
