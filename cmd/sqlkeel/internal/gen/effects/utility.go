package effects

import (
	"maps"
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// utility is what is known of a statement that PostgreSQL does not analyse when it is
// prepared.
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
	case *pg.Node_CreateTableAsStmt, *pg.Node_CreateStmt:
		u.name = "a CREATE TABLE"
	case *pg.Node_NotifyStmt, *pg.Node_ListenStmt, *pg.Node_UnlistenStmt, *pg.Node_TransactionStmt, *pg.Node_VariableSetStmt,
		*pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_ConstraintsSetStmt, *pg.Node_PrepareStmt:
		u.name = "a statement about the session"
		w.named.Leaves = syntax.Direct(w.tree).Leaves
		return u
	}
	w.fill(&u)
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

// fill takes what the catalog makes of the text. Where PostgreSQL analysed the statement,
// its locks tell the relations.
func (w *work) fill(u *utility) {
	params := make([]catalog.OID, len(w.params))
	for i, p := range w.params {
		params[i] = catalog.OID(p.OID)
	}
	found, unknown := w.cat.Text(w.text, params)
	first(&u.anything, unknown)
	w.named.AddNature(found)
	u.functions = slices.Sorted(maps.Keys(found.Functions))
	u.changes = found.Changes
	if u.name == "" {
		return
	}
	for _, c := range found.Changes {
		u.writes = append(u.writes, c.Relation)
	}
	u.reads = slices.Sorted(maps.Keys(found.Relations))
	for _, l := range syntax.Direct(w.tree).Locks {
		if oid, ok := w.cat.Resolve(l.Schema, l.Name); ok {
			u.locks = append(u.locks, oid)
		}
	}
}
