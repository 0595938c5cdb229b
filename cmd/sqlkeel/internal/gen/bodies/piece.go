package bodies

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// The types that PL/pgSQL gives to the value of a condition, a bound and a message.
var pieceTypes = map[string]tree.OID{"boolean": 16, "integer": 23, "text": 25}

// piece compiles one piece. It returns why that failed, "" when it did not.
func (r *routine) piece(p *plpgsql.Piece) (why string) {
	r.alters(p)
	switch p.Kind {
	case plpgsql.Assign:
		return ""
	case plpgsql.Fetch:
		if len(r.cursors[p.Cursor]) == 0 {
			r.lose(p)
		}
		for _, columns := range r.cursors[p.Cursor] {
			r.assign(p, columns)
		}
		return ""
	case plpgsql.Dynamic:
		return r.dynamic(p)
	case plpgsql.Query:
		if !analysed(p.SQL) {
			r.utility(p.SQL, func(query string) (tree.Value, bool) {
				list, _ := r.compiled(query, p.Scope)
				if len(list) != 1 {
					return tree.Value{}, false
				}
				return list[0].tree, true
			})
			r.lose(p)
			return ""
		}
	}
	compiled, why := r.compiled(p.SQL, p.Scope)
	if why != "" {
		r.lose(p)
		return why
	}
	for _, c := range compiled {
		r.tree(c.tree, p.SQL)
		for _, q := range statementsOf(c.tree) {
			r.outcome(p, r.outputs(q), c.args)
		}
	}
	return ""
}

// compiling is a tree and the arguments that its parameters stand for.
type compiling struct {
	tree tree.Value
	args []argument
}

// compiled has a text compiled, once for each shape that the records in it may have.
// A shape with which it does not compile is one that it never meets.
func (r *routine) compiled(sql string, scope *plpgsql.Scope) (out []compiling, why string) {
	m := r.mention(sql, scope)
	choices, why := r.choices(m)
	if why != "" {
		return nil, why
	}
	for _, args := range choices {
		v, refused, ok := r.function(m.sql, args)
		if ok {
			out = append(out, compiling{v, args})
		} else {
			why = refused
		}
	}
	if len(out) > 0 {
		return out, ""
	}
	return nil, why
}

// choices returns the arguments for a text: all those of the function in their places
// when it counts them, and the variables that it mentions.
func (r *routine) choices(m mentions) (out [][]argument, why string) {
	const most = 8
	out = [][]argument{nil}
	args := m.arguments
	if m.positions {
		args = nil
		for _, v := range r.args {
			i := slices.IndexFunc(m.arguments, func(a argument) bool { return a.variable == v })
			a := argument{variable: v}
			if i >= 0 {
				a.name = m.arguments[i].name
			}
			args = append(args, a)
		}
		for _, a := range m.arguments {
			if !slices.ContainsFunc(args, func(b argument) bool { return b.variable == a.variable && b.name == a.name }) {
				args = append(args, a)
			}
		}
	}
	for _, a := range args {
		var typed []string
		switch v := a.variable; {
		case r.known[v].sql != "":
			typed = []string{r.known[v].sql}
		case r.lost[v] || len(r.shapes[v]) == 0:
			return nil, "the type of its variable " + v.Name + " is not known"
		default:
			for _, s := range r.shapes[v] {
				typed = append(typed, s.sql)
			}
		}
		var longer [][]argument
		for _, list := range out {
			for _, t := range typed {
				a.typ = t
				longer = append(longer, append(slices.Clone(list), a))
			}
		}
		if out = longer; len(out) > most {
			return nil, "its records have too many shapes"
		}
	}
	return out, ""
}

// outcome notes what becomes of a piece's columns.
func (r *routine) outcome(p *plpgsql.Piece, columns []column, args []argument) {
	if p.Cursor != nil {
		r.cursors[p.Cursor] = append(r.cursors[p.Cursor], columns)
	}
	switch {
	case p.Type == "element" && len(columns) == 1:
		columns = []column{{typ: r.types.Element(columns[0].typ)}}
	case p.Type != "" && len(columns) == 1:
		r.values(columns, pieceTypes[p.Type])
	case p.Result && r.new != nil:
		r.returned(columns, args)
	case p.Result:
		r.values(columns, r.f.Result)
	}
	r.assign(p, columns)
}

// assign notes that the targets of a piece get columns.
func (r *routine) assign(p *plpgsql.Piece, columns []column) {
	if len(p.Into) == 1 && len(p.Into[0].Fields) == 0 && !p.Into[0].Element {
		v := p.Into[0].Variable
		if r.known[v].sql == "" {
			r.shape(v, columns, p.Kind == plpgsql.Expression)
		} else {
			r.values(columns, r.known[v].oid)
		}
		return
	}
	for i, t := range p.Into {
		if i < len(columns) {
			r.values(columns[i:i+1], r.typeOf(t))
		}
	}
}

// typeOf returns the type of a target, 0 when it is not known.
func (r *routine) typeOf(t plpgsql.Target) tree.OID {
	oid := r.known[t.Variable].oid
	for i, f := range t.Fields {
		if s := r.shapes[t.Variable]; i == 0 && len(s) > 0 {
			if c := slices.IndexFunc(s[0].columns, func(c column) bool { return c.name == f }); c >= 0 {
				oid = s[0].columns[c].typ
			}
			continue
		}
		oid = r.types.Field(oid, f)
	}
	if t.Element {
		oid = r.types.Element(oid)
	}
	return oid
}

// lose notes that something unknown goes to the records that a piece assigns.
func (r *routine) lose(p *plpgsql.Piece) {
	for _, t := range p.Into {
		if r.known[t.Variable].sql == "" && len(t.Fields) == 0 {
			r.lost[t.Variable] = true
		}
	}
}
