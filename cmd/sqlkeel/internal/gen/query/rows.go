package query

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Single reports whether a query returns or changes at most one row. Unique keys, or
// all that it groups by, must be compared with placeholders, constants or one another.
// It is false when nothing is in FROM.
func (p *Prover) Single(q *tree.Node) bool {
	p.steps = maxSteps
	f := p.frame(q, nil, nil, 0)
	return len(f.from.items) > 0 && f.steps >= 0 && f.keyed(true)
}

// Ties says why rows of a query may have the same place in its ORDER BY: what the
// order does not determine, such as "one row of books". It is empty when the order is
// total.
func (p *Prover) Ties(q *tree.Node) string {
	f := p.sorted(q)
	if f.one() {
		return ""
	}
	if len(q.List("groupClause")) > 0 {
		return "one group"
	}
	for _, item := range f.from.items {
		if !f.found[item] {
			return "one row of " + Name(q, item)
		}
	}
	return "one row"
}

// Chosen names an item of FROM from which LIMIT, OFFSET or DISTINCT ON takes some rows
// by an order with ties. The next time other rows may be taken. It is empty when there
// is none.
func (p *Prover) Chosen(q *tree.Node) string { return p.chosen(q, map[*tree.Node]bool{}) }

func (p *Prover) chosen(q *tree.Node, seen map[*tree.Node]bool) string {
	for i, entry := range q.List("rtable") {
		if entry.Number("rtekind") == tree.Relation && !tree.InFrom(q, i+1) {
			continue // a view's query lists the view itself
		}
		sub := p.source(q, i+1)
		if sub == nil || seen[sub] {
			continue
		}
		if seen[sub] = true; p.chooses(sub) || p.chosen(sub, seen) != "" {
			return Name(q, i+1)
		}
	}
	return ""
}

func (p *Prover) chooses(q *tree.Node) bool {
	if q.Child("limitCount") == nil && q.Child("limitOffset") == nil && !q.Yes("hasDistinctOn") {
		return false
	}
	f := p.sorted(q)
	return f.steps < 0 || !aggregates(q) && !f.keyed(false)
}

// sorted is a query, of rows with the same place in its ORDER BY.
func (p *Prover) sorted(q *tree.Node) *frame {
	p.steps = maxSteps
	told := map[int]fact{}
	for _, s := range q.List("sortClause") {
		if t := Target(q, s); t != nil && p.equality(s.OID("eqop"), t.Child("expr")) && !p.cat.Loose(p.Bare(t.Child("expr")).OID("varcollid")) {
			told[t.Number("resno")] = fact{always: true}
		}
	}
	return p.frame(q, nil, told, 0)
}

// frame is a query while it is worked out what any two of its rows have in common
// that have the same in some columns of the result.
//
// An item that may be missing has something in common if it is so in those rows in
// which it is there: that is enough for comparisons, which a missing one fails.
type frame struct {
	*Prover
	query     *tree.Node
	around    *frame
	depth     int
	told      map[int]fact // of the result's columns, by number
	from      *from
	equations []equation
	known     map[column]fact
	// found are the items of which one row can stand beside a combination of
	// rows of the others; whole those of which it is the same row beside all.
	found, whole map[int]bool
	asked        map[int]int // how much of a subquery was known when it was last asked
}

// fact is what is known of a column whose values are equal.
type fact struct {
	present bool // it is not NULL
	always  bool // it is equal also where it is missing
}

func (p *Prover) frame(q *tree.Node, around *frame, told map[int]fact, depth int) *frame {
	f := &frame{Prover: p, query: q, around: around, depth: depth, told: told, from: &from{},
		known: map[column]fact{}, found: map[int]bool{}, whole: map[int]bool{}, asked: map[int]int{}}
	if p.steps--; p.steps < 0 || depth > maxNesting {
		f.from.full = true
		return f
	}
	f.from = fromOf(q)
	f.equations = p.equations(q, f.from)
	for _, t := range q.List("targetList") {
		fact, isTold := told[t.Number("resno")]
		if c, ok := p.column(q, t.Child("expr")); ok && isTold && c.up == 0 && f.plain() {
			f.learn(c, fact)
		}
	}
	for f.grow() {
	}
	return f
}

// plain reports whether a column in the result is what it was in FROM: it is another
// in the union of two queries, and NULL in some groups of grouping sets.
func (f *frame) plain() bool {
	return f.query.Child("setOperations") == nil && len(f.query.List("groupingSets")) == 0
}

