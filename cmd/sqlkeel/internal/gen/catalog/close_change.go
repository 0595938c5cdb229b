package catalog

import "slices"

// effects puts in the queue what a change to a relation sets in motion.
func (k *closer) effects(r *Relation, m move) {
	switch {
	case r.System:
		k.unbounded("it changes " + r.printed + ", which is PostgreSQL's own")
		return
	case r.Kind == 'f':
		k.elsewhere(r, m)
	case r.Kind == 'm':
		k.refresh(r, m)
		return
	case r.Kind == 'v':
		k.defaults(r, m)
		k.triggers(r, m)
		k.rules(r, m)
		k.automatic(r, m)
		return
	}
	if m.way != up {
		k.triggers(r, m)
		k.foreignKeys(r, m)
		k.defaults(r, m)
	}
	if m.way == named {
		k.rules(r, m)
	}
	k.relatives(r, m)
}

// elsewhere follows what a foreign table changes where its rows are: that may be here.
func (k *closer) elsewhere(r *Relation, m move) {
	b := &body{Uses: NewUses(), unknown: "what the foreign table " + r.printed + " changes elsewhere is not known"}
	r.declared.apply(k.Catalog, b)
	if b.unknown != "" {
		k.unbounded(b.unknown)
	}
	k.depends(b.Uses, use{r.OID, fired, m.path}, "foreign table "+r.printed)
}

// refresh follows the functions of a materialised view's query.
func (k *closer) refresh(r *Relation, m move) {
	for _, rule := range r.Rules {
		k.depends(rule.Depends, use{r.OID, fired, m.path}, "materialised view "+r.printed)
	}
}

// fires reports whether a change fires a trigger. For UPDATE OF it is what the
// statement sets that counts, and what is computed from that. With a row trigger BEFORE
// UPDATE, PostgreSQL computes every generated column anew and takes all for updated.
func (k *closer) fires(r *Relation, t Trigger, event Event, set columnSet) bool {
	if t.Events&event == 0 {
		return false
	}
	if event != Update || len(t.Columns) == 0 {
		return true
	}
	var computed columnSet
	computed.add(set.list(), set.any)
	k.generated(r, &computed)
	if slices.ContainsFunc(r.Triggers, func(t Trigger) bool { return t.Before && t.Row && t.Events&Update != 0 }) {
		for _, c := range r.Columns {
			if c.Generated {
				computed.add([]int{c.Number}, false)
			}
		}
	}
	return computed.meets(t.Columns)
}

func (k *closer) triggers(r *Relation, m move) {
	for _, t := range r.Triggers {
		if m.way == down && !t.Row && m.event != Truncate || !k.fires(r, t, m.event, m.columns) {
			continue
		}
		cause := "trigger " + t.Name + " on " + r.printed
		k.depends(t.When, use{r.OID, fired, m.path}, cause)
		k.calls(use{t.Function, fired, m.path}, r.OID, cause)
	}
}

// foreignKeys follows the actions of the foreign keys that point to a relation.
func (k *closer) foreignKeys(r *Relation, m move) {
	for _, fk := range r.Referenced {
		change := Change{Relation: fk.Table, Columns: fk.Columns}
		action := ""
		switch m.event {
		case Delete:
			change.Event, action = keyAction(fk.OnDelete, Delete), "ON DELETE "+actions[fk.OnDelete]
		case Update:
			if m.columns.meets(fk.Refs) {
				change.Event, action = keyAction(fk.OnUpdate, Update), "ON UPDATE "+actions[fk.OnUpdate]
			}
		case Truncate:
			if m.cascade {
				change.Event, change.Cascade, action = Truncate, true, "TRUNCATE CASCADE"
			}
		}
		if change.Event != 0 {
			k.push(change, step{path: m.path}, "foreign key "+fk.Name+" ("+action+")")
		}
	}
}

