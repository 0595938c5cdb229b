package bodies

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

func oidOf(text []byte) tree.OID {
	oid, _ := strconv.ParseUint(string(text), 10, 32)
	return tree.OID(oid)
}

// dynamic compiles an expression whose value is run, and what is run when that is a
// constant.
func (r *routine) dynamic(p *plpgsql.Piece) (why string) {
	var using []argument
	for _, sql := range p.Using {
		compiled, refused := r.compiled(sql, p.Scope)
		if refused != "" {
			r.out.Loose = append(r.out.Loose, Loose{sql, refused})
			using = append(using, argument{})
			continue
		}
		for _, c := range compiled {
			r.tree(c.tree, sql)
		}
		using = append(using, argument{typ: r.first(compiled[0].tree)})
	}
	compiled, why := r.compiled(p.SQL, p.Scope)
	if why != "" {
		r.unknown("it runs a text that was not understood: " + why)
		r.lose(p)
		return why
	}
	for _, c := range compiled {
		r.tree(c.tree, p.SQL)
		text, constant := tree.Text(expression(c.tree))
		if !constant {
			r.out.Runs = append(r.out.Runs, Run{expression(c.tree), p.SQL})
			r.lose(p)
			continue
		}
		r.run(p, text, using)
	}
	return ""
}

// run compiles a constant text that is run.
func (r *routine) run(p *plpgsql.Piece, text string, using []argument) {
	for _, part := range sqltext.Statements(text) {
		sql := strings.TrimSuffix(part.Text(text), ";")
		if !analysed(sql) {
			r.utility(sql, func(query string) (tree.Value, bool) {
				v, _, ok := r.function(query, using)
				return v, ok
			})
			r.lose(p)
			continue
		}
		v, why, ok := r.function(sql, using)
		if slices.ContainsFunc(using, func(a argument) bool { return a.typ == "" }) || !ok {
			r.out.Loose = append(r.out.Loose, Loose{sql, why})
			r.lose(p)
			continue
		}
		r.tree(v, sql)
		for _, q := range statementsOf(v) {
			r.outcome(p, r.outputs(q), nil)
		}
	}
}

// expression returns the one expression of SELECT expression, nil when there is none.
func expression(v tree.Value) *tree.Node {
	for _, q := range statementsOf(v) {
		if list := q.List("targetList"); len(list) > 0 {
			return list[0].Child("expr")
		}
	}
	return nil
}

// first returns the type of a tree's first expression as SQL takes it.
func (r *routine) first(v tree.Value) string {
	oid, _ := r.types.ExprType(expression(v))
	if oid == unknownOID {
		return "pg_catalog.text"
	}
	return r.types.TypeSQL(oid)
}
