package emit

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// name chooses the names of what is written for the statement.
func (c *cached) name() {
	taken := c.f.taken
	c.method = lowerFirst(c.st.Name)
	if token.IsKeyword(c.method) || taken.declared("Queries."+c.method) {
		c.method += "Query"
	}
	c.method = strings.TrimPrefix(taken.free("Cached."+c.method), "Cached.")
	c.config = taken.free("cached" + upperFirst(c.st.Name))
	c.paramsType = c.paramsName()
}

// paramsName resolves what the method takes, and returns its type.
func (c *cached) paramsName() string {
	st, pkg := c.st, c.f.pkg
	switch {
	case st.ParamsType != "":
		spelled := st.ParamsType
		if st.ParamsPointer {
			spelled = "*" + spelled
		}
		c.params = typeOf(pkg, spelled)
		return c.f.goType(spelled)
	case len(st.Params) == 1:
		c.params = typeOf(pkg, st.Params[0].Type)
		return c.f.goType(st.Params[0].Type)
	}
	c.params = &goType{kind: structure}
	for _, p := range st.Params {
		c.params.fields = append(c.params.fields, goField{p.Name, typeOf(pkg, p.Type)})
	}
	if len(st.Params) == 0 {
		return "struct{}"
	}
	return c.f.taken.free(c.config + "Params")
}

// param returns the expression of a parameter in p, by its index.
func (c *cached) param(i int) string {
	if c.st.ParamsType == "" && len(c.st.Params) == 1 {
		return "p"
	}
	return "p." + c.st.Params[i].Name
}

// cachedType writes the type and its constructor.
func cachedType(f *file, list []*cached) {
	cache := f.use(cachePath)
	f.line("// Cached is [Queries], of which the methods that are annotated with @cache are answered\n// from memory. Its other methods are those of Queries.")
	f.line("type Cached struct {\n*Queries")
	for _, c := range list {
		c.keyType = c.keyName()
		f.line("%s *%s.Query[%s, %s, %s]", c.method, cache, c.keyType, c.paramsType, c.resultType())
	}
	f.line("}\n")
	f.line("// NewCached returns q with what c keeps. With a nil c all methods are those of q.")
	f.line("func NewCached(q *Queries, c *%s.Cache) *Cached {\nreturn &Cached{\nQueries: q,", cache)
	for _, c := range list {
		f.line("%s: %s.NewQuery(c, q.db, %s, &%s),", c.method, cache, c.load(), c.config)
	}
	f.line("}\n}\n")
}

func (c *cached) resultType() string {
	row := c.f.goType(c.rowType())
	if c.st.Command == ":many" {
		return "[]" + row
	}
	return row
}

// keyName returns the key's type: that of the parameters, where == tells them apart.
func (c *cached) keyName() string {
	switch {
	case c.params.plain():
		return c.paramsType
	case c.st.ParamsPointer && c.params.elem.plain():
		return strings.TrimPrefix(c.paramsType, "*")
	}
	return c.f.taken.free(c.config + "Key")
}

// load returns the function that asks the database.
func (c *cached) load() string {
	if c.st.ParamsType != "" || len(c.st.Params) == 1 {
		return "q." + c.st.Name
	}
	give := []string{"ctx"}
	for i := range c.st.Params {
		give = append(give, c.param(i))
	}
	return fmt.Sprintf("func(ctx %s.Context, p %s) (%s, error) {\nreturn q.%s(%s)\n}", c.f.use("context"), c.paramsType, c.resultType(), c.st.Name, join(give))
}

// write writes the types, the settings and the method of the statement.
func (c *cached) write() {
	f := c.f
	if c.st.ParamsType == "" && len(c.st.Params) > 1 {
		f.line("type %s struct {", c.paramsType)
		for _, p := range c.st.Params {
			f.line("%s %s", p.Name, f.goType(p.Type))
		}
		f.line("}\n")
	}
	key := c.keyFunction()
	f.line("var %s = %s.QueryConfig[%s, %s, %s]{", c.config, f.use(cachePath), c.keyType, c.paramsType, c.resultType())
	f.line("Statement: Statements.Lookup(%s),", c.st.Const)
	f.line("TTL: %s,", f.duration(c.st.Cache.Duration))
	if c.st.Cache.Stale > 0 {
		f.line("Stale: %s,", f.duration(c.st.Cache.Stale))
	}
	if c.st.Cache.Max > 0 {
		f.line("MaxEntries: %d,", c.st.Cache.Max)
	}
	f.line("Key: %s,", key)
	c.args()
	c.copies("Own", c.paramsType, c.params)
	c.copies("Clone", c.resultType(), c.result)
	if c.st.Command == ":one" {
		f.line("NotFound: func(err error) bool { return %s.Is(err, %s.ErrNoRows) },", f.use("errors"), f.use("github.com/jackc/pgx/v5"))
	}
	f.line("}\n")
	c.methodOf()
}

