package bodies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// argument is an argument of a temporary function.
type argument struct {
	name     string // as the text has it; "" for one that is only counted
	typ      string
	variable *plpgsql.Variable
}

// maxArguments is how many arguments a function can have.
const maxArguments = 100

// function has the server analyse statements with arguments.
func (s *session) function(sql string, args []argument) (v tree.Value, why string, ok bool) {
	if len(args) > maxArguments {
		return tree.Value{}, fmt.Sprintf("it has more than %d variables", maxArguments), false
	}
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = a.typ
		if a.name != "" {
			list[i] = quote(a.name) + " " + a.typ
		}
	}
	name := s.name()
	rows, why, ok := s.attempt("CREATE FUNCTION " + name + "(" + strings.Join(list, ", ") + ") RETURNS void LANGUAGE sql BEGIN ATOMIC " + sql + "\n; END;" +
		"SELECT prosqlbody::pg_catalog.text FROM pg_catalog.pg_proc WHERE oid = '" + name + "'::pg_catalog.regproc")
	if !ok || len(rows) != 1 {
		return tree.Value{}, why, false
	}
	v, err := tree.Parse(string(rows[0][0]))
	if err != nil {
		return tree.Value{}, err.Error(), false
	}
	return v, "", true
}

// name returns a new name in the temporary schema.
func (s *session) name() string {
	s.made++
	return "pg_temp.sqlkeel_" + strconv.Itoa(s.made)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// tables makes the transition tables of a trigger's function.
func (s *session) tables(f *Function) {
	for _, name := range f.Tables {
		s.table(name, "(LIKE "+f.Table+")")
	}
}

// table makes a relation that is the body's own.
func (s *session) table(name, columns string) {
	rows, why, ok := s.attempt("CREATE TEMPORARY TABLE " + quote(name) + " " + columns + ";SELECT 'pg_temp." + strings.ReplaceAll(quote(name), "'", "''") + "'::pg_catalog.regclass::pg_catalog.oid")
	if !ok {
		s.unknown("its table " + name + " cannot be made: " + why)
		return
	}
	oid, _ := strconv.ParseUint(string(rows[0][0]), 10, 32)
	s.out.Own[tree.OID(oid)], s.out.OwnNames[name] = true, true
}

func (s *session) unknown(why string) {
	if s.out.Unknown == "" {
		s.out.Unknown = why
	}
}

// sql compiles a body in SQL: as a whole, and where that fails by its statements.
func (s *session) sql(f *Function) {
	var args []argument
	for _, a := range f.Arguments {
		if !a.Out {
			args = append(args, argument{name: a.Name, typ: a.Type})
		}
	}
	source := f.Source
	source, args = qualified(source, f.Name, args)
	if v, _, ok := s.function(source, args); ok {
		s.tree(v, source)
		if all := statementsOf(v); len(all) > 0 && f.Result != 0 {
			s.values(s.outputs(all[len(all)-1]), f.Result)
		}
		return
	}
	list := sqltext.Statements(source)
	for i, part := range list {
		sql := strings.TrimSuffix(part.Text(source), ";")
		if !analysed(sql) {
			s.utility(sql, func(query string) (tree.Value, bool) {
				v, _, ok := s.function(query, args)
				return v, ok
			})
			continue
		}
		v, why, ok := s.function(sql, args)
		if !ok {
			s.out.Loose = append(s.out.Loose, Loose{sql, why})
			continue
		}
		s.tree(v, sql)
		if i == len(list)-1 && f.Result != 0 {
			for _, q := range statementsOf(v) {
				s.values(s.outputs(q), f.Result)
			}
		}
	}
}

// qualified renames arguments that a body in SQL names by its function, as in f.id, and
// adds the new names to the arguments.
func qualified(sql, function string, args []argument) (string, []argument) {
	var out strings.Builder
	last, tokens := 0, slices.Collect(sqltext.Code(sql))
	for i := 0; i+2 < len(tokens); i++ {
		name, is := identifier(sql, tokens[i])
		if !is || name != function || tokens[i+1].Text(sql) != "." || i > 0 && tokens[i-1].Text(sql) == "." {
			continue
		}
		second, _ := identifier(sql, tokens[i+2])
		a := slices.IndexFunc(args, func(a argument) bool { return a.name == second })
		if second == "" || a < 0 {
			continue
		}
		own := argument{name: "sqlkeel " + name + "." + second, typ: args[a].typ}
		if !slices.Contains(args, own) {
			args = append(args, own)
		}
		out.WriteString(sql[last:tokens[i].Start] + quote(own.name))
		last = tokens[i+2].End
		i += 2
	}
	return out.String() + sql[last:], args
}

// analysed reports whether PostgreSQL analyses a statement by itself; others it takes
// as they are.
func analysed(sql string) bool {
	switch strings.ToLower(sqltext.Verb(sql)) {
	case "select", "insert", "update", "delete", "merge", "with", "values", "table":
		return true
	}
	return false
}

// statementsOf returns the queries of a body, in order.
func statementsOf(v tree.Value) []*tree.Node {
	if v.Node.Is("QUERY") {
		return []*tree.Node{v.Node}
	}
	var out []*tree.Node
	for _, w := range v.List {
		out = append(out, statementsOf(w)...)
	}
	return out
}

// column is a column of a query's result.
type column struct {
	name string
	typ  tree.OID // 0: not known
	expr *tree.Node
}

// outputs returns the columns that a query returns.
func (s *session) outputs(q *tree.Node) []column {
	list := q.List("targetList")
	if q.Number("commandType") != tree.Select {
		list = q.List("returningList")
	}
	var out []column
	for _, t := range list {
		if t.Yes("resjunk") {
			continue
		}
		typ, _ := s.types.ExprType(t.Child("expr"))
		out = append(out, column{name: tree.Unescape(t.Atom("resname")), typ: typ, expr: t.Child("expr")})
	}
	return out
}

// arraySubLink is PostgreSQL's number of ARRAY(SELECT …).
const arraySubLink = 6

// rowOf returns the columns of ROW(…).
func (s *session) rowOf(row *tree.Node) []column {
	var out []column
	for i, e := range row.List("args") {
		typ, _ := s.types.ExprType(e)
		out = append(out, column{name: rowName(row, i), typ: typ, expr: e})
	}
	return out
}

func (s *session) tree(v tree.Value, sql string) { s.out.Trees = append(s.out.Trees, Tree{v, sql}) }

// values notes that columns become a value of a type. The columns of a row become those
// of a row type.
func (s *session) values(from []column, to tree.OID) {
	if len(from) == 1 && from[0].expr.Is("ROWEXPR") && from[0].typ == tree.Record {
		from = s.rowOf(from[0].expr)
	}
	if len(from) == 1 && from[0].expr.Is("SUBLINK") && from[0].expr.Number("subLinkType") == arraySubLink {
		to = s.types.Element(to) // the type of such an expression is that of its elements
	}
	if to == 0 || len(from) == 0 || len(from) == 1 && from[0].typ == to {
		return
	}
	v := Value{To: to}
	for _, c := range from {
		v.From = append(v.From, c.typ)
	}
	if len(from) == 1 {
		v.Constant, _ = tree.Text(from[0].expr)
	}
	s.out.Values = append(s.out.Values, v)
}
