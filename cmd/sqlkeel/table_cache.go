package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// names are the packages of a project.
type names map[string]bool

// of returns what a statement is called: with its package where there are several.
func (n names) of(pkg, statement string) string {
	if len(n) > 1 {
		return pkg + "." + statement
	}
	return statement
}

// writeCached prints the statements whose results are cached, and the writes that leave
// none of these.
func writeCached(w io.Writer, n names, list []gen.Inspected) {
	fmt.Fprintln(w, "\nCACHED\tFOR\tALL RESULTS DROPPED BY")
	for _, s := range list {
		if s.Cached == "" {
			continue
		}
		by := []string{"-"}
		if len(s.DroppedBy) > 0 {
			by = nil
		}
		for _, writer := range s.DroppedBy {
			by = append(by, n.of(writer.Package, writer.Statement))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.of(s.Package, s.Name), cell(s.Cached), strings.Join(by, ", "))
	}
}

// writeInvalidations prints the writes that make cached results old, and which.
func writeInvalidations(w io.Writer, n names, list []gen.Inspected) {
	fmt.Fprintln(w, "\nWRITE\tINVALIDATES")
	for _, s := range list {
		switch {
		case s.Flushes != "":
			fmt.Fprintf(w, "%s\teverything: %s\n", n.of(s.Package, s.Name), cell(s.Flushes))
		case len(s.Invalidates) > 0:
			fmt.Fprintf(w, "%s\t%s\n", n.of(s.Package, s.Name), invalidated(n, s.Invalidates))
		}
	}
}

// invalidated returns the cached statements, and which of their results.
func invalidated(n names, list []gen.Invalidation) string {
	var parts []string
	for i := 0; i < len(list); {
		first := list[i]
		var which []string
		for ; i < len(list) && list[i].Package == first.Package && list[i].Statement == first.Statement; i++ {
			if list[i].Column == "" {
				which = append(which, "all of "+cell(list[i].Relation))
			} else {
				which = append(which, "rows by "+cell(list[i].Relation+"."+list[i].Column))
			}
		}
		parts = append(parts, n.of(first.Package, first.Statement)+" ("+strings.Join(which, ", ")+")")
	}
	return strings.Join(parts, ", ")
}
