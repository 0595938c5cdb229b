package bodies

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// utility notes a statement that PostgreSQL does not analyse by itself. A temporary
// table is made, empty, so that what is behind it compiles; compile is for the query
// that fills it.
func (s *session) utility(sql string, compile func(query string) (tree.Value, bool)) {
	if s.do(sql) {
		return
	}
	t, is := readTemporary(sql)
	// Where another relation has its name, which of the two is meant depends on the way.
	if !is || t.computes || s.elsewhere(t.name) {
		s.out.Utilities = append(s.out.Utilities, sql)
		return
	}
	columns := t.columns
	if t.query != "" {
		v, ok := compile(t.query)
		if !ok {
			s.out.Utilities = append(s.out.Utilities, sql)
			return
		}
		s.tree(v, t.query)
		columns = s.columnsOf(v)
	}
	s.out.Makes = true
	s.out.Keeps = s.out.Keeps || !t.drops
	if !s.out.OwnNames[t.name] {
		s.table(t.name, columns)
	}
}

// do compiles the body of a DO in PL/pgSQL; false for another statement.
func (s *session) do(sql string) bool {
	tokens := slices.Collect(sqltext.Code(sql))
	if len(tokens) < 2 || !tokens[0].Is(sql, "do") {
		return false
	}
	body, language := "", "plpgsql"
	for i, t := range tokens[1:] {
		switch {
		case t.Kind == sqltext.String:
			rows, _, ok := s.attempt("SELECT " + t.Text(sql) + "::pg_catalog.text")
			if !ok {
				return false
			}
			body = string(rows[0][0])
		case tokens[i].Is(sql, "language"):
			language, _ = identifier(sql, t)
		}
	}
	if language != "plpgsql" {
		return false
	}
	s.plpgsql(&Function{Language: language, Source: body})
	return true
}

// columnsOf writes the columns of a query as those of a table.
func (s *session) columnsOf(v tree.Value) string {
	var list []string
	for _, q := range statementsOf(v) {
		for _, c := range s.outputs(q) {
			typ := s.types.TypeSQL(c.typ)
			if c.typ == unknownOID || typ == "" {
				typ = "pg_catalog.text"
			}
			list = append(list, quote(c.name)+" "+typ)
		}
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// temporary is a CREATE TEMPORARY TABLE.
type temporary struct {
	name     string
	columns  string // in parentheses, with what follows
	query    string // behind AS
	drops    bool   // ON COMMIT DROP
	computes bool   // it has defaults or checks, which run when rows are written
}

// computing are the words by which a table gets what runs when rows are written.
var computing = []string{"default", "check", "generated", "references", "including", "inherits", "partition", "of"}

// readTemporary reads CREATE TEMPORARY TABLE; false when it is another statement, or one
// whose table has a schema or other names for its columns.
func readTemporary(sql string) (t temporary, is bool) {
	tokens := slices.Collect(sqltext.Code(sql))
	words := func(list ...string) bool {
		for i, w := range list {
			if i >= len(tokens) || !tokens[i].Is(sql, w) {
				return false
			}
		}
		tokens = tokens[len(list):]
		return true
	}
	if !words("create") {
		return t, false
	}
	_ = words("local") || words("global")
	if !words("temp") && !words("temporary") || !words("table") {
		return t, false
	}
	words("if", "not", "exists")
	if len(tokens) < 2 {
		return t, false
	}
	name, named := identifier(sql, tokens[0])
	if t.name = name; !named {
		return t, false
	}
	tokens = tokens[1:]
	for i, token := range tokens {
		t.drops = t.drops || token.Is(sql, "drop") && i > 0 && tokens[i-1].Is(sql, "commit")
		t.computes = t.computes || token.Kind == sqltext.Word && slices.Contains(computing, sqltext.Fold(token.Text(sql))) && t.query == ""
		if token.Is(sql, "as") && t.query == "" && i+1 < len(tokens) && tokens[0].Text(sql) != "(" {
			t.query = sql[tokens[i+1].Start:]
		}
	}
	switch {
	case t.query != "":
		t.query = withoutData(t.query)
		return t, analysed(t.query)
	case tokens[0].Text(sql) == "(":
		t.columns = sql[tokens[0].Start:]
		return t, true
	}
	return t, false
}

// withoutData cuts WITH [NO] DATA off a query.
func withoutData(query string) string {
	tokens := slices.Collect(sqltext.Code(query))
	n := len(tokens)
	if n > 2 && tokens[n-1].Is(query, "data") {
		for i := n - 2; i >= n-3 && i > 0; i-- {
			if tokens[i].Is(query, "with") {
				return query[:tokens[i].Start]
			}
		}
	}
	return query
}

// settle takes out the statements that drop the body's own tables.
func (s *session) settle() {
	s.out.Utilities = slices.DeleteFunc(s.out.Utilities, s.dropsOwn)
}

func (s *session) dropsOwn(sql string) bool {
	tokens := slices.Collect(sqltext.Code(sql))
	if len(tokens) < 3 || !tokens[0].Is(sql, "drop") || !tokens[1].Is(sql, "table") {
		return false
	}
	tokens = tokens[2:]
	if len(tokens) > 2 && tokens[0].Is(sql, "if") && tokens[1].Is(sql, "exists") {
		tokens = tokens[2:]
	}
	for i, t := range tokens {
		name, is := identifier(sql, t)
		switch {
		case i%2 == 1 && t.Text(sql) == ",":
		case i%2 == 1 || !is || !s.out.OwnNames[name] || s.elsewhere(name):
			return false
		}
	}
	s.out.Makes = true
	return true
}

// elsewhere reports whether a lasting relation has the name of the body's own.
func (s *session) elsewhere(name string) bool {
	rows, _, ok := s.attempt("SELECT FROM pg_catalog.pg_class WHERE relname = " + literal(name) + " AND relnamespace <> pg_catalog.pg_my_temp_schema()")
	return !ok || len(rows) > 0
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
