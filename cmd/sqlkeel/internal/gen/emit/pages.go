package emit

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/pages"
)

// paging is what the code for a @page statement is made of.
type paging struct {
	f       *file
	st      Statement
	runtime string // the name of the package generated
	cursor  string // the cursor's type
	keys    []pagingKey
	limit   string // Go's name of the LIMIT parameter
}

// pagingKey is a key of the order in Go.
type pagingKey struct {
	name   string // of a variable
	goType string
	value  string // of a row called last
	param  pages.Key
}

// page writes the cursor type and the method of a statement annotated with @page.
func page(f *file, st Statement, problems *problems) {
	if st.Page == nil {
		return
	}
	p := &paging{f: f, st: st, cursor: upperFirst(st.Name) + "Cursor", limit: st.Params[st.Page.Limit-1].Name}
	pos := st.Pos
	for _, a := range st.Annotations {
		if a.Key == "page" {
			pos = a.Pos
		}
	}
	if message := p.prepare(); message != "" {
		problems.at(pos, st.Name, message)
		return
	}
	p.runtime = f.use(generatedPath)
	p.cursorType()
	p.cursorText()
	p.method()
}

// prepare resolves the keys and claims the names. It returns what is wrong.
func (p *paging) prepare() string {
	for _, name := range []string{p.cursor, "Parse" + p.cursor, p.params()} {
		if where, ok := p.f.taken.claim(name); name != "" && !ok {
			return fmt.Sprintf("@page needs the name %s, which is taken by %s", name, where)
		}
	}
	if where, taken := p.f.taken.theirs["len"]; taken {
		return fmt.Sprintf("@page needs Go's own len, and the package declares another at %s: rename that", where)
	}
	method := upperFirst(p.st.Name) + "Page"
	for _, other := range p.f.pkg.Statements {
		if other.Name == method {
			return fmt.Sprintf("@page needs the method %s, which is the statement at %s", method, other.Pos)
		}
	}
	if where, taken := p.f.taken.theirs["Queries."+method]; taken {
		return fmt.Sprintf("@page needs the method %s, which is at %s", method, where)
	}
	if t := p.st.Params[p.st.Page.Limit-1].Type; t != "int32" && t != "int64" {
		return fmt.Sprintf("@page needs a LIMIT of Go type int32 or int64, not %s: write LIMIT @max_rows::integer", t)
	}
	for i, key := range p.st.Page.Keys {
		value, goType, ok := column(p.st, key.Column)
		if !ok {
			return fmt.Sprintf("@page: the key %s is no plain field of %s", key.Name, orNothing(p.st.Result))
		}
		if !keeps(p.f, goType) {
			return fmt.Sprintf("@page: values of the key %s are of Go type %s, which a cursor does not keep exactly", key.Name, goType)
		}
		if argument(p.f, goType, p.st.Params[key.Param-1].Type, "x") == "" {
			return fmt.Sprintf("@page: the key %s is of Go type %s and its parameter of %s, which do not convert", key.Name, goType, p.st.Params[key.Param-1].Type)
		}
		p.keys = append(p.keys, pagingKey{name: fmt.Sprintf("key%d", i+1), goType: goType, value: value, param: key})
	}
	return ""
}

// column returns the expression of a result column in a row called last, and its
// Go type.
func column(st Statement, number int) (expr, goType string, ok bool) {
	if st.Fields == nil {
		return "last", st.Result, number == 1
	}
	if number > len(st.Fields) {
		return "", "", false
	}
	field := st.Fields[number-1]
	if field.Embed != "" {
		return "last." + field.Embed + "." + field.Name, field.Type, true
	}
	return "last." + field.Name, field.Type, true
}

// keeps reports whether a value of a Go type is the same after it was written as
// JSON and read again. Floats have values that JSON has not.
func keeps(f *file, goType string) bool {
	switch goType {
	case "string", "bool", "int16", "int32", "int64", "time.Time", "uuid.UUID", "[]byte",
		"pgtype.UUID", "pgtype.Timestamptz", "pgtype.Timestamp", "pgtype.Date":
		return true
	}
	return f.pkg.Enums[goType]
}

