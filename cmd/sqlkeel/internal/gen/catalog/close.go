package catalog

// Close follows what a statement does: the changes that it makes, the relations
// that it reads and the functions that it calls. Changes to one relation that are
// given twice count as reaching it again.
func (c *Catalog) Close(changes []Change, reads, functions []OID) Closure {
	k := &closer{
		Catalog: c, out: Closure{Changes: map[OID]Reached{}, Reads: map[OID]bool{}, Functions: map[OID]bool{}, Missing: map[string]string{}},
		reached: map[OID]*reached{}, seen: map[step]*columnSet{}, read: map[use]bool{}, called: map[call]bool{},
	}
	for _, change := range changes {
		k.enter(change)
	}
	for path := range c.sessions {
		for _, r := range reads {
			k.reads(use{r, asked, path})
		}
		for _, f := range functions {
			k.calls(use{f, asked, path}, 0, "")
		}
	}
	for len(k.queue) > 0 {
		m := k.queue[0]
		k.queue = k.queue[1:]
		k.follow(m)
	}
	for oid, r := range k.reached {
		k.out.Changes[oid] = r.result()
	}
	for u := range k.called {
		k.out.Functions[u.oid] = true
	}
	return k.out
}

// closer is one run of Close.
type closer struct {
	*Catalog
	out     Closure
	reached map[OID]*reached
	seen    map[step]*columnSet
	queue   []move
	read    map[use]bool
	called  map[call]bool
}

// How a relation or function is used.
type manner bool

const (
	asked manner = true  // for the statement's result
	fired manner = false // by a trigger or a default: it may act, but decides no result
)

// call is a function, how it is called, and of which relation as a trigger.
type call struct {
	use
	table OID
}

// use is a relation or function, how it is used and under which search_path.
type use struct {
	oid  OID
	how  manner
	path int
}

// way is how a change comes to a relation.
type way uint8

const (
	named way = iota // a statement names it
	down             // a statement names what it is a partition or child of
	up               // a partition or child of it was changed
)

// step is what is followed once, but for more columns.
type step struct {
	relation OID
	event    Event // one
	way      way
	own      bool // the rows are those that the statement itself changes
	cascade  bool
	only     bool
	moved    bool // the rows may come from another partition, or go to one
	path     int  // the search_path under which it happens
}

// move is a step that is to be followed.
type move struct {
	step
	columns columnSet
	cause   string
}

// reached is a Reached in the making.
type reached struct {
	Reached
	columns columnSet
}

func (r *reached) result() Reached {
	out := r.Reached
	if out.Event&Update != 0 && !r.columns.any {
		out.Columns = r.columns.list()
	}
	return out
}

// enter begins with what the statement does itself.
func (k *closer) enter(change Change) {
	if r := k.reached[change.Relation]; r != nil && r.Direct {
		r.Again = true
	}
	if change.Event != 0 {
		k.at(change.Relation).Direct = true
	}
	for path := range k.sessions {
		k.push(change, step{own: true, path: path}, "")
		if change.Event != Truncate {
			k.policies(use{change.Relation, asked, path})
		}
	}
}

// at returns the entry of a relation.
func (k *closer) at(oid OID) *reached {
	r := k.reached[oid]
	if r == nil {
		r = &reached{}
		k.reached[oid] = r
	}
	return r
}

// push puts a change in the queue, one event at a time, as the step's own, way and
// moved say. Without columns an UPDATE changes any.
func (k *closer) push(change Change, like step, cause string) {
	var columns columnSet
	columns.add(change.Columns, change.Columns == nil)
	for _, event := range []Event{Insert, Update, Delete, Truncate} {
		if change.Event&event == 0 {
			continue
		}
		s := like
		s.relation, s.event, s.cascade, s.only = change.Relation, event, change.Cascade, change.Only
		m := move{step: s, cause: cause}
		if event == Update {
			m.columns = columns
		}
		k.queue = append(k.queue, m)
	}
}

// follow notes a change and puts what it sets in motion in the queue.
func (k *closer) follow(m move) {
	if m.event == Update {
		m.columns = columnSet{any: m.columns.any, set: m.columns.set}
		m.columns = k.written(m)
	}
	known := k.seen[m.step]
	grew := known == nil
	if grew {
		known = &columnSet{}
		k.seen[m.step] = known
	}
	grew = known.add(m.columns.list(), m.columns.any) || grew
	if !grew {
		return
	}
	k.note(m)
	if r := k.Relations[m.relation]; r != nil {
		k.effects(r, m)
	}
}

// written returns the columns that an UPDATE changes beyond those that it sets:
// by triggers that run before it, and those that are computed from others.
func (k *closer) written(m move) columnSet {
	var out columnSet
	out.add(m.columns.list(), m.columns.any)
	r := k.Relations[m.relation]
	if r == nil || m.way == up {
		return out
	}
	for _, t := range r.Triggers {
		if t.Before && t.Row && t.Events&Update != 0 && k.fires(r, t, m.event, m.columns) {
			out.add(k.altered(r, t))
		}
	}
	if k.moves(r, out) { // into another partition, as an insert there
		out.add(k.TriggersMayAlter(r.OID, Insert))
	}
	k.generated(r, &out)
	return out
}

// moves reports whether an UPDATE of those columns may move rows between the
// partitions of a relation. A trigger of one of these may do so too.
func (c *Catalog) moves(r *Relation, columns columnSet) bool {
	if r.Kind != 'p' {
		return false
	}
	var altered columnSet
	altered.add(c.TriggersMayAlter(r.OID, Update))
	return columns.meets(r.PartitionKey) || altered.meets(r.PartitionKey)
}

// note records that a relation is reached.
func (k *closer) note(m move) {
	r := k.at(m.relation)
	r.Event |= m.event
	r.columns.add(m.columns.list(), m.columns.any)
	if !m.own || m.moved {
		r.Again = true
	}
	if r.Cause == "" && (!m.own || !r.Direct) {
		r.Cause = m.cause
	}
}

// unbounded notes why the changes have no bound.
func (k *closer) unbounded(why string) {
	if k.out.Anything == "" {
		k.out.Anything = why
	}
}
