package project

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Annotation is a comment line of the form -- @key arguments in the first column. It
// stands anywhere between the query before and the query's semicolon.
type Annotation struct {
	Key  string // without the @: page, row, reads, writes, cache, replica or opaque
	Args string // as written
	Pos  Position
	// Names are the columns of @page key=…, the relations of @reads and @writes
	// (none for "nothing"), the type of @row.
	Names []string
	// Duration is ttl of @cache, or max_lag of @replica and then 0 when it is not given.
	Duration time.Duration
	// Stale and Max are what @cache may say beside ttl, 0 when it does not.
	Stale time.Duration
	Max   int
	// WholeFile says that an @opaque is its file's @opaque-file.
	WholeFile bool
}

// Annotation returns the statement's annotation of a key, or nil.
func (st *Statement) Annotation(key string) *Annotation {
	for i := range st.Annotations {
		if st.Annotations[i].Key == key {
			return &st.Annotations[i]
		}
	}
	return nil
}

// keys are the annotations that sqlkeel knows, foreign those that are sqlc's own.
var (
	keys    = []string{"cache", opaque, opaqueFile, "page", "reads", "replica", "row", "writes"}
	foreign = []string{"param", "sqlc-vet-disable"}
)

func isKey(key string) bool { return slices.Contains(keys, key) }

// annotationText is a comment's content from the @ on. Only what starts with @ is
// an annotation; an @ in prose is not.
var annotationText = regexp.MustCompile(`^@([A-Za-z][A-Za-z0-9_-]*)(?:\s+(.*?))?\s*$`)

// annotation returns the key and the arguments, "" when the comment is prose.
func (c comment) annotation() (key, args string) {
	text := strings.TrimPrefix(c.text, "--")
	if c.block {
		text = strings.TrimSuffix(strings.TrimPrefix(c.text, "/*"), "*/")
	}
	m := annotationText.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", ""
	}
	return m[1], m[2]
}

// place returns where the comment's @ is.
func (c comment) place(file string) Position {
	return Position{file, c.line, c.column + utf8.RuneCountInString(c.text[:strings.IndexByte(c.text, '@')])}
}

// annotations reads those of a query's comments.
func (r *reader) annotations(st *Statement, q *query) {
	for _, c := range lineComments(q.text, q.span) {
		key, args := c.annotation()
		if key == "" || slices.Contains(foreign, key) || !isKey(key) && st.hasParam(key) {
			continue
		}
		pos := c.place(q.file)
		switch {
		case q.first && key == opaqueFile && !c.block && c.column == 1 && c.offset < q.nameAt:
			// It is for the whole file: see readOpaqueFile.
		case c.block && isKey(key):
			r.pkg.report(pos, st.Name, "an annotation is a comment of its own line: write -- @%s", key)
		case c.column > 1 && isKey(key):
			r.pkg.report(pos, st.Name, "@%s is not read here: an annotation must start in the first column, as -- @%s", key, key)
		case !c.block && c.column == 1:
			r.annotate(st, key, args, pos)
		}
	}
}

// hasParam reports whether a word is the SQL name of a parameter. A line of prose
// that begins with @since speaks of the parameter; it is no annotation.
func (st *Statement) hasParam(word string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "") }
	return slices.ContainsFunc(st.Params, func(p Param) bool { return plain(p.Name) == plain(word) })
}

// docAnnotations reads them from the method's doc comment, where sqlc puts the
// query's comments, when there is no query file.
func (r *reader) docAnnotations(st *Statement, method *ast.FuncDecl) {
	if method.Doc == nil {
		return
	}
	for _, line := range method.Doc.List {
		m := annotationText.FindStringSubmatch(strings.TrimSpace(strings.TrimPrefix(line.Text, "//")))
		if m == nil || slices.Contains(foreign, m[1]) || !isKey(m[1]) && st.hasParam(m[1]) {
			continue
		}
		pos := r.pos(line)
		pos.Column += strings.IndexByte(line.Text, '@')
		r.annotate(st, m[1], m[2], pos)
	}
}

func (r *reader) annotate(st *Statement, key, args string, pos Position) {
	switch {
	case key == opaqueFile:
		r.pkg.report(pos, st.Name, "@opaque-file stands before the first query of a query file, as it is for all of the file: for this statement alone write @opaque")
		return
	case !isKey(key):
		r.pkg.report(pos, st.Name, "unknown annotation @%s: known are @%s; if this is prose, put a word before the @", key, strings.Join(keys, ", @"))
		return
	case st.Annotation(key) != nil:
		r.pkg.report(pos, st.Name, "a second @%s; the first is on line %d", key, st.Annotation(key).Pos.Line)
		return
	}
	a := Annotation{Key: key, Args: args, Pos: pos}
	if wrong := a.parse(); wrong != "" {
		r.pkg.report(pos, st.Name, "@%s %s", key, wrong)
		return
	}
	st.Annotations = append(st.Annotations, a)
}
