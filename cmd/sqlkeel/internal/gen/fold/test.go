package fold

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// test returns the outcome of a test on the closed list, open for any other. subject is
// that of the CASE in whose arm it stands.
func (f *folding) test(n, subject *tree.Node) truth {
	switch n.Kind {
	case "NULLTEST":
		return f.nullTest(n)
	case "BOOLEANTEST":
		return f.booleanTest(n)
	case "OPEXPR":
		if args := n.List("args"); len(args) == 2 {
			return f.comparison(n, args[0], args[1], subject)
		}
	case "SCALARARRAYOPEXPR":
		return f.among(n)
	}
	return open
}

// nullTest decides IS NULL and IS NOT NULL. Rows are not decided: they may be neither.
func (f *folding) nullTest(n *tree.Node) truth {
	const isNotNull = 1
	o, known := f.operandOf(f.lengthened(n.Child("arg")), nil)
	if !known || n.Yes("argisrow") {
		return open
	}
	t := truthIs(o.null())
	if n.Number("nulltesttype") == isNotNull {
		return t.not()
	}
	return t
}

// lengthened returns what is cast to a length, as in $1::varchar(10). Written casts refuse
// nothing: what they give is NULL when, and only when, that is.
func (f *folding) lengthened(n *tree.Node) *tree.Node {
	args := n.List("args")
	if n.Is("FUNCEXPR") && len(args) == 3 && slices.Contains([]string{"bpchar", "varchar", "bit", "varbit"}, f.builtin(n.OID("funcid"))) && truthOf(args[2]) == yes {
		return args[0]
	}
	return n
}

// booleanTest decides IS TRUE and its kin.
func (f *folding) booleanTest(n *tree.Node) truth {
	// In PostgreSQL's order: IS TRUE, IS NOT TRUE, IS FALSE, IS NOT FALSE, IS UNKNOWN,
	// IS NOT UNKNOWN.
	kinds := [...]truth{yes, yes, no, no, null, null}
	t, kind := truthOf(n.Child("arg")), n.Number("booltesttype")
	if kind < 0 || kind >= len(kinds) {
		return open
	}
	if t == open && kinds[kind] == null {
		if o, known := f.operandOf(n.Child("arg"), nil); known && !o.null() {
			t = yes // or no, which is as little unknown
		}
	}
	if t == open {
		return open
	}
	return truthIs((t == kinds[kind]) == (kind%2 == 0))
}

// relation is a comparison of PostgreSQL's own between the values of a family.
type relation struct {
	family family
	name   string // "eq", "ne", "lt", "le", "gt" or "ge"
}

// relationOf returns what a comparison's function does; of families other than integers
// only equality is known.
func (f *folding) relationOf(n *tree.Node) (r relation, known bool) {
	name := f.builtin(n.OID("opfuncid"))
	if len(name) < 2 {
		return r, false
	}
	r.name = name[len(name)-2:]
	switch strings.TrimSuffix(name[:len(name)-2], "_") {
	case "int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84":
		r.family = integer
		return r, slices.Contains([]string{"eq", "ne", "lt", "le", "gt", "ge"}, r.name)
	case "bool":
		r.family = boolean
	case "text":
		if collation := n.OID("inputcollid"); collation == 0 || f.cat.Loose(collation) {
			return r, false
		}
		r.family = text
	case "uuid":
		r.family = uuid
	case "enum":
		r.family = enum
	case "array":
		r.family = array
	}
	return r, r.family != noFamily && (r.name == "eq" || r.name == "ne")
}

// swapped says the same with the sides exchanged.
func (r relation) swapped() relation {
	if i := strings.Index("lt gt le ge", r.name); i >= 0 {
		r.name = "gt lt ge le"[i : i+2]
	}
	return r
}

// comparison decides a comparison with a constant, on either side.
func (f *folding) comparison(n, left, right, subject *tree.Node) truth {
	r, known := f.relationOf(n)
	if !known {
		return open
	}
	if c, known := f.literal(right); known {
		if o, known := f.operandOf(left, subject); known {
			return r.decide(o, c)
		}
	} else if c, known := f.literal(left); known {
		if o, known := f.operandOf(right, subject); known {
			return r.swapped().decide(o, c)
		}
	}
	return open
}

// decide compares a value with a constant.
func (r relation) decide(o, c operand) truth {
	if c.Is == nil || c.family != r.family || o.family != r.family {
		return open
	}
	switch equal := o.is(*c.Is); {
	case r.name == "eq":
		return equal
	case r.name == "ne":
		return equal.not()
	case !o.counted:
		return open // a parameter that is none of several numbers may be any other
	case equal == null:
		return null
	}
	return r.order(o, *c.Is)
}

// order decides which of two numbers is greater, where the first is a constant or a number
// of elements.
func (r relation) order(o operand, c generated.Value) truth {
	least := int64(1)
	if o.Is != nil {
		least = o.Is.Int
	}
	var t truth
	switch r.name {
	case "gt", "le":
		t = truthIs(least > c.Int)
	default:
		t = truthIs(least >= c.Int)
	}
	if t == no && o.Is == nil {
		return open // there may be more
	}
	if r.name == "le" || r.name == "lt" {
		return t.not()
	}
	return t
}

// among decides IN and NOT IN.
func (f *folding) among(n *tree.Node) truth {
	args := n.List("args")
	r, known := f.relationOf(n)
	if !known || len(args) != 2 {
		return open
	}
	o, known := f.operandOf(args[0], nil)
	all, constants := f.elements(args[1])
	if !known || !constants {
		return open
	}
	outcomes := make([]truth, len(all))
	for i, c := range all {
		outcomes[i] = r.decide(o, c)
	}
	if n.Yes("useOr") {
		return anyOf(outcomes)
	}
	return allOf(outcomes)
}
