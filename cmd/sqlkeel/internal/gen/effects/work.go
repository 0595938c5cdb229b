package effects

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// work is the analysis of one statement.
type work struct {
	*Analyzer
	*sighting
	st       *project.Statement
	declared declared
	out      *Result

	named   *catalog.Uses // what the statement itself mentions
	behind  *seen         // what the views in it mention
	dmls    []catalog.DML
	changes []catalog.Change
	plan    utility
	called  catalog.Closure // of the functions it calls
	closure catalog.Closure // of all that it does
	// unbounded says that it may read any relation.
	unbounded bool
}

func (w *work) run() {
	w.mention()
	w.locked()
	w.follow()
	w.reach()
	w.unknown()
	w.judge()
	w.out.SetColumns = w.setColumns()
	if w.query != nil {
		p := query.New(w.cat, w.query)
		w.out.ReadColumns = w.readColumns(p)
		w.out.ReadKeys = w.readKeys(p)
		w.out.WriteKeys = w.writeKeys(p)
		w.out.Unique = w.unique(p)
	}
}

// mention finds what the statement names.
func (w *work) mention() {
	w.named, w.behind = catalog.NewUses(), newSeen()
	if w.query != nil {
		v := tree.Value{Node: w.query}
		w.named = w.cat.Uses(v)
		w.cat.Literals(w.named, v, w.text)
		w.dmls = catalog.DMLs(w.query)
	} else {
		w.plan = w.utility()
	}
	for _, p := range w.params {
		w.named.Add(w.cat.Checks(catalog.OID(p.OID)))
	}
	// In order, because the first of what they depend on is named.
	for _, oid := range slices.Sorted(maps.Keys(w.named.Relations)) {
		w.expand(w.behind, oid)
	}
	for _, l := range w.locks {
		w.expand(w.behind, l.relation)
		for _, p := range w.cat.Policies(l.relation) { // in no tree, only its locks show
			w.behind.AddNature(p)
			maps.Copy(w.behind.Functions, p.Functions)
		}
	}
}

// seen is what the views on a way mention.
type seen struct {
	*catalog.Uses
	views map[catalog.OID]bool // those that were gone into
}

func newSeen() *seen { return &seen{catalog.NewUses(), map[catalog.OID]bool{}} }

// expand adds what a view's query mentions, and the views in that.
func (a *Analyzer) expand(s *seen, view catalog.OID) {
	inside := a.cat.ViewUses(view)
	if r := a.cat.Relations[view]; inside == nil || s.views[view] || r != nil && r.Kind == 'm' {
		return
	}
	s.views[view] = true
	s.Add(inside)
	for _, oid := range slices.Sorted(maps.Keys(inside.Relations)) {
		a.expand(s, oid)
	}
}

// anyRows is any change of rows.
const anyRows = catalog.Insert | catalog.Update | catalog.Delete

// locked turns locks into reads, writes and row locks.
func (w *work) locked() {
	for _, l := range w.locks {
		name := w.cat.Name(l.relation)
		switch {
		case name == "":
		case l.mode == "AccessShareLock":
			w.out.Reads = append(w.out.Reads, name)
		case l.mode == "RowShareLock":
			w.out.Locks = append(w.out.Locks, name)
		default:
			w.out.Writes = append(w.out.Writes, name)
		}
	}
	w.out.Reads = append(w.out.Reads, w.names(w.plan.reads)...)
	w.out.Writes = append(w.out.Writes, w.names(w.plan.writes)...)
	w.out.Locks = append(w.out.Locks, w.names(w.plan.locks)...)
	w.out.Writes, w.out.Locks = tidy(w.out.Writes), tidy(w.out.Locks)
}

func (w *work) names(oids []catalog.OID) []string {
	var out []string
	for _, oid := range oids {
		out = append(out, w.cat.Name(oid))
	}
	return out
}

