package project

import (
	"os"
	"regexp"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// query is one statement of a query file, from behind the one before it to its
// semicolon.
type query struct {
	file     string
	text     string // of the file
	span     sqltext.Statement
	name     string
	command  string
	first    bool // of its file
	nameLine int
	nameAt   int // offset of the line
}

// queryIndex finds queries by name; sqlc wants names to be unique in a package.
type queryIndex map[string]*query

// nameLine is sqlc's line that names a query. It must start in the first column.
var nameLine = regexp.MustCompile(`^(?:--|/\*) name: (\S+) (:\S+?)(?:\s*\*/)?\s*$`)

// readQueries reads the query files that exist.
func (r *reader) readQueries() {
	r.queries = queryIndex{}
	for _, name := range r.pkg.Queries {
		data, err := os.ReadFile(inDir(r.dir, name))
		if err != nil {
			r.pkg.report(Position{name, 1, 1}, "", "cannot read the query file: %v", plain(err))
			continue
		}
		text := string(data)
		for i, span := range sqltext.Pieces(text) {
			r.readQuery(&query{file: name, text: text, span: span, first: i == 0})
		}
	}
}

func (r *reader) readQuery(q *query) {
	comments := lineComments(q.text, q.span)
	for _, c := range comments {
		if m := nameLine.FindStringSubmatch(c.text); m != nil && c.column == 1 && q.name == "" {
			q.name, q.command, q.nameLine, q.nameAt = m[1], m[2], c.line, c.offset
		}
	}
	if q.name == "" {
		r.orphanAnnotations(q.file, comments)
		return
	}
	if first, twice := r.queries[q.name]; twice {
		r.pkg.report(Position{q.file, q.nameLine, 1}, q.name, "the name is taken by %s:%d; sqlc needs names that are unique in a package", first.file, first.nameLine)
		return
	}
	r.queries[q.name] = q
	if q.first {
		r.readOpaqueFile(q)
	}
}

// orphanAnnotations reports annotations that belong to no query, such as those
// after the last one.
func (r *reader) orphanAnnotations(file string, comments []comment) {
	for _, c := range comments {
		if key, _ := c.annotation(); c.column == 1 && isKey(key) {
			r.pkg.report(Position{file, c.line, 1 + strings.IndexByte(c.text, '@')}, "", "@%s belongs to no query: write it between the semicolon before the query and the query's own", key)
		}
	}
}

// matchQueries gives each statement its place and annotations, and reports what is
// on one side only: code and SQL have drifted.
func (r *reader) matchQueries() {
	used := map[string]bool{}
	for _, st := range r.pkg.Statements {
		q := r.queries[st.Name]
		switch {
		case used[st.Name]:
			st.refuse(st.Pos, "the generated code has a second statement of this name: remove the file that sqlc no longer writes")
		case q == nil:
			r.unmatched(st)
		default:
			r.matched(st, q)
		}
		used[st.Name] = true
		r.checkPlaceholders(st)
		r.setAside(st)
	}
	for name, q := range r.queries {
		if !used[name] && len(r.files) > 0 {
			r.pkg.report(Position{q.file, q.nameLine, 1}, name, "it is not in the generated code: run sqlc generate again")
		}
	}
}

// matched takes over what the query file says. A refusal moves there too: it is
// the place where something can be done about it.
func (r *reader) matched(st *Statement, q *query) {
	st.Pos = Position{q.file, q.nameLine, 1}
	st.origin.query = q
	if st.Refused != nil {
		st.Refused.Pos = st.Pos
	}
	if q.command != st.Command {
		r.pkg.report(st.Pos, st.Name, "it is %s here and %s in %s: run sqlc generate again", q.command, st.Command, st.GoFile)
	}
	r.checkText(st, q)
	r.noteSlices(st, q)
	r.annotations(st, q)
}

func (r *reader) unmatched(st *Statement) {
	r.noteSliceText(st)
	if len(r.pkg.Queries) > 0 {
		r.pkg.report(st.Pos, st.Name, "it is in no query file: run sqlc generate again, or remove the file that sqlc no longer writes")
	}
	for _, name := range []string{"Queries." + st.Name, "." + st.Name} {
		if d := r.funcs[name]; d != nil {
			r.docAnnotations(st, d)
			return
		}
	}
}

// comment is a comment to the end of a line, or a block.
type comment struct {
	text         string
	offset       int
	line, column int
	block        bool
}

func lineComments(text string, span sqltext.Statement) []comment {
	var list []comment
	part := text[span.Start:span.End]
	for _, t := range sqltext.Tokens(part) {
		if t.Kind != sqltext.Comment && t.Kind != sqltext.Block {
			continue
		}
		line, column := sqltext.Place(text, span.Start+t.Start)
		list = append(list, comment{strings.TrimRight(t.Text(part), "\r"), span.Start + t.Start, line, column, t.Kind == sqltext.Block})
	}
	return list
}
