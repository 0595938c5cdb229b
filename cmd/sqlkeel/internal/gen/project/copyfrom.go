package project

import (
	"fmt"
	"go/ast"
	"strings"
)

// copyFrom adds the statement of a method that calls CopyFrom. It has no text:
// the INSERT that does the same stands for it.
func (r *reader) copyFrom(f goFile, method *ast.FuncDecl) {
	if method.Body == nil {
		return
	}
	call := callNamed(method.Body, "CopyFrom")
	if call == nil || len(call.Args) != 4 {
		return
	}
	table, columns := stringList(call.Args[1]), stringList(call.Args[2])
	st := r.add(f, method.Name.Name, ":copyfrom", method.Name)
	if len(table) == 0 || len(columns) == 0 {
		st.refuse(r.pos(call), "the table and columns of this CopyFrom were not understood; nothing is known of the statement")
		return
	}
	st.SQL = insert(table, columns)
	r.copyParams(st, method)
}

// copyParams reads the values from the iterator that sqlc generates beside the method.
func (r *reader) copyParams(st *Statement, method *ast.FuncDecl) {
	values := r.funcs["iteratorFor"+st.Name+".Values"]
	var literal *ast.CompositeLit
	if values != nil && values.Body != nil {
		ast.Inspect(values.Body, func(n ast.Node) bool {
			if l, ok := n.(*ast.CompositeLit); ok && literal == nil {
				literal = l
			}
			return literal == nil
		})
	}
	if literal == nil {
		st.refuse(st.Pos, "the generated code has no iterator for %s: run sqlc generate again", st.Name)
		return
	}
	sc := r.scope(method)
	for _, a := range arguments(method.Type) {
		sc.element("", a.Name) // the name of no argument
	}
	var args []ast.Expr
	for _, e := range literal.Elts {
		args = append(args, ofRow(e))
	}
	r.setParams(st, sc, args)
}

// ofRow turns r.rows[0] into the element without a name, and r.rows[0].Field into
// its field.
func ofRow(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.IndexExpr:
		return &ast.Ident{NamePos: e.Pos()}
	case *ast.SelectorExpr:
		return &ast.SelectorExpr{X: ofRow(e.X), Sel: e.Sel}
	}
	return e
}

func callNamed(body *ast.BlockStmt, name string) *ast.CallExpr {
	var found *ast.CallExpr
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && found == nil {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
				found = call
			}
		}
		return found == nil
	})
	return found
}

// stringList returns the strings of a composite literal, nil when it has others.
func stringList(e ast.Expr) []string {
	literal, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	var list []string
	for _, element := range literal.Elts {
		s := constant(element)
		if s == "" {
			return nil
		}
		list = append(list, s)
	}
	return list
}

func insert(table, columns []string) string {
	marks := make([]string, len(columns))
	for i := range columns {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + quoteAll(table, ".") + " (" + quoteAll(columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
}

func quoteAll(names []string, between string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return strings.Join(list, between)
}
