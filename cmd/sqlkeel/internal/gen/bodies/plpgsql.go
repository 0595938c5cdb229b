package bodies

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// routine is the work on one PL/pgSQL body.
type routine struct {
	*session
	f       *Function
	parsed  *plpgsql.Routine
	args    []*plpgsql.Variable
	new     *plpgsql.Variable
	old     *plpgsql.Variable
	known   map[*plpgsql.Variable]variable
	shapes  map[*plpgsql.Variable][]shape
	lost    map[*plpgsql.Variable]bool       // something unknown was assigned to a record
	cursors map[*plpgsql.Variable][][]column // what is read from a cursor
	failed  map[int]string                   // why a piece was not compiled
	rows    []rowType
}

// variable is what is known of one that is no record.
type variable struct {
	sql string
	oid tree.OID
}

// shape is a row type that a record may have.
type shape struct {
	sql     string
	columns []column
}

// triggered are the variables of a trigger's function besides NEW and OLD.
var triggered = [][2]string{
	{"tg_name", "name"}, {"tg_when", "text"}, {"tg_level", "text"}, {"tg_op", "text"}, {"tg_relid", "oid"}, {"tg_relname", "name"},
	{"tg_table_name", "name"}, {"tg_table_schema", "name"}, {"tg_nargs", "integer"}, {"tg_argv", "text[]"},
}

func (s *session) plpgsql(f *Function) {
	r := &routine{
		session: s, f: f, known: map[*plpgsql.Variable]variable{}, shapes: map[*plpgsql.Variable][]shape{},
		lost: map[*plpgsql.Variable]bool{}, cursors: map[*plpgsql.Variable][][]column{}, failed: map[int]string{},
	}
	for _, a := range f.Arguments {
		r.args = append(r.args, &plpgsql.Variable{Name: a.Name, Type: a.Type})
	}
	var err error
	if r.parsed, err = plpgsql.Parse(f.Name, f.Source, r.args, r.given()); err != nil {
		s.unknown("it cannot be read: " + err.Error())
		s.out.AltersAny = true
		return
	}
	r.declare()
	r.pieces()
}

// pieces compiles all pieces. One that mentions a record is compiled again when more
// shapes of the record were found behind it, as in a loop.
func (r *routine) pieces() {
	const rounds = 4
	list, compiled := r.parsed.Pieces, make([]int, len(r.parsed.Pieces))
	for again, round := true, 0; again && round < rounds; round++ {
		again = false
		for i := range list {
			if n := 1 + r.variety(&list[i]); n != compiled[i] && r.err == nil {
				compiled[i], again = n, true
				delete(r.failed, i)
				if why := r.piece(&list[i]); why != "" {
					r.failed[i] = why
				}
			}
		}
	}
	for i := range list {
		if why := r.failed[i]; why != "" {
			r.out.Loose = append(r.out.Loose, Loose{list[i].SQL, why})
			r.out.AltersAny = r.out.AltersAny || list[i].Result
		}
	}
}

// variety counts the shapes of the records that a piece mentions.
func (r *routine) variety(p *plpgsql.Piece) int {
	n := 0
	for _, text := range append([]string{p.SQL}, p.Using...) {
		for _, a := range r.mention(text, p.Scope).arguments {
			n += len(r.shapes[a.variable])
		}
	}
	if p.Kind == plpgsql.Fetch {
		n += len(r.cursors[p.Cursor])
	}
	return n
}

// given makes the variables that PL/pgSQL declares for a trigger.
func (r *routine) given() []*plpgsql.Variable {
	var out []*plpgsql.Variable
	switch {
	case r.f.Table != "":
		r.new, r.old = &plpgsql.Variable{Name: "new", Type: r.f.Table}, &plpgsql.Variable{Name: "old", Type: r.f.Table}
		out = append(out, r.new, r.old)
		for _, v := range triggered {
			out = append(out, &plpgsql.Variable{Name: v[0], Type: "pg_catalog." + v[1]})
		}
	case r.f.Event:
		out = append(out, &plpgsql.Variable{Name: "tg_event", Type: "pg_catalog.text"}, &plpgsql.Variable{Name: "tg_tag", Type: "pg_catalog.text"})
	}
	return out
}

