package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
)

// PostgreSQL's numbers for kinds of commands.
const (
	cmdSelect = 1
	cmdUpdate = 2
	cmdInsert = 3
	cmdDelete = 4
	cmdMerge  = 5
)

// dml is one INSERT, UPDATE, DELETE or MERGE of a statement.
type dml struct {
	query    *node
	kind     int
	target   int // number in the range table
	relation catalog.OID
	event    catalog.Event
	sets     []int // columns that an UPDATE sets, ON CONFLICT's too
	top      bool
}

// changesOf returns the data changes in a tree, those in WITH too.
func changesOf(tree *node) []dml {
	var out []dml
	for _, q := range (value{node: tree}).queries() {
		kind, target := q.number("commandType"), q.number("resultRelation")
		if kind == cmdSelect || target == 0 {
			continue
		}
		d := dml{query: q, kind: kind, target: target, relation: relationAt(q, target), top: q == tree}
		d.event, d.sets = d.action()
		out = append(out, d)
	}
	return out
}

// relationAt returns the relation of an entry of the range table, from 1; 0 when
// it is none.
func relationAt(q *node, number int) catalog.OID {
	table := q.list("rtable")
	if number < 1 || number > len(table) || table[number-1].number("rtekind") != rteRelation {
		return 0
	}
	return table[number-1].oid("relid")
}

func (d dml) action() (catalog.Event, []int) {
	switch d.kind {
	case cmdUpdate:
		return catalog.Update, setBy(d.query.list("targetList"))
	case cmdDelete:
		return catalog.Delete, nil
	case cmdInsert:
		if c := d.query.child("onConflict"); c.number("action") == 2 {
			return catalog.Insert | catalog.Update, setBy(c.list("onConflictSet"))
		}
		return catalog.Insert, nil
	}
	return d.merges()
}

func (d dml) merges() (event catalog.Event, sets []int) {
	for _, action := range d.query.list("mergeActionList") {
		switch action.number("commandType") {
		case cmdInsert:
			event |= catalog.Insert
		case cmdUpdate:
			event |= catalog.Update
			sets = append(sets, setBy(action.list("targetList"))...)
		case cmdDelete:
			event |= catalog.Delete
		}
	}
	if event == 0 || d.kind != cmdMerge {
		return anyRows, nil
	}
	return event, sets
}

// setBy returns the numbers of the columns that a target list assigns.
func setBy(targets []*node) []int {
	var out []int
	for _, t := range targets {
		if !t.yes("resjunk") {
			out = append(out, t.number("resno"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// change is what the catalog is asked to follow.
func (d dml) change() catalog.Change {
	entry := d.query.list("rtable")[d.target-1]
	only := (d.kind == cmdUpdate || d.kind == cmdDelete) && entry.atom("inh") == "false"
	return catalog.Change{Relation: d.relation, Event: d.event, Columns: d.sets, Only: only}
}
