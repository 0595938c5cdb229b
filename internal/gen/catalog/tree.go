package catalog

import (
	"strconv"
	"strings"
)

// Tree reads an expression or query as PostgreSQL keeps it (a pg_node_tree such as
// pg_proc.prosqlbody), in which every name is resolved: the relations in it, the
// functions that it calls, and whether its value depends on the session. Functions
// of PostgreSQL's own are among them when they are volatile.
func (c *Catalog) Tree(text string) Dependency {
	d, _ := c.tree(text)
	return d
}

// tree also returns the numbers of the columns that the expression names.
func (c *Catalog) tree(text string) (Dependency, []int) {
	r := treeReader{catalog: c, frames: make([]frame, 1, 32)}
	for rest := text; rest != ""; {
		var token string
		token, rest = treeToken(rest)
		r.token(token)
	}
	return r.out, r.columns
}

// treeToken cuts the first token from a tree: a bracket, or text up to the next
// space or bracket that is not escaped.
func treeToken(text string) (token, rest string) {
	text = strings.TrimLeft(text, " \n\t")
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ' ', '\n', '\t':
			return text[:i], text[i+1:]
		case '{', '}', '(', ')':
			if i == 0 {
				return text[:1], text[1:]
			}
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// frame is a node that is being read.
type frame struct {
	kind  string
	field string
	// result is the type of the node's value, 0 when the node does not say.
	result OID
	// timed says that an argument's type reads or prints differently in another
	// session.
	timed bool
	// stable is the function of PostgreSQL's own that the node calls, when it is
	// one whose value may depend on the session.
	stable *Function
}

type treeReader struct {
	catalog *Catalog
	frames  []frame
	open    bool // the next token is the kind of a node
	out     Dependency
	columns []int
}

func (r *treeReader) token(token string) {
	top := &r.frames[len(r.frames)-1]
	switch {
	case r.open:
		r.open = false
		r.frames = append(r.frames, frame{kind: token})
	case token == "{":
		r.open = true
	case token == "}":
		r.close(*top)
	case token == "(" || token == ")" || token == "":
	case token[0] == ':':
		top.field = token[1:]
	default:
		r.value(top, token)
	}
}

// value reads the value of a field.
func (r *treeReader) value(top *frame, token string) {
	n, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return
	}
	switch top.field {
	case "relid":
		if n != 0 {
			r.out.Relations = append(r.out.Relations, OID(n))
		}
	case "funcid", "opfuncid", "aggfnoid", "winfnoid":
		r.function(top, OID(n))
	case "varattno":
		r.columns = append(r.columns, int(n))
		if n < 0 && n > tableOID {
			r.session("the system column " + systemColumns[-n-1])
		}
	default:
		if strings.HasSuffix(top.field, "type") && top.result == 0 {
			top.result = OID(n)
		}
	}
}

func (r *treeReader) function(top *frame, oid OID) {
	f := r.catalog.Functions[oid]
	switch {
	case oid == 0:
	case f == nil || !f.system() || f.Volatility == 'v' || hidden[f.Name] != "":
		r.out.Functions = append(r.out.Functions, oid)
	case f.Volatility == 's':
		top.stable = f
	}
}

// close ends a node: its value becomes an argument of the one around it.
func (r *treeReader) close(f frame) {
	switch {
	case f.stable != nil && (f.timed || !printsOnly[f.stable.Name]):
		r.session(f.stable.printed())
	case f.kind == "SQLVALUEFUNCTION":
		r.session("CURRENT_DATE, CURRENT_USER or their kin")
	case f.kind == "COERCEVIAIO" && (f.timed || r.catalog.timed(f.result)):
		r.session("a cast between text and a date, a time or a name")
	}
	if len(r.frames) == 1 {
		return
	}
	r.frames = r.frames[:len(r.frames)-1]
	outer := &r.frames[len(r.frames)-1]
	if f.result != 0 {
		f.timed = r.catalog.timed(f.result)
	}
	outer.timed = outer.timed || f.timed
}

func (r *treeReader) session(why string) {
	if r.out.Session == "" {
		r.out.Session = why
	}
}
