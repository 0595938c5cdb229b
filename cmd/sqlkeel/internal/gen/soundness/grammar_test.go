package soundness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is an SQL expression of type text, and the schema that it needs.
type expression struct {
	kind    []string // the leaf and the places around it, from the inside
	setup   []string
	numbers []int // of the objects in the schema
	text    string
}

// at is the expression made of an integer.
func (e *expression) at(x string) string { return hole.ReplaceAllLiteralString(e.text, x) }

func (e *expression) String() string { return strings.Join(e.kind, " in ") }

var (
	hole   = regexp.MustCompile(`\bX\b`)
	number = regexp.MustCompile(`@`)
	label  = regexp.MustCompile(`\bLABEL\b`)
	made   = regexp.MustCompile(`\bE\(((?:[^()]|\([^()]*\))*)\)`)
)

// site is an expression in a place.
type site struct {
	*expression
	place   place
	setup   []string
	numbers []int
	sql     string
}

func (s *site) String() string { return s.expression.String() + ", in " + s.place.name }

// grammar draws expressions and puts them into places.
type grammar struct {
	dice
	last int // number that was used
}

// leaf makes an expression of a leaf.
func (g *grammar) leaf(l leaf) *expression {
	n := g.number()
	fill := func(s string) string { return number.ReplaceAllString(s, fmt.Sprintf("_%d", n)) }
	e := &expression{kind: []string{l.name}, text: fill(l.value), numbers: []int{n}}
	e.setup = lines(fill("CREATE TABLE d@ (k int PRIMARY KEY, v int)\nINSERT INTO d@ SELECT n, n FROM generate_series(1, 5) n\nCREATE TABLE l@ (w int)\n" + l.setup))
	return e
}

func (g *grammar) number() int {
	g.last++
	return g.last
}

// put puts an expression into a place.
func (g *grammar) put(e *expression, p place) *site {
	n := g.number()
	fill := func(s string) string {
		s = number.ReplaceAllString(s, fmt.Sprintf("_%d", n))
		s = label.ReplaceAllStringFunc(s, func(string) string { return g.label() })
		return made.ReplaceAllStringFunc(s, func(call string) string { return e.at(made.FindStringSubmatch(call)[1]) })
	}
	s := &site{expression: e, place: p, setup: lines(fill(p.setup)), numbers: append(slices.Clone(e.numbers), n)}
	if s.sql = fill(p.write); s.sql == "" {
		s.sql = fill(p.value)
	}
	return s
}

// inner makes an expression of what is in a place.
func (s *site) inner() *expression {
	return &expression{
		kind: append(slices.Clone(s.kind), s.place.name), text: s.sql, numbers: s.numbers,
		setup: append(slices.Clone(s.expression.setup), s.setup...),
	}
}

// statement is the site as it is run and analysed.
func (s *site) statement() statement {
	if s.place.write != "" {
		return statement{sql: s.sql, command: ":exec", args: [][]any{{}}}
	}
	return statement{sql: "SELECT " + hole.ReplaceAllLiteralString(s.sql, "5") + " AS e", args: [][]any{{}}}
}

// label is what a function says of itself, which need not be so.
func (g *grammar) label() string {
	said := []string{pick(g.dice, []string{"", "VOLATILE", "STABLE", "IMMUTABLE"})}
	if g.chance(0.15) {
		said = append(said, "SECURITY DEFINER")
	}
	if g.chance(0.15) {
		said = append(said, "SET search_path = public")
	}
	return strings.Join(said, " ")
}

// recipe is how an expression is made: of a leaf, in places.
type recipe struct {
	leaf   leaf
	around []place // from the inside
}

// draw makes a random recipe.
func (g *grammar) draw() recipe {
	r := recipe{leaf: pick(g.dice, pick(g.dice, leaves))}
	for range g.IntN(3) {
		p := pick(g.dice, valuePlaces)
		for p.visits || p.idle || p.text {
			p = pick(g.dice, valuePlaces)
		}
		r.around = append(r.around, p)
	}
	return r
}

// make makes the expression anew, with tables of its own.
func (g *grammar) make(r recipe) *expression {
	e := g.leaf(r.leaf)
	for _, p := range r.around {
		e = g.put(e, p).inner()
	}
	return e
}

// lines are statements that stand on a line each.
func lines(s string) []string {
	var list []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			list = append(list, l)
		}
	}
	return list
}
