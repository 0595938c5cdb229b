package plpgsql

import "slices"

// compound reads a statement with statements in it, its semicolon too; false when the
// word begins none.
func (p *parser) compound(word, label string) bool {
	switch word {
	case "if":
		p.pos++
		p.branches()
	case "case":
		p.pos++
		p.cases()
	case "loop":
		p.loop(label)
	case "while":
		p.pos++
		p.expression(p.until("loop"), "boolean")
		p.loop(label)
	case "for":
		p.pos++
		p.forLoop(label)
	case "foreach":
		p.pos++
		p.foreach(label)
	default:
		return false
	}
	return true
}

func (p *parser) branches() {
	p.expression(p.until("then"), "boolean")
	p.expectWords("then")
	p.statements("elsif", "elseif", "else", "end")
	for p.acceptWords("elsif") || p.acceptWords("elseif") {
		p.expression(p.until("then"), "boolean")
		p.expectWords("then")
		p.statements("elsif", "elseif", "else", "end")
	}
	if p.acceptWords("else") {
		p.statements("end")
	}
	p.expectWords("end", "if")
	p.expect(";")
}

// cases reads CASE [expression] WHEN …. PL/pgSQL compares the expression's value with
// those of WHEN as IN does.
func (p *parser) cases() {
	value := ""
	if p.word(0) != "when" {
		value = p.until("when")
	}
	for p.acceptWords("when") {
		when := p.until("then")
		if value != "" {
			when = "(" + value + "\n) IN (" + when + "\n)"
		}
		p.expression(when, "boolean")
		p.expectWords("then")
		p.statements("when", "else", "end")
	}
	if p.acceptWords("else") {
		p.statements("end")
	}
	p.expectWords("end", "case")
	p.expect(";")
}

// loop reads LOOP … END LOOP [label];.
func (p *parser) loop(label string) {
	p.expectWords("loop")
	p.inside(label, func() { p.statements("end") })
	p.end("loop")
}

// forLoop reads what is behind FOR: a query's rows, a cursor's, or integers.
func (p *parser) forLoop(label string) {
	start := p.pos
	names := p.until("in")
	after := p.pos
	p.expectWords("in")
	into := func() []Target {
		end := p.pos
		p.pos = start
		list := p.targets()
		if p.pos != after {
			p.fail("FOR %s is not understood", names)
		}
		p.pos = end
		return list
	}
	if p.acceptWords("execute") {
		p.dynamic(Piece{Into: into()})
		p.loop(label)
		return
	}
	if t, known := p.boundCursor(); known {
		p.cursorLoop(label, start, t)
		return
	}
	reverse := p.acceptWords("reverse")
	from := p.pos
	first := p.until("..", "loop")
	if !p.at("..") {
		if reverse {
			p.fail("REVERSE without a range")
		}
		p.pos = from
		sql := p.until("loop")
		p.add(Piece{Kind: Query, SQL: sql, Into: into()})
		p.loop(label)
		return
	}
	p.expression(first, "integer")
	p.expect("..")
	p.expression(p.until("by", "loop"), "integer")
	if p.acceptWords("by") {
		p.expression(p.until("loop"), "integer")
	}
	p.inside(label, func() {
		p.declare(&Variable{Name: p.nameAt(start), Type: "integer"})
		p.loop(label)
	})
}

// nameAt returns the name that is a token.
func (p *parser) nameAt(i int) string {
	back := p.pos
	p.pos = i
	name := p.name()
	p.pos = back
	return name
}

// boundCursor reads the name of a bound cursor that is looped over.
func (p *parser) boundCursor() (*Variable, bool) {
	start := p.pos
	if p.word(0) == "" && !p.quoted() {
		return nil, false
	}
	t, known := p.variable()
	if known && t.Variable.Cursor != "" && (p.at("(") || p.word(0) == "loop") {
		return t.Variable, true
	}
	p.pos = start
	return nil, false
}

// cursorLoop reads the arguments and the loop over a cursor's rows: its record is the
// loop's own.
func (p *parser) cursorLoop(label string, start int, cursor *Variable) {
	if p.at("(") {
		p.cursorArguments(cursor)
	}
	p.inside(label, func() {
		v := p.declare(&Variable{Name: p.nameAt(start)})
		p.add(Piece{Kind: Fetch, Cursor: cursor, Into: []Target{{Variable: v}}})
		p.loop(label)
	})
}

// foreach reads target [SLICE n] IN ARRAY expression LOOP.
func (p *parser) foreach(label string) {
	t := p.targets()
	if p.acceptWords("slice") {
		p.pos++
	}
	p.expectWords("in", "array")
	p.add(Piece{Kind: Expression, SQL: "SELECT " + p.until("loop"), Into: slices.Clone(t), Type: "element"})
	p.loop(label)
}

func (p *parser) quoted() bool {
	return p.pos < len(p.tokens) && p.text[p.tokens[p.pos].Start] == '"'
}
