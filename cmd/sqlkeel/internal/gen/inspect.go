package gen

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Inspection is what Inspect found.
type Inspection struct {
	Statements []Inspected
	// Failed is why statements, or parts of the schema, could not be understood,
	// and Notes what else there is to say.
	Failed, Notes Problems
	// Misconfigured says that some of Failed is about the configuration: packages may
	// be missing.
	Misconfigured bool
	// Unknown is how many of the statements could not be analysed, and Opaque how
	// many were set aside with @opaque.
	Unknown, Opaque int
}

// Inspected is a statement as `sqlkeel inspect` prints it. Lists are never null, and
// are sorted. Relations have their schema unless that is public; "*" stands for any
// relation, beside those that are known. Of a statement that could not be analysed
// nothing is known: it may change anything, and WhyNot is the reason.
type Inspected struct {
	Package string   `json:"package"`
	Name    string   `json:"name"`
	Cmd     string   `json:"cmd"`
	File    string   `json:"file"` // relative to the configuration's folder
	Line    int      `json:"line"`
	Reads   []string `json:"reads"`
	Writes  []string `json:"writes"`
	Locks   []string `json:"locks"`
	Effects []string `json:"effects"` // what a write changes beyond Writes
	RowKeys []RowKey `json:"row_keys"`
	// Columns are those on which the result depends, or which a write sets, of relations
	// of which that is known.
	Columns   []Columns `json:"columns"`
	ReadOnly  bool      `json:"read_only"`
	Cacheable bool      `json:"cacheable"`
	WhyNot    string    `json:"why_not"`
	// NoStandby is why it is not read-only, and Session what it leaves in the session
	// that ran it; "" for nothing.
	NoStandby string   `json:"no_standby,omitempty"`
	Session   string   `json:"session,omitempty"`
	Variants  []string `json:"variants"` // such as "category+min_price sort=newest"; "none" without any part
	// Cached are the arguments of its @cache, such as "ttl=30s"; "" when its result is not
	// answered from memory. DroppedBy are then the statements that leave none of its
	// results, whatever their arguments.
	Cached    string   `json:"cached,omitempty"`
	DroppedBy []Writer `json:"dropped_by,omitempty"`
	// Invalidates is what it does to the results of cached statements of the same schema,
	// and Flushes why it makes all results old; "" when it does not.
	Invalidates []Invalidation `json:"invalidates,omitempty"`
	Flushes     string         `json:"flushes,omitempty"`
	// Opaque is why the statement was set aside with @opaque; "" when it was not.
	Opaque string `json:"opaque,omitempty"`
	// Unknown says that the statement was not, or could not be, analysed.
	Unknown bool `json:"-"`
}

// RowKey says by what the rows are known that a statement reads, or that it wrote.
type RowKey struct {
	For      string `json:"for"` // "read" or "write"
	Relation string `json:"relation"`
	Column   string `json:"column"`
	Param    int    `json:"param,omitempty"`  // the placeholder that holds the value
	Result   int    `json:"result,omitempty"` // the result column that does
	Each     bool   `json:"each,omitempty"`   // the placeholder is an array of the values
}

// Columns are the columns of a relation that a statement reads, or sets.
type Columns struct {
	For      string   `json:"for"` // "read" or "set"
	Relation string   `json:"relation"`
	Columns  []string `json:"columns"`
	// Rows says that the write adds or removes rows, or that the read does not depend on
	// such alone, as it joins each with one that refers to it.
	Rows bool `json:"rows,omitempty"`
}

