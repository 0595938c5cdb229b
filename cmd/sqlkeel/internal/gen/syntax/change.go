package syntax

import (
	pg "github.com/sqlc-dev/oliphant"
)

// changes collects from INSERT, UPDATE, DELETE and MERGE.
func (d *direct) changes(n any, s *scope) {
	var target *pg.RangeVar
	var with *pg.WithClause
	var c Change
	switch n := n.(type) {
	case *pg.InsertStmt:
		target, with, c = n.GetRelation(), n.GetWithClause(), inserts(n)
	case *pg.UpdateStmt:
		target, with = n.GetRelation(), n.GetWithClause()
		c = Change{Event: Update, Columns: targets(n.GetTargetList())}
	case *pg.DeleteStmt:
		target, with, c = n.GetRelation(), n.GetWithClause(), Change{Event: Delete}
	case *pg.MergeStmt:
		target, with, c = n.GetRelation(), n.GetWithClause(), merges(n)
	}
	c.Relation, c.Only = nameOf(target), !target.GetInh()
	d.uses.Changes = append(d.uses.Changes, c)
	d.under(n, d.with(with, s), with, target)
}

func inserts(n *pg.InsertStmt) Change {
	c := Change{Event: Insert}
	conflict := n.GetOnConflictClause()
	if conflict.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE {
		c.Event |= Update
		c.Columns = targets(conflict.GetTargetList())
	}
	return c
}

func merges(n *pg.MergeStmt) Change {
	var c Change
	for _, w := range n.GetMergeWhenClauses() {
		when := w.GetMergeWhenClause()
		switch when.GetCommandType() {
		case pg.CmdType_CMD_INSERT:
			c.Event |= Insert
		case pg.CmdType_CMD_UPDATE:
			c.Event |= Update
			c.Columns = append(c.Columns, targets(when.GetTargetList())...)
		case pg.CmdType_CMD_DELETE:
			c.Event |= Delete
		case pg.CmdType_CMD_NOTHING:
		default:
			c.Event |= Insert | Update | Delete
		}
	}
	return c
}

// targets returns the columns that SET names.
func targets(list []*pg.Node) []string {
	var out []string
	for _, n := range list {
		if t := n.GetResTarget(); t != nil {
			out = append(out, t.GetName())
		}
	}
	return out
}
