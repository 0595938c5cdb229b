package project

import (
	"go/ast"
	"go/build/constraint"
	"path"
	"slices"
	"strings"
)

// buildOf returns the condition under which Go builds a file: that of its //go:build
// line, and that of a name such as x_linux.sql.go. It is "" when there is none.
func buildOf(name string, tree *ast.File) string {
	var all constraint.Expr
	for _, e := range append(written(tree), byName(name)...) {
		if all == nil {
			all = e
		} else {
			all = &constraint.AndExpr{X: all, Y: e}
		}
	}
	if all == nil {
		return ""
	}
	return all.String()
}

// written returns the //go:build line, or the lines of the older form.
func written(tree *ast.File) []constraint.Expr {
	var now, older []constraint.Expr
	for _, group := range tree.Comments {
		for _, c := range group.List {
			if c.Pos() > tree.Package {
				break
			}
			e, err := constraint.Parse(c.Text)
			switch {
			case err != nil:
			case constraint.IsGoBuild(c.Text):
				now = append(now, e)
			default:
				older = append(older, e)
			}
		}
	}
	if len(now) > 0 {
		return now
	}
	return older
}

// systems and machines are the words that mean something at the end of a file's name.
var (
	systems  = strings.Fields("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
	machines = strings.Fields("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le " +
		"ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

// byName returns what the end of a file's name, before its first dot, says.
func byName(name string) []constraint.Expr {
	name, _, _ = strings.Cut(path.Base(name), ".")
	words := strings.Split(name, "_")[1:] // the first is never a condition
	if n := len(words); n > 0 && words[n-1] == "test" {
		words = words[:n-1]
	}
	tag := func(word string) constraint.Expr { return &constraint.TagExpr{Tag: word} }
	switch n := len(words); {
	case n >= 2 && slices.Contains(systems, words[n-2]) && slices.Contains(machines, words[n-1]):
		return []constraint.Expr{tag(words[n-2]), tag(words[n-1])}
	case n >= 1 && (slices.Contains(systems, words[n-1]) || slices.Contains(machines, words[n-1])):
		return []constraint.Expr{tag(words[n-1])}
	}
	return nil
}