// tidy sorts names and removes repeats.
func tidy(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// follow lets the catalog close over what the statement does. A relation that it
// locks for writing, and to which nothing that is known leads, may be changed in
// any way.
func (w *work) follow() {
	w.changes = slices.Clone(w.plan.changes)
	for _, d := range w.dmls {
		if d.Relation != 0 {
			w.changes = append(w.changes, d.Change())
		}
	}
	for oid := range w.declared.writes {
		w.changes = append(w.changes, catalog.Change{Relation: oid, Event: anyRows})
	}
	reads, functions := slices.Clone(w.plan.reads), w.functions()
	for _, l := range w.locks {
		if l.reads() {
			reads = append(reads, l.relation)
		}
	}
	w.called = w.cat.Close(nil, slices.Sorted(maps.Keys(w.declared.reads)), functions)
	w.closure = w.cat.Close(w.changes, reads, functions)
	before := len(w.changes)
	for _, l := range w.locks {
		if _, led := w.closure.Changes[l.relation]; !led && !l.reads() {
			w.changes = append(w.changes, catalog.Change{Relation: l.relation, Event: anyRows})
		}
	}
	if len(w.changes) > before {
		w.closure = w.cat.Close(w.changes, reads, functions)
	}
	w.out.Reads = tidy(append(w.out.Reads, w.names(slices.Collect(maps.Keys(w.called.Reads)))...))
	for oid := range w.closure.Functions {
		if f := w.cat.Functions[oid]; f != nil && f.Signature != "" && f.Extension == "" {
			w.out.Functions = append(w.out.Functions, f.Signature)
		}
	}
	slices.Sort(w.out.Functions)
}

// functions are those of the users that run while the statement does.
func (w *work) functions() []catalog.OID {
	set := maps.Clone(w.named.Functions)
	maps.Copy(set, w.behind.Functions)
	for _, f := range w.plan.functions {
		set[f] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// reach names what changes beyond what the statement says.
func (w *work) reach() {
	for oid := range w.closure.Changes {
		if name := w.cat.Name(oid); name != "" && !slices.Contains(w.out.Writes, name) {
			w.out.Reaches = append(w.out.Reaches, name)
		}
	}
	w.out.Reaches = tidy(w.out.Reaches)
}

// unknown decides what has no bound, and tells why.
func (w *work) unknown() {
	writes, reads := w.closure.Anything, w.called.ReadsAnything
	first(&writes, w.plan.anything)
	first(&reads, w.plan.anything)
	for _, u := range []*catalog.Uses{w.named, w.behind.Uses} {
		if u.Anything != "" {
			first(&reads, u.Anything+" reads what its arguments name")
			first(&writes, u.Anything+" runs what its arguments name")
		}
	}
	if writes != "" && !w.declared.saysWrites {
		w.out.Anything, w.out.WhyAnything = true, writes
		w.remark("may change anything, because "+writes+"; declare it with -- @writes relations, or -- @writes nothing", w.closure.Missing[writes])
	}
	w.unbounded = reads != "" && !w.declared.saysReads
	if first(&reads, w.called.Unseen); reads != "" && !w.declared.saysReads {
		w.out.ReadsAnything = true
		w.remark("may read anything, because "+reads+"; declare it with -- @reads relations", w.called.Missing[reads])
	}
}

// remark says what there is to say of the statement. missing is what the schema lacks,
// where that is why.
func (w *work) remark(message, missing string) {
	p := w.problem(message)
	p.Missing = missing
	w.out.Remarks = append(w.out.Remarks, p)
}

// judge decides who else may answer the statement.
func (w *work) judge() {
	read := w.relations()
	var all catalog.Uses
	for _, u := range []*catalog.Uses{w.named, w.behind.Uses} {
		all.AddNature(u)
	}
	w.out.Volatile = all.Volatile+all.Clock+w.called.Volatile+w.called.Clock != "" || w.unresolved() || slices.ContainsFunc(read, w.unseen)
	all.AddNature(w.called.Nature())
	w.out.NoStandby = w.noStandby(&all, read)
	w.out.ReadOnly = w.out.NoStandby == ""
	w.out.NotCacheable = w.unkept()
	w.out.Session = all.Leaves
	first(&w.out.Session, w.closure.Leaves)
}

// noStandby says why a standby cannot run the statement.
func (w *work) noStandby(all *catalog.Uses, read []catalog.OID) string {
	switch {
	case w.plan.name != "":
		return "it is " + w.plan.name
	case w.query == nil:
		return "PostgreSQL did not resolve its functions: " + w.whyNone
	case w.out.Anything:
		return "it may change anything"
	case w.unbounded:
		return "it may read anything" // an UNLOGGED table, for one
	case w.query.Number("commandType") != tree.Select || len(w.out.Writes)+len(w.closure.Changes) > 0:
		return "it writes " + strings.Join(tidy(append(slices.Clone(w.out.Writes), w.out.Reaches...)), ", ")
	case len(w.out.Locks) > 0:
		return "it locks rows of " + strings.Join(w.out.Locks, ", ")
	case all.Effect != "":
		return all.Effect + " has an effect"
	case all.Sequence != "":
		return all.Sequence + " uses a sequence"
	}
	for _, oid := range read {
		switch r := w.cat.Relations[oid]; {
		case r == nil:
		case r.Unlogged:
			return "no standby has the rows of " + w.cat.Name(oid) + ", which is UNLOGGED"
		case r.Temporary:
			return "no standby has the rows of " + w.cat.Name(oid) + ", which is temporary"
		}
	}
	return ""
}

// unresolved reports whether PostgreSQL's analysed form of a query is missing.
func (w *work) unresolved() bool { return w.query == nil && w.plan.name == "" }

// unkept says why a result must not be cached.
func (w *work) unkept() string {
	switch {
	case w.plan.name != "":
		return "it is " + w.plan.name
	case len(w.out.Writes)+len(w.out.Reaches) > 0:
		return "it writes " + strings.Join(tidy(append(slices.Clone(w.out.Writes), w.out.Reaches...)), ", ")
	case w.out.Anything:
		return "it may change anything"
	case len(w.out.Locks) > 0:
		return "it locks rows of " + strings.Join(w.out.Locks, ", ")
	case w.out.ReadsAnything:
		return "it may read anything"
	case w.unresolved():
		return "PostgreSQL did not resolve its functions: " + w.whyNone
	}
	why := w.unkeptRelation()
	first(&why, w.unkeptFunction())
	if len(w.columns) == 0 || strings.Contains(w.st.Command, "exec") {
		first(&why, "it returns no rows")
	}
	return why
}

// relations are all in which rows may be that are read, in order.
func (w *work) relations() []catalog.OID {
	all := maps.Clone(w.named.Relations)
	maps.Copy(all, w.behind.Relations)
	maps.Copy(all, w.called.Reads)
	for _, l := range w.locks {
		all[l.relation] = true
	}
	for _, oid := range slices.Collect(maps.Keys(all)) {
		for _, m := range w.members(oid) {
			all[m] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// unseen reports whether a relation's rows change without any write of rows here:
// those of the system catalogs, sequences and foreign tables.
func (w *work) unseen(oid catalog.OID) bool {
	r := w.cat.Relations[oid]
	return oid < firstNormalOID || r == nil || r.System || r.Kind == 'S' || r.Kind == 'f'
}

// unkeptRelation looks for relations whose rows others do not see, or whose
// changes no write foretells.
func (w *work) unkeptRelation() string {
	for _, oid := range w.relations() {
		r := w.cat.Relations[oid]
		switch name := w.cat.Name(oid); {
		case oid < firstNormalOID || r == nil || r.System:
			return "it reads the system catalogs"
		case r.RowSecurity:
			return "row-level security on " + name
		case r.Temporary:
			return name + " is temporary"
		case r.Kind == 'f':
			return name + " is a foreign table"
		case r.Kind == 'S':
			return name + " is a sequence"
		}
	}
	return ""
}

// unkeptFunction looks for functions whose result may differ though no data did.
func (w *work) unkeptFunction() string {
	for _, u := range []*catalog.Uses{w.named, w.behind.Uses, w.called.Nature()} {
		switch {
		case u.Sequence != "":
			return u.Sequence + " uses a sequence"
		case u.Volatile != "":
			return u.Volatile + " is volatile"
		case u.Effect != "":
			return u.Effect + " has an effect"
		case u.Clock != "":
			return u.Clock + " tells the time"
		case u.Session != "":
			return u.Session + " depends on the session"
		}
	}
	for _, c := range w.columns {
		if w.cat.SentAsText(catalog.OID(c.Type.OID)) {
			return "a result of type " + c.Type.Name + " depends on the session"
		}
	}
	return ""
}

// first sets what is not set yet.
func first(to *string, name string) {
	if *to == "" {
		*to = name
	}
}