// Inspect works out what the statements do. It writes nothing and needs no Go
// module. What cannot be analysed does not stop the rest; the error is about the
// configuration or the server.
func Inspect(ctx context.Context, o Options) (*Inspection, error) {
	a, err := analyse(ctx, o, lenient)
	if err != nil {
		return nil, err
	}
	found := &Inspection{Statements: []Inspected{}, Failed: a.sorted(a.problems, healsFailures), Notes: a.sorted(a.notes, healsUnknown)}
	for _, problem := range a.project.Problems {
		found.Misconfigured = found.Misconfigured || !problem.Warning && problem.Pos.File == a.project.Config
	}
	var all []*Inspected
	for _, pkg := range a.packages {
		for _, st := range pkg.statements {
			switch {
			case st.Opaque() != nil:
				found.Opaque++
			case st.result == nil:
				found.Unknown++
			}
			all = append(all, inspected(st))
		}
	}
	a.invalidations(all)
	for _, i := range all {
		found.Statements = append(found.Statements, *i)
	}
	slices.SortFunc(found.Statements, func(a, b Inspected) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	return found, nil
}

func inspected(st *statementAnalysis) *Inspected {
	i := &Inspected{
		Package: st.Package.Name, Name: st.Name, Cmd: st.Command, File: st.Pos.File, Line: st.Pos.Line,
		Reads: []string{}, Writes: []string{}, Locks: []string{}, Effects: []string{}, RowKeys: []RowKey{}, Columns: []Columns{}, Variants: []string{}, Flushes: st.flushes(),
	}
	if st.cached() {
		i.Cached = st.Annotation("cache").Args
	}
	if st.result == nil {
		i.Effects, i.WhyNot, i.Unknown = []string{"*"}, unknown(st.failed), true
		if note := st.Opaque(); note != nil {
			i.Opaque = note.Args
		}
		return i
	}
	e := st.result.Effects
	i.Reads, i.Writes, i.Locks = append(i.Reads, e.Reads...), append(i.Writes, e.Writes...), append(i.Locks, e.Locks...)
	i.Effects = append(i.Effects, e.Reaches...)
	if e.ReadsAnything {
		i.Reads = slices.Insert(i.Reads, 0, "*")
	}
	if e.Anything {
		i.Effects = slices.Insert(i.Effects, 0, "*")
	}
	i.RowKeys = append(rowKeys("read", e.ReadKeys), rowKeys("write", e.WriteKeys)...)
	i.Columns = append(columns("read", e.ReadColumns), columns("set", e.SetColumns)...)
	i.ReadOnly, i.Cacheable, i.WhyNot = e.ReadOnly, e.NotCacheable == "", e.NotCacheable
	i.NoStandby, i.Session = st.result.NoStandby, e.Session
	if st.plan != nil {
		i.Variants = variantNames(st.plan)
	}
	return i
}

// unknown returns why a statement could not be analysed.
func unknown(problem *project.Problem) string {
	if problem == nil {
		return "the schema could not be applied"
	}
	return problem.Message
}

func rowKeys(what string, keys []stmt.RowKey) []RowKey {
	list := []RowKey{}
	for _, k := range keys {
		list = append(list, RowKey{For: what, Relation: k.Relation, Column: k.Column, Param: k.Param, Result: k.Result, Each: k.Each})
	}
	return list
}

func columns(what string, of []stmt.Columns) []Columns {
	list := []Columns{}
	for _, c := range of {
		list = append(list, Columns{what, c.Relation, append([]string{}, c.Names...), c.Rows})
	}
	return list
}

// variantNames names each variant by what it was asked for.
func variantNames(p *variants.Plan) []string {
	list := make([]string, 0, len(p.Masks()))
	for _, m := range p.Masks() {
		list = append(list, cmp.Or(strings.Join(variantParts(p, m), "+"), "none"))
	}
	return list
}

// variantParts names the parameters that are not NULL, and their values where these
// make a difference.
func variantParts(p *variants.Plan, m generated.Mask) (parts []string) {
	from := 0
	for _, c := range p.Params {
		name, other := snake(c.Name), true
		for i, v := range c.Values {
			if m&(1<<(from+i)) == 0 {
				continue
			}
			if other = false; v.Kind != generated.Null {
				parts = append(parts, name+"="+cmp.Or(v.Text, v.String()))
			}
		}
		if other && !c.Sorts {
			parts = append(parts, name)
		}
		from += len(c.Values)
	}
	return parts
}

// snake writes a Go name the way that SQL would.
func snake(goName string) string {
	var b strings.Builder
	lower := false
	for _, r := range goName {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = !unicode.IsUpper(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
