package project

import (
	"slices"
	"strings"
)

// The annotations that set statements aside: one, or all those of a file.
const (
	opaque     = "opaque"
	opaqueFile = "opaque-file"
)

// Opaque returns the annotation that sets the statement aside, its own or its
// file's; nil when it has none.
func (st *Statement) Opaque() *Annotation { return st.Annotation(opaque) }

// readOpaqueFile reads @opaque-file from the comments before the first query of a
// file. Anywhere else it is reported where the query's other annotations are.
func (r *reader) readOpaqueFile(q *query) {
	for _, c := range lineComments(q.text, q.span) {
		key, args := c.annotation()
		if key != opaqueFile || c.column != 1 || c.block || c.offset > q.nameAt {
			continue
		}
		a := Annotation{Key: opaque, Args: args, Pos: c.place(q.file), WholeFile: true}
		first, twice := r.opaqueFiles[q.file]
		switch wrong := a.parse(); {
		case twice:
			r.pkg.report(a.Pos, "", "a second @opaque-file; the first is on line %d", first.Pos.Line)
		case wrong != "":
			r.pkg.report(a.Pos, "", "@opaque-file %s", wrong)
			fallthrough
		default:
			r.opaqueFiles[q.file] = a
		}
	}
}

// setAside gives the statement its file's annotation, takes back what was said
// against the statement, and reports annotations that an opaque one cannot have.
func (r *reader) setAside(st *Statement) {
	if q := st.origin.query; q != nil {
		if a, found := r.opaqueFiles[q.file]; found {
			r.addOpaque(st, a)
		}
	}
	note := st.Opaque()
	if note == nil {
		return
	}
	r.pkg.Problems = slices.DeleteFunc(r.pkg.Problems, func(p *Problem) bool { return slices.Contains(st.refusals, p) })
	for _, a := range st.Annotations {
		if a.Key != opaque {
			r.pkg.report(a.Pos, st.Name, "@%s needs to know what the statement does, and @opaque (line %d) says that it is not known: take one of them away", a.Key, note.Pos.Line)
		}
	}
}

func (r *reader) addOpaque(st *Statement, ofFile Annotation) {
	if own := st.Opaque(); own != nil {
		r.pkg.report(own.Pos, st.Name, "a second @opaque; @opaque-file on line %d is for all statements of the file", ofFile.Pos.Line)
		return
	}
	st.Annotations = append(st.Annotations, ofFile)
}

// parseOpaque wants a reason: it is what a reader of the generated list learns.
func (a *Annotation) parseOpaque() string {
	if strings.Trim(a.Args, " \t.-:") == "" {
		return "needs the reason why nothing is known, such as: it reads tables that another service makes"
	}
	return ""
}
