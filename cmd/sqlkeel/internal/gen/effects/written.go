package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// unread leaves out the locks for reading on views that the statement only writes.
// PostgreSQL 15 takes them when a trigger stands in for the write, because the
// view's query lists the view itself as OLD and NEW; later versions do not.
func (a *Analyzer) unread(s *sighting) []lock {
	return slices.DeleteFunc(slices.Clone(s.locks), func(l lock) bool {
		r := a.cat.Relations[l.relation]
		return l.mode == "AccessShareLock" && r != nil && r.Kind == 'v' && s.query != nil && !asks(s.query, l.relation) &&
			slices.ContainsFunc(s.locks, func(other lock) bool { return other.relation == l.relation && !other.reads() })
	})
}

// asks reports whether a relation stands in FROM, other than as the one that is
// changed.
func asks(whole *tree.Node, relation catalog.OID) bool {
	for _, q := range (tree.Value{Node: whole}).Queries() {
		for i := range q.List("rtable") {
			if tree.RelationAt(q, i+1) == relation && i+1 != q.Number("resultRelation") && tree.InFrom(q, i+1) {
				return true
			}
		}
	}
	return false
}