// argument returns the expression that makes a parameter of the value of a key;
// "" when there is none.
func argument(f *file, key, param, value string) string {
	switch {
	case param == key:
		return value
	case param == "*"+key:
		return "&" + value
	case f.pkg.Nulls[param] && param == nullOf(key):
		return fmt.Sprintf("%s{%s: %s, Valid: true}", f.goType(param), key[strings.IndexByte(key, '.')+1:], value)
	case nullable[param] != [2]string{} && nullable[param][0] == key:
		return fmt.Sprintf("%s{%s: %s, Valid: true}", param, nullable[param][1], value)
	}
	return ""
}

// nullOf returns the name of an enum's Null type.
func nullOf(enum string) string {
	dot := strings.IndexByte(enum, '.') + 1
	return enum[:dot] + "Null" + enum[dot:]
}

// nullable tells, of a type of pgtype, the type and name of the field that holds
// its value.
var nullable = map[string][2]string{
	"pgtype.Text": {"string", "String"}, "pgtype.Bool": {"bool", "Bool"}, "pgtype.Int2": {"int16", "Int16"},
	"pgtype.Int4": {"int32", "Int32"}, "pgtype.Int8": {"int64", "Int64"}, "pgtype.Timestamptz": {"time.Time", "Time"},
	"pgtype.Timestamp": {"time.Time", "Time"}, "pgtype.Date": {"time.Time", "Time"},
}

// rest returns the parameters that a caller of the page method gives.
func (p *paging) rest() []int {
	var rest []int
	for i := range p.st.Params {
		isKey := false
		for _, k := range p.keys {
			isKey = isKey || k.param.Param == i+1
		}
		if !isKey {
			rest = append(rest, i)
		}
	}
	return rest
}

// params returns the name of the struct of a page's parameters; "" when they are
// arguments of their own.
func (p *paging) params() string {
	if p.st.ParamsType == "" || len(p.st.Params)-len(p.st.Page.Keys) == 1 {
		return ""
	}
	return upperFirst(p.st.Name) + "PageParams"
}

func (p *paging) method() {
	f, st := p.f, p.st
	f.use("context")
	f.use("fmt")
	f.use("math")
	args, give := p.arguments()
	name := upperFirst(st.Name) + "Page"
	limit := give[st.Page.Limit-1]
	f.line("// %s returns the rows of [Queries.%s] that follow after, at most\n// %s of them, and the cursor of the next page: the zero cursor when this is the last.", name, st.Name, p.limit)
	f.line("func (q *Queries) %s(ctx %s.Context, %s%s, after %s) ([]%s, %s, error) {", name, f.use("context"), p.executor("DBTX, "), args, p.cursor, p.row(), p.cursor)
	p.checkLimit(name, limit)
	give[st.Page.Limit-1] += " + 1" // one row more tells whether there is a next page
	p.readKeys()
	p.call(give)
	f.line("if err != nil || len(rows) <= int(%s) {\nreturn rows, %s{}, err\n}", limit, p.cursor)
	f.line("rows = rows[:%s]\nlast := rows[%s-1]", limit, limit)
	values := make([]string, len(p.keys))
	for i, k := range p.keys {
		values[i] = k.value
	}
	f.line("text, err := %s.FormatCursor(%q, %s)", p.runtime, st.Page.Fingerprint, join(values))
	f.line("if err != nil {\nreturn nil, %s{}, err\n}", p.cursor)
	f.line("return rows, %s{text: text}, nil\n}\n", p.cursor)
}

func (p *paging) checkLimit(name, limit string) {
	limitType := p.st.Params[p.st.Page.Limit-1].Type
	p.f.line("if most := %s(%s.MaxI%s-1); %s < 1 || %s > most {", limitType, p.f.use("math"), limitType[1:], limit, limit)
	p.f.line("return nil, %s{}, %s.Errorf(\"%s: %s must be 1 to %%d, is %%d\", most, %s)\n}", p.cursor, p.f.use("fmt"), name, p.limit, limit)
}