// learn notes a fact and reports whether it is new.
func (f *frame) learn(c column, is fact) bool {
	old, known := f.known[c]
	is = fact{is.present || old.present, is.always || old.always}
	f.known[c] = is
	return !known || is != old
}

// grow adds what follows from what is known. It reports whether anything was added.
func (f *frame) grow() bool {
	grown := false
	for _, e := range f.equations {
		if e.scope[e.left.entry] && f.determines(e) {
			grown = f.learn(e.left, fact{present: true, always: !f.from.optional[e.left.entry]}) || grown
		}
	}
	for _, item := range f.from.items {
		if !f.whole[item] {
			grown = f.item(item) || grown
		}
	}
	return grown
}

// determines reports whether the right side of an equation is the same in all rows.
func (f *frame) determines(e equation) bool {
	switch {
	case e.inner != nil:
		return f.settled(e.inner) && (!e.any || f.frame(e.inner, f, nil, f.depth+1).one())
	case e.right.entry == 0:
		return true
	}
	of := f
	for range e.right.up {
		if of = of.around; of == nil {
			return true // of a row around all this
		}
	}
	e.right.up = 0
	_, known := of.known[e.right]
	return known || of.whole[e.right.entry]
}

// item looks at an item of FROM again.
func (f *frame) item(number int) bool {
	entry := f.query.List("rtable")[number-1]
	switch kind := entry.Number("rtekind"); {
	case f.source(f.query, number) != nil:
		return f.nested(number)
	case kind == tree.Relation && f.determined(number, entry):
		f.found[number], f.whole[number] = true, true
		return true
	case f.found[number]:
	case kind == tree.Values && len(entry.Value("values_lists").List) == 1, kind == tree.Function && !series(entry):
		f.found[number] = true
		return true
	}
	return false
}

// determined reports whether a unique key of a table is known.
func (f *frame) determined(number int, entry *tree.Node) bool {
	r := f.bound(entry)
	if r == nil {
		return false
	}
	known := func(k catalog.Key, n int) bool {
		is, known := f.known[column{number, n, 0}]
		return known && (is.present || !k.Distinct || f.present(f.query, f.from, column{number, n, 0}, 0))
	}
	return slices.ContainsFunc(r.Keys, func(k catalog.Key) bool {
		return len(k.Columns) > 0 && !slices.ContainsFunc(k.Columns, func(n int) bool { return !known(k, n) })
	})
}

// bound returns the table of an entry of the range table whose constraints bind all
// rows that are read: those of a table do not bind the rows of its children.
func (p *Prover) bound(entry *tree.Node) *catalog.Relation {
	r := p.cat.Relations[entry.OID("relid")]
	if r == nil || r.Kind != 'p' && len(r.Children) > 0 && entry.Yes("inh") {
		return nil
	}
	return r
}

// series reports whether a function in FROM may return several rows.
func series(entry *tree.Node) bool {
	return slices.ContainsFunc(entry.List("functions"), func(f *tree.Node) bool {
		return !f.Child("funcexpr").Is("FUNCEXPR") || f.Child("funcexpr").Yes("funcretset")
	})
}

// nested asks of a subquery, view or WITH query what it has in common where the
// columns that are known are the same.
func (f *frame) nested(number int) bool {
	told, size := map[int]fact{}, 1
	for c, is := range f.known {
		if c.entry == number {
			told[c.number] = fact{present: is.present, always: true}
			if size++; is.present {
				size++
			}
		}
	}
	q := f.source(f.query, number)
	if f.asked[number] == size && len(outside(q)) == 0 {
		return false
	}
	f.asked[number] = size
	inner := f.frame(q, f.surrounding(q), told, f.depth+1)
	grown := false
	for _, t := range q.List("targetList") {
		if inner.same(t) {
			grown = f.learn(column{number, t.Number("resno"), 0}, fact{always: !f.from.optional[number]}) || grown
		}
	}
	if inner.one() && !f.found[number] {
		f.found[number], grown = true, true
	}
	if f.found[number] && f.settled(q) {
		f.whole[number], grown = true, true
	}
	return grown
}

// surrounding returns the frame whose columns a query that stands in FROM or WITH
// may speak of.
func (f *frame) surrounding(q *tree.Node) *frame {
	of := f
	for of != nil && of.query != f.Prover.around[q] {
		of = of.around
	}
	return of
}
