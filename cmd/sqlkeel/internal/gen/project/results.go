package project

import (
	"go/ast"
	"strings"
)

// result reads the type of a row, and the order of its columns, from the method
// that scans it.
func (r *reader) result(st *Statement, method *ast.FuncDecl) {
	switch st.Command {
	case ":one", ":many":
		if results := method.Type.Results; results != nil && len(results.List) > 0 {
			row := fieldList(results)[0].Type
			if st.Command == ":many" {
				row = strings.TrimPrefix(row, "[]")
			}
			r.setResult(st, row, method.Body)
		}
	case ":batchone":
		r.batchResult(st, "QueryRow", "")
	case ":batchmany":
		r.batchResult(st, "Query", "[]")
	}
}

// batchResult finds the row in func(int, T, error), which the method of the
// batch's results calls.
func (r *reader) batchResult(st *Statement, method, prefix string) {
	d := r.funcs[st.Name+"BatchResults."+method]
	if d == nil || d.Body == nil {
		st.refuse(st.Pos, "the generated code has no type %sBatchResults with a method %s: run sqlc generate again", st.Name, method)
		return
	}
	args := d.Type.Params.List
	if len(args) != 1 {
		return
	}
	if callback, ok := args[0].Type.(*ast.FuncType); ok {
		if list := arguments(callback); len(list) == 3 {
			r.setResult(st, strings.TrimPrefix(list[1].Type, prefix), d.Body)
		}
	}
}

func (r *reader) setResult(st *Statement, row string, body *ast.BlockStmt) {
	st.Result = row
	name := strings.TrimPrefix(row, "*")
	if r.structs[name] == nil || r.pkg.Nulls[name] {
		return
	}
	scan := scanCall(body)
	if scan == nil {
		st.refuse(r.pos(body), "the generated method scans no row in a way that is known; nothing is known of the statement: set it aside with @opaque")
		return
	}
	if len(scan.Args) == 1 && columnPath(scan.Args[0]) == nil {
		return // a struct that is a value of its own, scanned as one column
	}
	st.Result, st.ResultPointer = name, name != row
	for _, a := range scan.Args {
		f, known := r.column(name, a)
		if !known {
			st.refuse(r.pos(a), "this column of the generated Scan was not understood; nothing is known of the statement: set it aside with @opaque")
			st.Fields = nil
			return
		}
		st.Fields = append(st.Fields, f)
	}
}

func scanCall(body *ast.BlockStmt) *ast.CallExpr {
	var found *ast.CallExpr
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && found == nil {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Scan" {
				found = call
			}
		}
		return found == nil
	})
	return found
}

// column describes &i.Field, &i.Embed.Field, or either in pq.Array(…).
func (r *reader) column(row string, e ast.Expr) (Field, bool) {
	path := columnPath(e)
	switch len(path) {
	case 1:
		return r.field(row, path[0])
	case 2:
		owner, ok := r.field(row, path[0])
		if !ok {
			return Field{}, false
		}
		f, ok := r.field(owner.Type, path[1])
		f.Embed = owner.Name
		return f, ok
	}
	return Field{}, false
}

// columnPath returns the fields between the row's variable and the column; nil
// when e is no such path.
func columnPath(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.CallExpr:
		if len(e.Args) == 1 {
			return columnPath(e.Args[0])
		}
	case *ast.UnaryExpr:
		return columnPath(e.X)
	case *ast.SelectorExpr:
		if _, ok := e.X.(*ast.Ident); ok {
			return []string{e.Sel.Name}
		}
		if path := columnPath(e.X); path != nil {
			return append(path, e.Sel.Name)
		}
	}
	return nil
}
