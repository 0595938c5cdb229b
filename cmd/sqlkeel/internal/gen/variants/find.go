package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// The number of variants that are proven for one statement: all combinations of up
// to wholeFilters filters and of the literals while they are no more than maxMasks;
// beyond that, none, each one, each two and all of the filters.
const (
	wholeFilters = 8
	maxMasks     = 1024
)

// Find returns what may be cut out of a statement, or nil when nothing may; and what
// looks optional and stays, with the reason. types are the format_type of the
// parameters that PostgreSQL gave to the statement, in their order.
func Find(st *project.Statement, types []string, schema *Schema) (*Plan, []*project.Problem) {
	f := look(st, types, schema)
	if f == nil {
		return nil, nil
	}
	p := f.plan()
	if p == nil || !f.ordered() {
		return nil, f.remarks
	}
	f.cut(p)
	return p, f.remarks
}

// look finds the optional parts of a statement; nil when it cannot have any.
func look(st *project.Statement, types []string, schema *Schema) *finder {
	src, err := read(st.SQL, types)
	if err != nil || len(src.params) == 0 || len(st.Params) < len(types) {
		return nil
	}
	f := &finder{statement: st, source: src, schema: schema, format: types}
	if _, merge := inner(src.tree).(*pg.MergeStmt); merge {
		return nil
	}
	f.visit(inner(src.tree), scope{})
	f.findItems()
	return f
}

// finder looks through one statement.
type finder struct {
	statement *project.Statement
	source    *source
	schema    *Schema
	format    []string // format_type of each parameter

	groups  []*group
	sorts   []*sorted // SELECTs with ORDER BY
	items   []*item
	sort    *Sort
	remarks []*project.Problem
}

// remark reports that something at a place of the text stays.
func (f *finder) remark(place int32, message string) {
	f.remarks = append(f.remarks, &project.Problem{Pos: f.statement.Position(int(place)), Statement: f.statement.Name, Message: message})
}

// scope is where in the statement an expression stands.
type scope struct {
	clause clause
	// correlated: in a subquery of an expression, or LATERAL, whose aggregates may
	// belong to a query around it.
	correlated bool
	// aggregated: in the arguments or the FILTER of an aggregate of such a subquery.
	// The query that it belongs to depends on which columns are mentioned there.
	aggregated bool
}

// as is the scope with another clause.
func (s scope) as(c clause) scope {
	s.clause = c
	return s
}

type clause uint8

const (
	elsewhere clause = iota
	condition        // WHERE, ON
	having
)

// visit looks for filters and for SELECTs with ORDER BY.
func (f *finder) visit(v any, in scope) {
	if v == nil {
		return
	}
	under := in
	switch n := v.(type) {
	case *pg.SelectStmt:
		f.visitSelect(n, in)
		return
	case *pg.UpdateStmt:
		f.visitChildren(n, n.WhereClause, in)
		return
	case *pg.DeleteStmt:
		f.visitChildren(n, n.WhereClause, in)
		return
	case *pg.OnConflictClause:
		f.visitChildren(n, n.WhereClause, in)
		return
	case *pg.JoinExpr:
		f.visitChildren(n, n.Quals, in)
		return
	case *pg.InferClause:
		return
	case *pg.FuncCall:
		in.aggregated = in.aggregated || in.correlated && n.Over == nil && (n.AggFilter != nil || n.AggWithinGroup || f.schema.aggregates[function(n)])
		f.visitChildren(n, n.AggFilter, in)
		return
	case *pg.JsonArrayAgg, *pg.JsonObjectAgg:
		under.aggregated = in.correlated
	case *pg.SubLink:
		f.visit(inner(n.Testexpr), in)
		f.visit(inner(n.Subselect), scope{correlated: true, aggregated: in.aggregated})
		return
	case *pg.RangeSubselect:
		under = in.as(elsewhere)
		under.correlated = in.correlated || n.Lateral
	case *pg.CommonTableExpr:
		under = in.as(elsewhere)
	case *pg.BoolExpr:
		if n.Boolop == pg.BoolExprType_OR_EXPR && in.clause != elsewhere {
			f.visitDisjunction(n, in)
		}
	default:
		f.lookAlike(v, in)
	}
	children(v, func(c any) { f.visit(c, under) })
}

