package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// conditions reads the equalities of a condition that always holds.
func (r *framer) conditions(fr *frame, n *pg.Node, left, right span, way direction) {
	switch e := inner(n).(type) {
	case *pg.BoolExpr:
		if e.Boolop == pg.BoolExprType_AND_EXPR {
			for _, a := range e.Args {
				r.conditions(fr, a, left, right, way)
			}
		}
	case *pg.A_Expr:
		if e.Kind != pg.A_Expr_Kind_AEXPR_OP || len(e.Name) != 1 || e.Name[0].GetString_().GetSval() != "=" {
			return
		}
		a, aok := fr.resolve(inner(e.Lexpr))
		b, bok := fr.resolve(inner(e.Rexpr))
		switch {
		case aok && bok:
			if family(fr.typ(a)) == family(fr.typ(b)) && fr.typ(a) != "" {
				fr.equal(a, b, left, right, way)
			}
		case aok:
			r.pin(fr, a, e.Rexpr, left, right, way)
		case bok:
			r.pin(fr, b, e.Lexpr, left, right, way)
		}
	}
}

// equal notes that two columns are equal wherever the direction lets that tell
// something.
func (fr *frame) equal(a, b place, left, right span, way direction) {
	for _, e := range []equality{{a, b}, {b, a}} {
		switch {
		case way == both,
			way == toRight && left.has(e.from) && right.has(e.to),
			way == toLeft && right.has(e.from) && left.has(e.to):
			fr.equals = append(fr.equals, e)
		}
	}
}

// pin notes that a column equals a parameter or a constant.
func (r *framer) pin(fr *frame, p place, value *pg.Node, left, right span, way direction) {
	if way == neither || way == toRight && !right.has(p) || way == toLeft && !left.has(p) {
		return
	}
	t := family(fr.typ(p))
	switch v := inner(value).(type) {
	case *pg.ColumnRef:
		if o := r.outside(fr, v); t != "" && family(o) == t {
			fr.pinned = append(fr.pinned, p)
		}
	case *pg.A_Const:
		_, text := v.Val.(*pg.A_Const_Sval)
		_, number := v.Val.(*pg.A_Const_Ival)
		if text || number && t == "bigint" {
			fr.pinned = append(fr.pinned, p)
		}
	default:
		ref, cast := parameter(value)
		if ref == nil || int(ref.Number) > len(r.f.format) || t == "" || family(r.f.format[ref.Number-1]) != t || cast != nil && !sameType(cast, r.f.source.casts[ref.Number-1]) {
			return
		}
		fr.pinned = append(fr.pinned, p)
	}
}

// outside returns the type of alias.column when the alias is that of a query around:
// a constant for this one. It is "" for others.
func (r *framer) outside(fr *frame, c *pg.ColumnRef) string {
	if len(c.Fields) != 2 || fr.opaque {
		return ""
	}
	alias := c.Fields[0].GetString_().GetSval()
	has := func(x *rel) bool { return x.alias == alias }
	for _, b := range append(slices.Clone(r.begun), fr) {
		if b.opaque || slices.ContainsFunc(b.rels, has) {
			return ""
		}
	}
	for _, o := range slices.Backward(r.outer) {
		if p, ok := o.resolve(c); ok {
			return o.typ(p)
		}
		if o.opaque || slices.ContainsFunc(o.rels, has) {
			break
		}
	}
	return ""
}

// family is one of the types that compare with each other by value.
func family(t string) string {
	switch t {
	case "smallint", "integer":
		return "bigint"
	case "character varying":
		return "text"
	}
	return t
}
