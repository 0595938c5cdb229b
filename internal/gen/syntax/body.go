package syntax

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// Body is what a PL/pgSQL function's body does.
type Body struct {
	// Uses is all that its SQL names. Unknown says why it cannot be followed:
	// text that is put together at run time, or a statement of unknown kind.
	Uses
	// Alters are the columns of NEW that it may assign, for a trigger. AltersAny
	// says that it may be any: NEW is assigned whole, or another row returned.
	Alters    []string
	AltersAny bool
	// Types are those of its parameters and variables, as they are written.
	Types []string
}

// PLpgSQL returns what a function's body does. create is the whole CREATE
// FUNCTION statement. What cannot be parsed is unknown and alters any column.
func PLpgSQL(create string) *Body { return plpgsqlBody(create, sound) }

func plpgsqlBody(create string, m mutant) *Body {
	b := &Body{}
	text, err := plpgsqlJSON(create)
	var tree any
	if err == nil {
		err = json.Unmarshal([]byte(text), &tree)
	}
	if err != nil {
		b.unknown("its body cannot be parsed: " + err.Error())
		b.AltersAny = true
		return b
	}
	p := &plpgsql{body: b, mutant: m}
	p.datums(tree)
	p.walk(tree)
	if returnsAnother(create) && m != noReturns {
		b.AltersAny = true
	}
	slices.Sort(b.Alters)
	b.Alters = slices.Compact(b.Alters)
	return b
}

func plpgsqlJSON(create string) (text string, err error) {
	defer recovered(&err)
	text, err = pg.ParsePlPgSqlToJSON(create)
	return repaired(text), err
}

// strayBrace is what the parser, faithful to its model, prints for a variable
// such as TG_OP: one brace too many.
var strayBrace = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[\[,]\{\}\}`)

// repaired takes the stray braces out of the parser's JSON, but for those in
// strings.
func repaired(text string) string {
	return strayBrace.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '"' {
			return found
		}
		return found[:len(found)-1]
	})
}

var returns = regexp.MustCompile(`(?is)\breturn\b([^;]*)`)

// returnsAnother reports whether a RETURN has anything but NEW, OLD or NULL.
// The tree does not tell which variable is returned, so the text must; a comment
// can make it err towards yes.
func returnsAnother(create string) bool {
	for _, m := range returns.FindAllStringSubmatch(create, -1) {
		switch strings.ToLower(strings.TrimSpace(m[1])) {
		case "new", "old", "null":
		default:
			return true
		}
	}
	return false
}

// object is a node of the parser's JSON.
type object = map[string]any

// plpgsql walks the parser's JSON.
type plpgsql struct {
	body   *Body
	mutant mutant
	vars   []object // the function's variables by number
}

// datums finds the variables, so that an assignment's number can be understood.
func (p *plpgsql) datums(tree any) {
	list, _ := tree.([]any)
	for _, f := range list {
		fn, _ := f.(object)
		inner, _ := fn["PLpgSQL_function"].(object)
		vars, _ := inner["datums"].([]any)
		for _, v := range vars {
			o, _ := v.(object)
			p.vars = append(p.vars, o)
			p.shadows(o)
			if named, ok := o["PLpgSQL_var"].(object); ok {
				p.body.Types = append(p.body.Types, typeOf(named))
			}
		}
	}
}

// shadows notes a variable of the function's own that is named like a trigger's
// rows, so that RETURN may mean that.
func (p *plpgsql) shadows(variable object) {
	for _, kind := range []string{"PLpgSQL_rec", "PLpgSQL_var"} {
		inner, _ := variable[kind].(object)
		if name := inner["refname"]; len(p.vars) > 2 && (name == "new" || name == "old") {
			p.body.AltersAny = true
		}
	}
}

func typeOf(variable object) string {
	datatype, _ := variable["datatype"].(object)
	inner, _ := datatype["PLpgSQL_type"].(object)
	name, _ := inner["typname"].(string)
	return name
}

// alters notes an assignment to the variable of that number; a field of NEW has
// number 0 as its parent, and the parser omits zeros.
func (p *plpgsql) alters(number any) {
	n, _ := number.(float64)
	i := int(n)
	if i <= 0 || i >= len(p.vars) {
		p.body.AltersAny = true
		return
	}
	field, ok := p.vars[i]["PLpgSQL_recfield"].(object)
	if !ok {
		return
	}
	if parent, _ := field["recparentno"].(float64); parent != 0 {
		return
	}
	name, _ := field["fieldname"].(string)
	p.body.Alters = append(p.body.Alters, name)
}