// visitChildren visits what is under v, where as a condition.
func (f *finder) visitChildren(v any, where *pg.Node, in scope) {
	w := inner(where)
	children(v, func(c any) {
		if c == w {
			f.visit(c, in.as(condition))
			return
		}
		f.visit(c, in)
	})
}

func (f *finder) visitSelect(s *pg.SelectStmt, in scope) {
	where, has := inner(s.WhereClause), inner(s.HavingClause)
	if len(s.SortClause) > 0 {
		f.sorts = append(f.sorts, &sorted{query: s, in: in})
	}
	children(s, func(c any) {
		under := in.as(elsewhere)
		switch c {
		case nil:
		case where:
			under.clause = condition
		case has:
			under.clause = having
		}
		f.visit(c, under)
	})
}

// plan names the optional parts; nil when there are none, or too many.
func (f *finder) plan() *Plan {
	p := &Plan{Statement: f.statement, source: f.source}
	f.keepFilters(p)
	f.keepSort(p)
	if len(p.Filters)+len(f.literals()) > 62 {
		f.remark(0, "it has more optional parts than a variant can name")
		return nil
	}
	if len(p.Filters) == 0 && p.Sort == nil {
		return nil
	}
	return p
}

// cut writes the text of each variant.
func (f *finder) cut(p *Plan) {
	p.masks, p.partly = masks(len(p.Filters), len(f.literals()))
	if p.partly {
		f.remark(0, "it has so many optional parts that only none, one, two or all of them together are pruned")
	}
	edits := f.placeholders()
	for _, g := range p.groups {
		edits = append(edits, f.edit(g))
	}
	edits = append(edits, f.sortEdits(p)...)
	p.segments = render(f.source.sql, edits)
}

func (f *finder) literals() []string {
	if f.sort == nil {
		return nil
	}
	return f.sort.Literals
}

// masks lists the variants of a number of filters and literals to prove, and whether
// that leaves some out.
func masks(filters, literals int) (list []generated.Mask, partly bool) {
	sorts := []generated.Mask{0}
	for i := range literals {
		sorts = append(sorts, 1<<(filters+i))
	}
	var sets []generated.Mask
	all := generated.Mask(1)<<filters - 1
	if filters <= wholeFilters && len(sorts)<<filters <= maxMasks {
		for m := generated.Mask(0); m <= all; m++ {
			sets = append(sets, m)
		}
	} else {
		sets, partly = few(filters, maxMasks/len(sorts)), true
	}
	for _, m := range sets {
		for _, s := range sorts {
			list = append(list, m|s)
		}
	}
	return list, partly
}

// few lists none, all, each and each two of some filters, to a maximum.
func few(filters, most int) []generated.Mask {
	sets := []generated.Mask{0, 1<<filters - 1}
	for i := range filters {
		sets = append(sets, 1<<i)
	}
	for i := range filters {
		for j := range i {
			sets = append(sets, 1<<i|1<<j)
		}
	}
	slices.Sort(sets[2+filters:])
	sets = slices.Compact(sets)
	return sets[:min(len(sets), max(1, most))]
}

// placeholders returns an edit for each, which writes it with its type.
func (f *finder) placeholders() []edit {
	var edits []edit
	for i, t := range f.source.tokens {
		if t.kind != pg.Token_PARAM {
			continue
		}
		n := f.number(t.start)
		parts := []part{{param: n, cast: f.source.types[n-1]}}
		// Before ROWS the grammar takes no cast without parentheses.
		counted := f.source.is(i-1, pg.Token_OFFSET) && f.source.is(i+1, pg.Token_ROW, pg.Token_ROWS)
		fetched := f.source.is(i-1, pg.Token_FIRST_P, pg.Token_NEXT) && f.source.is(i-2, pg.Token_FETCH)
		if counted || fetched || f.source.is(i+1, openSquare, point) {
			parts = []part{{text: "("}, parts[0], {text: ")"}}
		}
		edits = append(edits, edit{start: t.start, end: t.end, choices: []choice{{parts: parts}}})
	}
	return edits
}

// number returns which placeholder stands at a place.
func (f *finder) number(place int) int {
	for _, p := range f.source.params {
		if int(p.Location) == place {
			return int(p.Number)
		}
	}
	return 0
}
