package project

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// scope knows the method's arguments by the names that its body uses. The variable
// that ranges over a slice of arguments is an element of that argument.
type scope struct {
	r     *reader
	names map[string]Field
}

// parameters reads what the method passes after the constant.
func (r *reader) parameters(st *Statement, method *ast.FuncDecl) {
	sc := r.scope(method)
	if _, hidden := sc.names[st.Const]; hidden {
		st.refuse(r.pos(method), "the argument %s hides the constant of the same name, so the method sends the argument for the text: rename the parameter or the query", st.Const)
		return
	}
	call := callWith(method.Body, st.Const)
	if call == nil {
		st.refuse(r.pos(method), "the method does not pass %s to the executor in a way that is known; nothing is known of the statement", st.Const)
		return
	}
	if args, known := r.passed(st, call, method); known {
		r.setParams(st, sc, args)
	} else {
		st.refuse(r.pos(call), "the arguments of this call were not understood; nothing is known of the statement")
	}
}

// scope takes the method's arguments, and the name that ranges over the one that
// is a slice, as methods for batches do.
func (r *reader) scope(method *ast.FuncDecl) scope {
	sc := scope{r: r, names: map[string]Field{}}
	for _, a := range arguments(method.Type) {
		sc.names[a.Name] = a
	}
	ast.Inspect(method.Body, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok || loop.Value == nil {
			return true
		}
		over, _ := loop.X.(*ast.Ident)
		value, _ := loop.Value.(*ast.Ident)
		if over != nil && value != nil {
			sc.element(value.Name, over.Name)
		}
		return true
	})
	return sc
}

// element makes name stand for an element of the argument over.
func (sc scope) element(name, over string) {
	if t, slice := strings.CutPrefix(sc.names[over].Type, "[]"); slice {
		sc.names[name] = Field{Name: over, Type: t}
	}
}

// callWith finds the call that has the constant among its arguments.
func callWith(body *ast.BlockStmt, constant string) *ast.CallExpr {
	var found *ast.CallExpr
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && found == nil && constantAt(call, constant) >= 0 {
			found = call
		}
		return found == nil
	})
	return found
}

func constantAt(call *ast.CallExpr, constant string) int {
	for i, a := range call.Args {
		if id, ok := a.(*ast.Ident); ok && id.Name == constant {
			return i
		}
	}
	return -1
}

// passed returns the expressions behind the constant; for a batch, which passes
// vals..., those in the literal that vals was made of.
func (r *reader) passed(st *Statement, call *ast.CallExpr, method *ast.FuncDecl) (args []ast.Expr, known bool) {
	args = call.Args[constantAt(call, st.Const)+1:]
	if !call.Ellipsis.IsValid() {
		return args, true
	}
	if len(args) != 1 {
		return nil, false
	}
	vals, ok := args[0].(*ast.Ident)
	if !ok {
		return nil, false
	}
	literal := assigned(method.Body, vals.Name)
	if literal == nil {
		return nil, false
	}
	return literal.Elts, true
}

// assigned finds the composite literal that is assigned to a name.
func assigned(body *ast.BlockStmt, name string) *ast.CompositeLit {
	var found *ast.CompositeLit
	ast.Inspect(body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			id, _ := a.Lhs[0].(*ast.Ident)
			if literal, ok := a.Rhs[0].(*ast.CompositeLit); ok && id != nil && id.Name == name {
				found = literal
			}
		}
		return found == nil
	})
	return found
}

// setParams makes Params of expressions.
func (r *reader) setParams(st *Statement, sc scope, args []ast.Expr) {
	for _, a := range args {
		p, owner, known := sc.param(a)
		if !known {
			st.refuse(r.pos(a), "the argument %s of the generated call was not understood; nothing is known of the statement", types.ExprString(a))
			return
		}
		if owner != "" {
			st.ParamsType = strings.TrimPrefix(owner, "*")
			st.ParamsPointer = strings.HasPrefix(owner, "*")
		}
		st.Params = append(st.Params, p)
	}
}

// checkPlaceholders compares the arguments with the placeholders of the text.
func (r *reader) checkPlaceholders(st *Statement) {
	n, passed := sqltext.Placeholders(st.SQL), len(st.Params)
	switch {
	case st.Refused != nil || n == passed:
	case n > passed:
		st.refuse(st.Position(st.placeholder(passed+1)), "the text has %d placeholders and the generated method passes %d arguments, so it fails whenever it is called: "+
			"sqlc binds no parameters in MERGE and some other statements; write it in another way", n, passed)
	default:
		st.refuse(st.Pos, "the generated method passes %d arguments and the text has %d placeholders, so it fails whenever it is called: "+
			"write the statement in another way", passed, n)
	}
}

// placeholder returns the offset of the first placeholder from $n on.
func (st *Statement) placeholder(n int) int {
	for _, t := range sqltext.Tokens(st.SQL) {
		if t.Number(st.SQL) >= n {
			return t.Start
		}
	}
	return 0
}

// param describes an argument expression: a name, a field of a struct, or either
// in a wrapper such as pq.Array. owner is the type of that struct.
func (sc scope) param(e ast.Expr) (p Param, owner string, known bool) {
	switch e := e.(type) {
	case *ast.Ident:
		a, ok := sc.names[e.Name]
		return Param{Name: a.Name, Type: a.Type}, "", ok
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		if !ok {
			return Param{}, "", false
		}
		owner = sc.names[x.Name].Type
		f, ok := sc.r.field(owner, e.Sel.Name)
		return Param{Name: f.Name, Type: f.Type}, owner, ok
	case *ast.CallExpr:
		if len(e.Args) != 1 || e.Ellipsis.IsValid() {
			return Param{}, "", false
		}
		p, owner, known = sc.param(e.Args[0])
		p.Wrapper = types.ExprString(e.Fun)
		return p, owner, known
	}
	return Param{}, "", false
}

// field finds a field of a generated struct, or of a pointer to one.
func (r *reader) field(owner, name string) (Field, bool) {
	t := r.structs[strings.TrimPrefix(owner, "*")]
	if t == nil {
		return Field{}, false
	}
	return find(structFields(t), name)
}
