package project

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
)

// statementStart is how sqlc begins every statement's constant.
var statementStart = regexp.MustCompile(`^-- name: (\S+) (:\S+)\r?\n`)

func isStatement(sql string) bool { return statementStart.MatchString(sql) }

// constant returns the value of a string constant: a literal, or a concatenation
// of some, which is how sqlc writes a backquote. It is "" for anything else.
func constant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			return ""
		}
		return s
	case *ast.ParenExpr:
		return constant(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return constant(e.X) + constant(e.Y)
		}
	}
	return ""
}

// statements adds those of a file: its SQL constants, and its calls of CopyFrom,
// which need no text.
func (r *reader) statements(f goFile) {
	for _, decl := range f.tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if receiver(d) == "Queries" {
				r.copyFrom(f, d)
			}
		case *ast.GenDecl:
			if d.Tok != token.CONST {
				continue
			}
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.ValueSpec); ok {
					r.constants(f, s)
				}
			}
		}
	}
}

func (r *reader) constants(f goFile, s *ast.ValueSpec) {
	for i, name := range s.Names {
		if i >= len(s.Values) {
			break
		}
		sql := constant(s.Values[i])
		m := statementStart.FindStringSubmatch(sql)
		if m == nil {
			continue
		}
		st := r.add(f, m[1], m[2], s.Values[i])
		st.Const, st.SQL = name.Name, sql
		if method := r.method(st); method != nil {
			r.parameters(st, method)
			r.result(st, method)
		}
	}
}

// add makes a statement whose text, or call, is at node of a file.
func (r *reader) add(f goFile, name, command string, node ast.Node) *Statement {
	st := &Statement{Package: r.pkg, Name: name, Command: command, GoFile: f.name, Build: f.build, Pos: r.pos(node)}
	st.origin = origin{goPos: st.Pos, goText: f.text, source: f.source}
	r.pkg.Statements = append(r.pkg.Statements, st)
	return st
}

// method returns the generated method, or nil after having said that it is missing.
func (r *reader) method(st *Statement) *ast.FuncDecl {
	for _, on := range []string{"Queries", ""} {
		if d := r.funcs[on+"."+st.Name]; d != nil && d.Body != nil {
			return d
		}
	}
	if st.Command == ":execlastid" {
		st.refuse(st.Pos, "sqlc generates no method for :execlastid here: use :one with RETURNING")
		return nil
	}
	st.refuse(st.Pos, "the generated code has no method %s: run sqlc generate again", st.Name)
	return nil
}
