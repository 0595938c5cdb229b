package syntax

import (
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// scope is a name that WITH defines, and those around it.
type scope struct {
	cte   string
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.cte == name {
			return true
		}
	}
	return false
}

// direct collects what a tree names.
type direct struct {
	uses *Uses
}

// node collects from n and all under it, where s are the names of WITH in sight.
func (d *direct) node(n any, s *scope) {
	switch n := n.(type) {
	case *pg.RangeVar:
		d.relation(n, s)
	case *pg.SelectStmt:
		d.selects(n, s)
	case *pg.InsertStmt, *pg.UpdateStmt, *pg.DeleteStmt, *pg.MergeStmt:
		d.changes(n, s)
	case *pg.FuncCall, *pg.SQLValueFunction, *pg.A_Expr, *pg.SubLink, *pg.SortBy, *pg.ColumnRef, *pg.A_Indirection, *pg.TypeCast:
		d.expression(n)
		d.under(n, s)
	case *pg.RawStmt, *pg.PLAssignStmt:
		d.under(n, s)
	default:
		if d.utility(n, s) {
			d.under(n, s)
		}
	}
}

// under collects from the children of n, all but those given.
func (d *direct) under(n any, s *scope, but ...any) {
	Children(n, func(child any) {
		for _, b := range but {
			if child == b {
				return
			}
		}
		d.node(child, s)
	})
}

func (d *direct) relation(n *pg.RangeVar, s *scope) {
	if n.GetSchemaname() == "" && s.has(n.GetRelname()) {
		return
	}
	d.uses.Reads = append(d.uses.Reads, nameOf(n))
}

func nameOf(n *pg.RangeVar) Name { return Name{n.GetSchemaname(), n.GetRelname()} }

// with collects from the queries of WITH and returns what is in sight behind it.
func (d *direct) with(w *pg.WithClause, s *scope) *scope {
	if w.GetRecursive() {
		for _, c := range w.GetCtes() {
			s = &scope{c.GetCommonTableExpr().GetCtename(), s}
		}
	}
	for _, c := range w.GetCtes() {
		cte := c.GetCommonTableExpr()
		if cte == nil {
			d.uses.unknown("WITH holds something unknown")
			continue
		}
		d.under(cte, s)
		if !w.GetRecursive() {
			s = &scope{cte.GetCtename(), s}
		}
	}
	return s
}

func (d *direct) selects(n *pg.SelectStmt, s *scope) {
	but := []any{n.GetWithClause(), n.GetIntoClause()}
	if n.GetIntoClause() != nil {
		d.uses.unknown("SELECT INTO makes a table")
	}
	s = d.with(n.GetWithClause(), s)
	for _, l := range n.GetLockingClause() {
		if c := l.GetLockingClause(); c != nil {
			but = append(but, c)
			d.locks(n.GetFromClause(), c.GetLockedRels(), s)
		}
	}
	d.under(n, s, but...)
}

// locks notes the relations of FROM that are locked: those named by OF, or all.
func (d *direct) locks(from, of []*pg.Node, s *scope) {
	if len(of) == 0 {
		d.lockAll(from, s)
		return
	}
	for _, o := range of {
		name := o.GetRangeVar().GetRelname()
		Walk(from, func(n any) bool {
			switch n := n.(type) {
			case *pg.RangeVar:
				if n.GetAlias().GetAliasname() == name || n.GetAlias() == nil && n.GetRelname() == name {
					d.lock(n, s)
				}
			case *pg.RangeSubselect:
				if n.GetAlias().GetAliasname() == name {
					d.lockAll(n.GetSubquery(), s)
				}
				return false
			}
			return true
		})
	}
}

// lockAll notes every relation under n. It may take a name of an inner WITH for
// one, and a subquery of a condition for a part of FROM.
func (d *direct) lockAll(n any, s *scope) {
	Walk(n, func(n any) bool {
		if r, ok := n.(*pg.RangeVar); ok {
			d.lock(r, s)
		}
		return true
	})
}

func (d *direct) lock(r *pg.RangeVar, s *scope) {
	if r.GetSchemaname() != "" || !s.has(r.GetRelname()) {
		d.uses.Locks = append(d.uses.Locks, nameOf(r))
	}
}

// expression notes the functions that an expression calls.
func (d *direct) expression(n any) {
	switch n := n.(type) {
	case *pg.FuncCall:
		d.uses.Functions = append(d.uses.Functions, qualified(n.GetFuncname()))
	case *pg.SQLValueFunction:
		name := strings.ToLower(strings.TrimPrefix(n.GetOp().String(), "SVFOP_"))
		d.uses.Functions = append(d.uses.Functions, Name{"pg_catalog", strings.TrimSuffix(name, "_n")})
	case *pg.A_Expr:
		d.operator(n.GetName())
	case *pg.SubLink:
		d.operator(n.GetOperName())
	case *pg.SortBy:
		d.operator(n.GetUseOp())
	case *pg.ColumnRef:
		d.column(n.GetFields())
	case *pg.A_Indirection:
		d.uses.Attributes = append(d.uses.Attributes, texts(n.GetIndirection())...)
	case *pg.TypeCast:
		d.uses.Casts = append(d.uses.Casts, qualified(n.GetTypeName().GetNames()))
	}
}

func (d *direct) column(parts []*pg.Node) {
	if len(parts) == 0 {
		return
	}
	if len(parts) > 1 {
		d.uses.Attributes = append(d.uses.Attributes, texts(parts[1:])...)
	}
}

func (d *direct) operator(name []*pg.Node) {
	if len(name) > 0 {
		d.uses.Operators = append(d.uses.Operators, qualified(name))
	}
}

// qualified returns the last two parts of a name.
func qualified(list []*pg.Node) Name {
	parts := texts(list)
	switch len(parts) {
	case 0:
		return Name{}
	case 1:
		return Name{"", parts[0]}
	}
	return Name{parts[len(parts)-2], parts[len(parts)-1]}
}
