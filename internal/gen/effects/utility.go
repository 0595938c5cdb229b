package effects

import (
	"maps"
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

// utility is what is known of a statement that PostgreSQL did not analyse, from
// the parser's tree.
type utility struct {
	name                 string // such as "a TRUNCATE"; empty for a query
	reads, writes, locks []catalog.OID
	changes              []catalog.Change
	functions            []catalog.OID
	anything             string // why what it does has no bound
}

func (w *work) utility() utility {
	if w.tree == nil {
		return utility{anything: w.whyNone}
	}
	u := utility{}
	if !resolvable(w.tree) {
		u.name = "a utility statement"
	}
	switch n := w.tree.GetNode().(type) {
	case *pg.Node_RefreshMatViewStmt:
		w.refresh(&u, n.RefreshMatViewStmt)
		return u
	case *pg.Node_LockStmt:
		u.name = "a LOCK"
	case *pg.Node_TruncateStmt:
		u.name = "a TRUNCATE"
	case *pg.Node_CallStmt:
		u.name = "a CALL"
	case *pg.Node_NotifyStmt, *pg.Node_ListenStmt, *pg.Node_UnlistenStmt, *pg.Node_TransactionStmt, *pg.Node_VariableSetStmt,
		*pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_ConstraintsSetStmt:
		u.name = "a statement about the session"
		return u
	}
	w.fill(&u, syntax.Direct(w.tree))
	return u
}

// refresh changes a materialised view, and reads what its query reads.
func (w *work) refresh(u *utility, n *pg.RefreshMatViewStmt) {
	u.name = "a REFRESH"
	oid, ok := w.cat.Resolve(n.GetRelation().GetSchemaname(), n.GetRelation().GetRelname())
	if !ok {
		u.anything = "the materialised view is not known"
		return
	}
	u.writes = []catalog.OID{oid}
	u.changes = []catalog.Change{{Relation: oid, Event: anyRows}}
	inside := newSeen()
	if of := w.cat.ViewUses(oid); of != nil {
		inside.Add(of)
	}
	for _, r := range slices.Sorted(maps.Keys(inside.Relations)) {
		w.expand(inside, r)
	}
	u.reads = slices.Sorted(maps.Keys(inside.Relations))
	u.functions = slices.Sorted(maps.Keys(inside.Functions))
}

// fill takes what the tree names. Names that nobody knows have no bound.
func (w *work) fill(u *utility, named *syntax.Uses) {
	first(&u.anything, named.Unknown)
	find := func(n syntax.Name) (catalog.OID, bool) {
		oid, ok := w.cat.Resolve(n.Schema, n.Name)
		if !ok {
			first(&u.anything, n.String()+" is not known")
		}
		return oid, ok
	}
	for _, c := range named.Changes {
		oid, ok := find(c.Relation)
		if !ok {
			continue
		}
		u.changes = append(u.changes, catalog.Change{Relation: oid, Event: c.Event, Cascade: c.Cascade, Only: c.Only && c.Event != catalog.Insert})
		u.writes = append(u.writes, oid)
	}
	for _, l := range named.Locks {
		if oid, ok := find(l); ok {
			u.locks = append(u.locks, oid)
		}
	}
	for _, r := range named.Reads {
		if oid, ok := find(r); ok {
			u.reads = append(u.reads, oid)
		}
	}
	if u.name == "" {
		// PostgreSQL analysed it, and its locks tell.
		u.reads, u.writes, u.locks = nil, nil, nil
	}
	for _, f := range named.Functions {
		for _, oid := range w.cat.FunctionsNamed(f.Schema, f.Name) { // which of them the types would say
			called := w.cat.Called(oid)
			w.named.AddNature(called)
			u.functions = slices.AppendSeq(u.functions, maps.Keys(called.Functions))
		}
	}
	u.functions = append(u.functions, w.cat.Implied(named)...)
	if len(named.Operators) > 0 && u.name == "" {
		first(&u.anything, "its operators are not resolved")
	}
}