// declare finds the types of the variables.
func (r *routine) declare() {
	texts := map[string]variable{}
	for i, v := range r.parsed.Variables {
		text := r.typeText(v, r.parsed.Variables[:i])
		if text == "" {
			continue // a record, or one like it
		}
		found, tried := texts[text]
		if !tried {
			found = r.typeNamed(text)
			texts[text] = found
		}
		if found.oid == 0 {
			r.lost[v] = true
			continue
		}
		r.known[v] = found
		if !slices.Contains(r.out.Made, found.oid) {
			r.out.Made = append(r.out.Made, found.oid)
		}
	}
}

// typeText returns a variable's type as CREATE FUNCTION takes it; "" for a record.
func (r *routine) typeText(v *plpgsql.Variable, before []*plpgsql.Variable) string {
	text := strings.TrimSpace(v.Type)
	if concrete := r.f.Concrete[strings.ToLower(text)]; concrete != "" {
		return concrete
	}
	cut := strings.LastIndexByte(text, '%')
	if cut < 0 {
		return text
	}
	of := strings.TrimSpace(text[:cut])
	for _, other := range slices.Backward(before) {
		if other.Name == strings.ToLower(strings.Trim(of, `"`)) {
			return r.typeText(other, nil)
		}
	}
	if strings.EqualFold(strings.TrimSpace(text[cut+1:]), "rowtype") {
		return of
	}
	return text
}

// typeNamed asks the server what a type is.
func (r *routine) typeNamed(text string) variable {
	name := r.name()
	rows, _, ok := r.attempt("CREATE FUNCTION " + name + "(" + text + ") RETURNS void LANGUAGE sql AS '';" +
		"SELECT proargtypes[0] FROM pg_catalog.pg_proc WHERE oid = '" + name + "'::pg_catalog.regproc")
	if !ok || len(rows) != 1 {
		return variable{}
	}
	oid := oidOf(rows[0][0])
	if sql := r.types.TypeSQL(oid); sql != "" {
		return variable{sql: sql, oid: oid}
	}
	return variable{sql: text, oid: oid}
}

// mentions are the variables of a text, and the text in which those with the label of
// their block have names of their own.
type mentions struct {
	sql       string
	arguments []argument
	positions bool // it has $1
}

// mention finds the variables that a piece may mean.
func (r *routine) mention(sql string, scope *plpgsql.Scope) mentions {
	var m mentions
	var out strings.Builder
	seen, last := map[string]bool{}, 0
	tokens := slices.Collect(sqltext.Code(sql))
	add := func(name string, v *plpgsql.Variable) {
		if !seen[name] {
			seen[name] = true
			m.arguments = append(m.arguments, argument{name: name, variable: v})
		}
	}
	for i, t := range tokens {
		if t.Kind == sqltext.Param {
			m.positions = true
			continue
		}
		name, is := identifier(sql, t)
		if !is || i > 0 && tokens[i-1].Text(sql) == "." || t.Start < last {
			continue
		}
		v, end := scope.Find(name), t.End
		qualified := false
		if s := scope.Labelled(name); s != nil && v == nil && i+2 < len(tokens) && tokens[i+1].Text(sql) == "." {
			if second, is := identifier(sql, tokens[i+2]); is {
				if v = s.Own(second); v != nil {
					name, end, qualified = name+"."+second, tokens[i+2].End, true
				}
			}
		}
		switch {
		case v == nil:
		case qualified || r.parsed.PrefersVariables:
			name = "sqlkeel " + name
			add(name, v)
			out.WriteString(sql[last:t.Start] + quote(name))
			last = end
		default:
			add(name, v)
		}
	}
	m.sql = out.String() + sql[last:]
	return m
}

// identifier returns the name that a token is.
func identifier(sql string, t sqltext.Token) (string, bool) {
	switch text := t.Text(sql); {
	case t.Kind == sqltext.Word:
		return strings.ToLower(text), true
	case t.Kind == sqltext.Quoted && text[0] == '"' && len(text) > 1:
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`), true
	}
	return "", false
}