// readKeys writes the variables that hold the place to go on after.
func (p *paging) readKeys() {
	names := make([]string, len(p.keys))
	for i, k := range p.keys {
		names[i] = k.name
	}
	p.f.line("%s, err := after.keys()\nif err != nil {\nreturn nil, %s{}, err\n}", join(names), p.cursor)
}

// inMethod are the names that a page method gives to what is its own.
var inMethod = []string{"q", "ctx", "db", "after", "rows", "last", "text", "err", "most", "params"}

// argumentName returns the name of a parameter of the page method that hides
// nothing which the method uses. Names of packages end in no Arg.
func (p *paging) argumentName(name string) string {
	packages := slices.Collect(maps.Values(p.f.imports))
	if slices.Contains(inMethod, name) || strings.HasPrefix(name, "key") || slices.Contains(packages, name) || p.f.pkg.Imports[name] != "" ||
		types.Universe.Lookup(name) != nil || p.f.taken.declared(name) {
		return name + "Arg"
	}
	return name
}

// arguments returns the page method's own parameters. For each parameter of the
// statement it returns the expression of its value, if the caller gives it.
func (p *paging) arguments() (declared string, give []string) {
	give = make([]string, len(p.st.Params))
	var list []string
	for _, i := range p.rest() {
		param := p.st.Params[i]
		name := lowerFirst(param.Name)
		if p.params() != "" {
			give[i] = "arg." + param.Name
			continue
		}
		name = p.argumentName(name)
		for slices.Contains(give, name) {
			name += "Arg"
		}
		give[i] = name
		list = append(list, name+" "+p.f.goType(param.Type))
	}
	if p.params() == "" {
		return join(list), give
	}
	p.f.line("// %s are the parameters of a page: those of [Queries.%s] without the\n// row to go on after.", p.params(), p.st.Name)
	p.f.line("type %s struct {", p.params())
	for _, i := range p.rest() {
		p.f.line("%s %s", p.st.Params[i].Name, p.f.goType(p.st.Params[i].Type))
	}
	p.f.line("}\n")
	return "arg " + p.params(), give
}

// call writes the call of sqlc's method.
func (p *paging) call(give []string) {
	st := p.st
	if st.ParamsType == "" {
		p.callWithArguments(give)
		return
	}
	var given []string
	for i, param := range st.Params {
		if give[i] != "" {
			given = append(given, param.Name+": "+give[i])
		}
	}
	address := ""
	if st.ParamsPointer {
		address = "&"
	}
	p.f.line("params := %s%s{%s}", address, st.ParamsType, join(given))
	p.f.line("if !after.IsZero() {")
	for _, k := range p.keys {
		param := st.Params[k.param.Param-1]
		p.f.line("params.%s = %s", param.Name, argument(p.f, k.goType, param.Type, k.name))
	}
	p.f.line("}\nrows, err := q.%s(ctx, %sparams)", st.Name, p.executor(", "))
}

func (p *paging) callWithArguments(give []string) {
	st := p.st
	for _, k := range p.keys {
		give[k.param.Param-1] = k.name + "Arg"
		p.f.line("var %sArg %s", k.name, p.f.goType(st.Params[k.param.Param-1].Type))
	}
	p.f.line("if !after.IsZero() {")
	for _, k := range p.keys {
		p.f.line("%sArg = %s", k.name, argument(p.f, k.goType, st.Params[k.param.Param-1].Type, k.name))
	}
	p.f.line("}\nrows, err := q.%s(ctx, %s%s)", st.Name, p.executor(", "), join(give))
}

// executor returns the argument db with what follows it, where the methods take one.
func (p *paging) executor(rest string) string {
	switch {
	case !p.f.pkg.DBArgument:
		return ""
	case rest == ", ":
		return "db" + rest
	}
	return "db " + rest
}

// row returns the type of one element of the list.
func (p *paging) row() string {
	if p.st.ResultPointer {
		return "*" + p.st.Result
	}
	return p.f.goType(p.st.Result)
}
