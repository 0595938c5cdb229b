package bodies

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// shape notes that a record gets columns, or the value of an expression that is a row.
func (r *routine) shape(v *plpgsql.Variable, columns []column, expression bool) {
	if expression {
		if len(columns) != 1 {
			r.lost[v] = true
			return
		}
		row := columns[0]
		switch {
		case r.types.Composite(row.typ):
			r.addShape(v, shape{sql: r.types.TypeSQL(row.typ)})
			return
		case row.expr.Is("ROWEXPR"):
			columns = r.rowOf(row.expr)
		case row.expr.Is("SUBLINK"):
			r.shape(v, r.outputs(row.expr.Child("subselect")), true)
			return
		case row.expr.Is("VAR") && row.expr.Row != nil:
			columns = r.outputs(row.expr.Row)
		default:
			r.lost[v] = true
			return
		}
	}
	r.addShape(v, r.rowType(columns))
}

// rowName returns the name of a column of ROW(…).
func rowName(row *tree.Node, i int) string {
	if names := row.Value("colnames").List; i < len(names) {
		return tree.Unescape(strings.Trim(names[i].Atom, `"`))
	}
	return ""
}

// rowType makes a row type of columns. Of those with one name the first is meant.
func (r *routine) rowType(columns []column) shape {
	var list []string
	seen := map[string]bool{}
	for _, c := range columns {
		sql := r.types.TypeSQL(c.typ)
		if c.typ == unknownOID {
			sql = "pg_catalog.text"
		}
		if sql == "" || c.typ == tree.Record {
			return shape{}
		}
		if !seen[c.name] {
			seen[c.name] = true
			list = append(list, quote(c.name)+" "+sql)
		}
	}
	for _, s := range r.rows {
		if slices.Equal(s.list, list) {
			return shape{sql: s.sql, columns: columns}
		}
	}
	name := r.name()
	if _, _, ok := r.attempt("CREATE TYPE " + name + " AS (" + strings.Join(list, ", ") + ");SELECT"); !ok {
		return shape{}
	}
	r.rows = append(r.rows, rowType{list, name})
	return shape{sql: name, columns: columns}
}

// rowType is a row type that was made, by its columns.
type rowType struct {
	list []string
	sql  string
}

const unknownOID = 705

func (r *routine) addShape(v *plpgsql.Variable, s shape) {
	switch {
	case s.sql == "":
		r.lost[v] = true
	case !slices.ContainsFunc(r.shapes[v], func(t shape) bool { return t.sql == s.sql }):
		r.shapes[v] = append(r.shapes[v], s)
	}
}
