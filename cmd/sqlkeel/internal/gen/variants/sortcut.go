package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// tails are the tokens at which ORDER BY ends.
var tails = []pg.Token{
	semicolon, pg.Token_LIMIT, pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_ON, pg.Token_RETURNING,
	pg.Token_UNION, pg.Token_INTERSECT, pg.Token_EXCEPT,
}

// findPieces finds the tokens of each key of a query's ORDER BY.
func (f *finder) findPieces(s *sorted) bool {
	src := f.source
	at := src.at(int(s.items[0].cas.Location))
	if src.is(at, pg.Token_CASE) {
		first := src.left(at, []pg.Token{pg.Token_BY})
		if src.is(first-1, pg.Token_BY) && src.is(first-2, pg.Token_ORDER) {
			s.pieces = src.split(first, src.right(at-1, tails), comma)
		}
	}
	ok := len(s.pieces) == len(s.query.SortClause)
	for _, it := range s.items {
		ok = ok && it.located(src, s)
	}
	if !ok {
		f.remark(s.items[0].cas.Location, "the order is not pruned: where its keys begin and end is not clear")
	}
	return ok
}

// located reports whether a simple key is the CASE with which its piece of the text
// begins.
func (it *item) located(src *source, s *sorted) bool {
	p := s.pieces[it.index(s)]
	return it.literals == nil || src.tokens[p[0]].start == int(it.cas.Location) && src.is(p[0], pg.Token_CASE)
}

func (it *item) index(s *sorted) int {
	return slices.IndexFunc(s.query.SortClause, func(n *pg.Node) bool { return inner(n) == any(it.by) })
}

// keepSort takes what was found into the plan.
func (f *finder) keepSort(p *Plan) {
	p.Sort, p.items = f.sort, f.items
}

// sortEdits replaces the ORDER BY of each query by one for each literal and one for
// none.
func (f *finder) sortEdits(p *Plan) (edits []edit) {
	for _, s := range f.sorts {
		simple := false
		for _, it := range s.items {
			if it.literals == nil {
				edits = append(edits, f.foldEdits(p, it)...)
			}
			simple = simple || it.literals != nil
		}
		if !simple {
			continue
		}
		first, last := s.pieces[0][0]-2, s.pieces[len(s.pieces)-1][1]
		e := edit{start: f.source.tokens[first].start, end: f.source.tokens[last].end}
		none := choice{parts: f.keys(s, "")}
		for i, l := range f.sort.Literals {
			bit := p.literalBit(i)
			none.absent |= bit
			e.choices = append(e.choices, choice{need: bit, parts: f.keys(s, l)})
		}
		none.parts = f.keys(s, noLiteral)
		e.choices = append(e.choices, none)
		edits = append(edits, e)
	}
	return edits
}

// noLiteral equals no literal: they hold no zero bytes.
const noLiteral = "\x00"

func (p *Plan) literalBit(i int) generated.Mask { return 1 << (len(p.Filters) + i) }

// keys writes ORDER BY for a literal.
func (f *finder) keys(s *sorted, literal string) (parts []part) {
	src := f.source
	for i, piece := range s.pieces {
		key := []part{{start: src.tokens[piece[0]].start, end: src.tokens[piece[1]].end}}
		for _, it := range s.items {
			if it.index(s) == i && it.literals != nil {
				key = f.key(it, piece, slices.Contains(it.literals, literal))
			}
		}
		switch {
		case key == nil:
			continue
		case parts == nil:
			parts = []part{{text: "ORDER BY "}}
		default:
			parts = append(parts, part{text: ", "})
		}
		parts = append(parts, key...)
	}
	return parts
}

// key writes a simple key that was asked for, or nothing.
func (f *finder) key(it *item, piece [2]int, asked bool) []part {
	src := f.source
	if !asked {
		return nil
	}
	end := src.tokens[piece[0]].pair
	then := src.right(piece[0], []pg.Token{pg.Token_THEN}) + 1
	last := src.right(then, []pg.Token{pg.Token_ELSE})
	parts := []part{{start: src.tokens[then+1].start, end: src.tokens[last].end}}
	if !bare(it.when.Result) {
		parts = []part{{text: "CASE WHEN TRUE THEN "}, parts[0], {text: " END"}}
	}
	if end < piece[1] {
		parts = append(parts, part{text: " "}, part{start: src.tokens[end+1].start, end: src.tokens[piece[1]].end})
	}
	return parts
}

// foldEdits replaces the comparisons in a key by what they are.
func (f *finder) foldEdits(p *Plan, it *item) (edits []edit) {
	bounds := []pg.Token{pg.Token_WHEN, pg.Token_THEN, pg.Token_AND, pg.Token_OR, comma}
	for _, c := range it.tests {
		at := f.source.at(int(c.param.Location))
		first, last := f.source.left(at, bounds), f.source.right(at, bounds)
		e := edit{start: f.source.tokens[first].start, end: f.source.tokens[last].end}
		var before generated.Mask
		for i, l := range p.Sort.Literals {
			if slices.Contains(c.literals, l) {
				bit := p.literalBit(i)
				e.choices = append(e.choices, choice{need: bit, absent: before, parts: []part{{text: "TRUE"}}})
				before |= bit
			}
		}
		e.choices = append(e.choices, choice{absent: before, parts: []part{{text: "FALSE"}}})
		edits = append(edits, e)
	}
	return edits
}
