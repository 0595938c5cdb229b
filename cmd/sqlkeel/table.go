package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// listed is how many relations of a list the table names.
const listed = 4

// writeTable prints a line for each statement. Where results are cached, it prints what
// becomes of them too.
func writeTable(w io.Writer, list []gen.Inspected) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "STATEMENT\tCOMMAND\tREADS\tWRITES\tVARIANTS\tCACHEABLE")
	n := names{}
	for _, s := range list {
		n[s.Package] = true
	}
	cached := false
	for _, s := range list {
		name := n.of(s.Package, s.Name)
		cached = cached || s.Cached != ""
		reads, writes := "unknown", "unknown"
		if !s.Unknown {
			reads, writes = relations(s.Reads), changes(s)
		}
		fmt.Fprintln(out, strings.Join([]string{name, s.Cmd, reads, writes, variantCount(s), cacheable(s)}, "\t"))
	}
	if err := out.Flush(); err != nil || !cached {
		return err
	}
	writeCached(out, n, list)
	if err := out.Flush(); err != nil {
		return err
	}
	writeInvalidations(out, n, list)
	return out.Flush()
}

// changes returns what a statement writes, and in parentheses what else changes.
func changes(s gen.Inspected) string {
	switch {
	case len(s.Effects) == 0:
		return relations(s.Writes)
	case len(s.Writes) == 0:
		return "(+" + relations(s.Effects) + ")"
	}
	return relations(s.Writes) + " (+" + relations(s.Effects) + ")"
}

// relations returns the beginning of a list, "-" for none.
func relations(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	names := make([]string, 0, listed)
	for _, name := range list[:min(len(list), listed)] {
		if name == "*" {
			name = "anything"
		}
		names = append(names, cell(name))
	}
	text := strings.Join(names, ", ")
	if more := len(list) - len(names); more > 0 {
		text += ", " + strconv.Itoa(more) + " more"
	}
	return text
}

func variantCount(s gen.Inspected) string {
	if len(s.Variants) == 0 {
		return "-"
	}
	return strconv.Itoa(len(s.Variants))
}

func cacheable(s gen.Inspected) string {
	if s.Cacheable {
		return "yes"
	}
	return "no: " + cell(s.WhyNot)
}

// cell keeps text in its column and line, whatever a quoted name is made of.
func cell(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\x7f' {
			return ' '
		}
		return r
	}, text)
}