// keyFunction writes the key's type, where there is one, and returns the function that
// makes a key.
func (c *cached) keyFunction() string {
	begin := fmt.Sprintf("func(p %s) %s {", c.paramsType, c.keyType)
	switch {
	case c.params.plain():
		return begin + " return p }"
	case c.st.ParamsPointer && c.params.elem.plain():
		return begin + " return *p }"
	}
	k := &keyWriter{f: c.f, runtime: c.f.use(generatedPath), names: map[string]bool{}}
	for i, p := range c.st.Params {
		k.part(upperFirst(p.Name), c.param(i), typeOf(c.f.pkg, p.Type))
	}
	c.f.line("type %s struct {\n%s}\n", c.keyType, k.fields.String())
	return fmt.Sprintf("func(p %s) (k %s) {\n%sreturn k\n}", c.paramsType, c.keyType, k.body.String())
}

// args writes the function that returns the values of the placeholders.
func (c *cached) args() {
	if len(c.st.Params) == 0 {
		c.f.line("Args: func(struct{}) []any { return nil },")
		return
	}
	var list []string
	for i := range c.st.Params {
		list = append(list, c.param(i))
	}
	c.f.line("Args: func(p %s) []any { return []any{%s} },", c.paramsType, join(list))
}

// copies writes a function that copies values of a type, where copies by = share memory.
func (c *cached) copies(field, spelled string, t *goType) {
	switch {
	case t.kind == list && !t.elem.shares():
		c.f.line("%s: func(v %s) %s { return %s.Clone(v) },", field, spelled, spelled, c.f.use("slices"))
	case t.shares():
		c.f.line("%s: func(v %s) %s {", field, spelled, spelled)
		(&copier{f: c.f}).own("v", t)
		c.f.line("return v\n},")
	}
}

// methodOf writes the method of Cached, which is called as sqlc's is.
func (c *cached) methodOf() {
	f := c.f
	declared, give := c.arguments()
	doc := fmt.Sprintf("%s is [Queries.%s], answered from memory for at most %s", c.st.Name, c.st.Name, short(c.st.Cache.Duration))
	if c.st.Cache.Stale > 0 {
		doc += fmt.Sprintf(", and\n// for %s more while the database does not answer", short(c.st.Cache.Stale))
	}
	f.line("// %s.", doc)
	f.line("func (q *Cached) %s(ctx %s.Context%s) (%s, error) {", c.st.Name, f.use("context"), declared, c.resultType())
	f.line("return q.%s.Get(ctx, %s)\n}\n", c.method, give)
}

// hidden are names that an argument of the method must not have.
var hidden = regexp.MustCompile(`^(q|ctx|context|cache|generated|errors|pgx|slices|maps|time)$`)

// arguments returns what the method declares behind the context, and the value that it
// gives to Get.
func (c *cached) arguments() (declared, give string) {
	st := c.st
	switch {
	case st.ParamsType != "":
		return ", arg " + c.paramsType, "arg"
	case len(st.Params) == 0:
		return "", "struct{}{}"
	}
	var given []string
	for _, p := range st.Params {
		name := p.Name
		if _, imported := c.f.pkg.Imports[name]; imported || hidden.MatchString(name) || types.Universe.Lookup(name) != nil || c.f.taken.declared(name) {
			name += "Arg"
		}
		declared += ", " + name + " " + c.f.goType(p.Type)
		give = name
		given = append(given, p.Name+": "+name)
	}
	if len(st.Params) > 1 {
		give = c.paramsType + "{" + join(given) + "}"
	}
	return declared, give
}

var units = []struct {
	of   time.Duration
	name string
}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {time.Nanosecond, "Nanosecond"}}

// duration returns the expression of a duration.
func (f *file) duration(d time.Duration) string {
	for _, u := range units {
		if d == u.of {
			return f.use("time") + "." + u.name
		}
		if d%u.of == 0 {
			return strconv.FormatInt(int64(d/u.of), 10) + " * " + f.use("time") + "." + u.name
		}
	}
	return ""
}

// short returns 5m for 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