// actions are the words for pg_constraint.confdeltype and confupdtype.
var actions = map[byte]string{'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}

// keyAction returns what an action does to the rows that refer: NO ACTION and
// RESTRICT do nothing, CASCADE does the same as was done.
func keyAction(action byte, same Event) Event {
	switch action {
	case 'c':
		return same
	case 'n', 'd':
		return Update
	}
	return 0
}

func (k *closer) defaults(r *Relation, m move) {
	if m.event&(Insert|Update) == 0 {
		return
	}
	for _, d := range r.Defaults {
		k.depends(d, use{r.OID, fired, m.path}, "a default or check of "+r.printed)
	}
}

func (k *closer) rules(r *Relation, m move) {
	for _, rule := range r.Rules {
		if rule.Event&m.event == 0 {
			continue
		}
		cause := "rule " + rule.Name + " on " + r.printed
		k.depends(rule.Depends, use{r.OID, manner(m.own), m.path}, cause)
	}
}

// automatic passes a change of a view on to the relation under it, unless a
// trigger or rule stands in.
func (k *closer) automatic(r *Relation, m move) {
	if r.Automatic&m.event == 0 {
		return
	}
	for _, t := range r.Triggers {
		if t.Instead && t.Events&m.event != 0 {
			return
		}
	}
	for _, rule := range r.Rules {
		if rule.Instead && !rule.Conditional && rule.Event&m.event != 0 {
			return
		}
	}
	cause := "view " + r.printed
	for _, rule := range r.Rules {
		if rule.Event == 0 { // its WHERE decides which rows are changed
			k.depends(rule.Depends, use{r.OID, manner(m.own), m.path}, cause)
		}
	}
	if r.Base == 0 {
		k.anyOf(r, m, cause)
		return
	}
	change := Change{Relation: r.Base, Event: m.event}
	if !m.columns.any {
		change.Columns = []int{}
		for _, column := range m.columns.list() {
			change.Columns = append(change.Columns, r.base[column])
		}
	}
	k.push(change, step{own: m.own, path: m.path}, cause)
	k.policies(use{r.Base, manner(m.own), m.path})
}

// anyOf passes a change of a view on to all that its query names.
func (k *closer) anyOf(r *Relation, m move, cause string) {
	for _, rule := range r.Rules {
		if rule.Event == 0 {
			for oid := range rule.Depends.Relations {
				k.push(Change{Relation: oid, Event: m.event}, step{path: m.path}, cause)
			}
		}
	}
}

// relatives passes a change on to partitions and children, and to what the
// relation is one of.
func (k *closer) relatives(r *Relation, m move) {
	event, moved := m.event, m.moved
	if m.way != up && m.event == Update && k.moves(r, m.columns) {
		event, moved = Insert|Update|Delete, true
	}
	if goesDown := r.Kind == 'p' || m.event != Insert; goesDown && m.way != up && !m.only {
		for _, child := range r.Children {
			k.relative(r, child, move{step: step{event: event, way: down, own: m.own, cascade: m.cascade, moved: moved, path: m.path}, columns: m.columns})
		}
	}
	for _, parent := range r.Parents {
		k.relative(r, parent, move{step: step{event: m.event, way: up, own: m.own, path: m.path}, columns: m.columns})
	}
}

// relative passes a change on from r to one relative, whose columns are found by
// their names. An UPDATE of columns that the other does not have does not reach
// it.
func (k *closer) relative(r *Relation, oid OID, m move) {
	other := k.Relations[oid]
	if other == nil {
		return
	}
	change := Change{Relation: oid, Event: m.event, Cascade: m.cascade}
	if !m.columns.any {
		change.Columns = translated(r, other, m.columns)
		if m.event == Update && len(change.Columns) == 0 {
			return
		}
	}
	k.push(change, m.step, kinship(r, other, m.way))
}

func translated(from, to *Relation, columns columnSet) []int {
	out := []int{}
	for _, c := range from.Columns {
		if other := to.Column(c.Name); columns.set[c.Number] && other != nil {
			out = append(out, other.Number)
		}
	}
	return out
}

// kinship says how a change came to a relative.
func kinship(from, to *Relation, w way) string {
	switch {
	case w == down && to.Partition:
		return "partition of " + from.printed
	case w == down:
		return "inherits from " + from.printed
	case from.Partition:
		return "its partition " + from.printed
	}
	return "its child " + from.printed
}

// generated adds the columns that are computed from those in the set.
func (c *Catalog) generated(r *Relation, set *columnSet) {
	if !set.any && len(set.set) == 0 {
		return
	}
	for _, column := range r.Columns {
		if column.Generated && set.meets(column.From) {
			set.add([]int{column.Number}, false)
		}
	}
}

// altered returns the columns that a trigger's function may alter in the row.
func (c *Catalog) altered(r *Relation, t Trigger) (columns []int, all bool) {
	f := c.Functions[t.Function]
	switch {
	case f == nil:
		return nil, true
	case f.system() && f.Name == "suppress_redundant_updates_trigger":
		return nil, false
	case f.system() && fillsArgument[f.Name], f.Extension != "" && fillsArgument[f.Name] && f.Language == "c":
		columns = c.numbers(r.OID, []string{t.Argument})
		return columns, columns == nil
	}
	b := c.body(f, c.pathsIn(f, 0)[0], r.OID)
	for _, name := range b.alters {
		if column := r.Column(name); column != nil {
			columns = append(columns, column.Number)
		}
	}
	return columns, b.altersAny
}

// fillsArgument are trigger functions, PostgreSQL's own and of the extensions of their
// names, that alter the column which is their first argument.
var fillsArgument = names("tsvector_update_trigger", "tsvector_update_trigger_column", "moddatetime", "insert_username")
