package catalog

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// DML is one INSERT, UPDATE, DELETE or MERGE of a statement.
type DML struct {
	Query    *tree.Node
	Kind     int // such as tree.Insert
	Target   int // number in the range table
	Relation OID
	Event    Event
	Sets     []int // columns that an UPDATE sets, ON CONFLICT's too
	Top      bool  // it is the statement itself, not in WITH
}

// anyRows is any change of rows.
const anyRows = Insert | Update | Delete

// DMLs returns the data changes in a statement, those in WITH too.
func DMLs(whole *tree.Node) []DML {
	var out []DML
	for _, q := range (tree.Value{Node: whole}).Queries() {
		if d, changes := dmlOf(q); changes {
			d.Top = q == whole
			out = append(out, d)
		}
	}
	return out
}

// dmlOf returns what a query changes; false when that is nothing.
func dmlOf(q *tree.Node) (DML, bool) {
	kind, target := q.Number("commandType"), q.Number("resultRelation")
	if kind == tree.Select || target == 0 {
		return DML{}, false
	}
	d := DML{Query: q, Kind: kind, Target: target, Relation: tree.RelationAt(q, target)}
	d.Event, d.Sets = d.action()
	return d, true
}

func (d DML) action() (Event, []int) {
	switch d.Kind {
	case tree.Update:
		return Update, setBy(d.Query.List("targetList"))
	case tree.Delete:
		return Delete, nil
	case tree.Insert:
		if c := d.Query.Child("onConflict"); c.Number("action") == 2 {
			return Insert | Update, setBy(c.List("onConflictSet"))
		}
		return Insert, nil
	}
	return d.merges()
}

func (d DML) merges() (event Event, sets []int) {
	for _, action := range d.Query.List("mergeActionList") {
		switch action.Number("commandType") {
		case tree.Insert:
			event |= Insert
		case tree.Update:
			event |= Update
			sets = append(sets, setBy(action.List("targetList"))...)
		case tree.Delete:
			event |= Delete
		}
	}
	if event == 0 || d.Kind != tree.Merge {
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

// Change is what [Catalog.Close] is asked to follow.
func (d DML) Change() Change {
	entry := d.Query.List("rtable")[d.Target-1]
	only := (d.Kind == tree.Update || d.Kind == tree.Delete) && entry.Atom("inh") == "false"
	return Change{Relation: d.Relation, Event: d.Event, Columns: d.Sets, Only: only}
}
