package plpgsql

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// statements reads up to one of the words, which it leaves.
func (p *parser) statements(ends ...string) {
	for !slices.Contains(ends, p.word(0)) || p.assigns() {
		if p.pos >= len(p.tokens) {
			p.fail("its END is missing")
		}
		p.statement()
	}
}

// assigns reports whether name := or name = comes next, with fields and subscripts in
// the name: words that begin statements may name variables too.
func (p *parser) assigns() bool {
	i := p.pos
	for {
		if i >= len(p.tokens) || p.tokens[i].Kind > sqltext.Quoted && p.tokens[i].Kind != sqltext.Param {
			return false
		}
		for i++; p.markAt(i, "["); {
			for depth := 0; i < len(p.tokens); {
				if p.markAt(i, "[") {
					depth++
				} else if p.markAt(i, "]") {
					depth--
				}
				if i++; depth == 0 {
					break
				}
			}
		}
		if !p.markAt(i, ".") || p.markAt(i, "..") {
			return p.markAt(i, ":=") || p.markAt(i, "=")
		}
		i++
	}
}

func (p *parser) statement() {
	if p.assigns() {
		p.assignment()
		return
	}
	label := p.label()
	word := p.word(0)
	switch {
	case word == "declare" || word == "begin":
		p.block(label)
		return
	case p.compound(word, label):
		return
	case label != "":
		p.fail("a label is followed by %s", p.here())
	}
	if read := simple[word]; read != nil {
		p.pos++
		read(p)
		p.expect(";")
		return
	}
	p.sql()
	p.expect(";")
}

// simple are the statements without statements in them, by their first word. Each
// leaves the semicolon.
var simple = map[string]func(*parser){
	"perform": func(p *parser) { p.add(Piece{Kind: Query, SQL: "SELECT " + p.until()}) },
	"exit":    (*parser).exit, "continue": (*parser).exit,
	"return": (*parser).returns, "raise": (*parser).raise, "assert": (*parser).assert, "execute": (*parser).execute,
	"get": (*parser).diagnostics, "open": (*parser).open, "fetch": (*parser).fetch, "move": (*parser).fetch,
	"close":  func(p *parser) { p.until() },
	"null":   func(*parser) {},
	"commit": func(p *parser) { p.until() }, "rollback": func(p *parser) { p.until() },
}

// assignment reads target := expression;.
func (p *parser) assignment() {
	t, known := p.variable()
	if !known {
		p.fail("%s is no variable", p.here())
	}
	if p.at("[") {
		t.Element = true
		for p.accept("[") {
			for _, bound := range strings.Split(p.until("]"), ":") {
				if strings.TrimSpace(bound) != "" {
					p.expression(bound, "integer")
				}
			}
			p.expect("]")
		}
		for p.accept(".") {
			p.name()
		}
	}
	if !p.accept(":=") {
		p.expect("=")
	}
	p.add(Piece{Kind: Expression, SQL: "SELECT " + p.until(), Into: []Target{t}})
	p.expect(";")
}

// sql reads a statement of SQL and takes its INTO out.
func (p *parser) sql() {
	first := p.word(0)
	start, piece := p.pos, Piece{Kind: Query}
	if first == "" && !p.at("(") {
		p.fail("a statement begins with %s", p.here())
	}
	before := ""
	depth := 0
	for ; p.pos < len(p.tokens); p.pos++ {
		switch {
		case p.at("("):
			depth++
		case p.at(")"):
			depth--
		}
		if depth <= 0 && p.at(";") {
			piece.SQL += p.between(start, p.pos)
			p.add(piece)
			return
		}
		word := p.word(0)
		if word == "into" && before != "insert" && before != "merge" && first != "import" && piece.Into == nil {
			piece.SQL += p.between(start, p.pos) + " "
			p.pos++
			p.acceptWords("strict")
			piece.Into = p.targets()
			start = p.pos
			p.pos--
		}
		before = word
	}
	p.fail("a statement has no end")
}

func (p *parser) exit() {
	if !p.at(";") && p.word(0) != "when" {
		p.name()
	}
	if p.acceptWords("when") {
		p.expression(p.until(), "boolean")
	}
}

func (p *parser) returns() {
	switch {
	case p.acceptWords("next"):
		if !p.at(";") {
			p.add(Piece{Kind: Expression, SQL: "SELECT " + p.until(), Result: true})
		}
	case p.acceptWords("query", "execute"):
		p.dynamic(Piece{Result: true})
	case p.acceptWords("query"):
		p.add(Piece{Kind: Query, SQL: p.until(), Result: true})
	case !p.at(";"):
		p.add(Piece{Kind: Expression, SQL: "SELECT " + p.until(), Result: true})
	}
}

func (p *parser) raise() {
	if level := p.word(0); slices.Contains([]string{"debug", "log", "info", "notice", "warning", "exception"}, level) {
		p.pos++
	}
	switch {
	case p.at(";"):
		return
	case p.acceptWords("sqlstate"):
		p.pos++
	case p.pos < len(p.tokens) && p.tokens[p.pos].Kind == sqltext.String:
		p.pos++
		for p.accept(",") {
			p.expression(p.until(",", "using"), "")
		}
	case p.word(0) != "using":
		p.name()
	}
	if !p.acceptWords("using") {
		return
	}
	for {
		p.name()
		if !p.accept(":=") {
			p.expect("=")
		}
		p.expression(p.until(","), "text")
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) assert() {
	p.expression(p.until(","), "boolean")
	if p.accept(",") {
		p.expression(p.until(), "text")
	}
}

func (p *parser) execute() { p.dynamic(Piece{}) }

// dynamic reads an expression that is run, with INTO and USING in any order.
func (p *parser) dynamic(piece Piece) {
	piece.Kind, piece.SQL = Dynamic, "SELECT "+p.until("into", "using", "loop")
	for {
		switch {
		case p.acceptWords("into"):
			p.acceptWords("strict")
			piece.Into = p.targets()
			continue
		case p.acceptWords("using"):
			for {
				piece.Using = append(piece.Using, "SELECT "+p.until(",", "into", "loop"))
				if !p.accept(",") {
					break
				}
			}
			continue
		}
		p.add(piece)
		return
	}
}

func (p *parser) diagnostics() {
	if !p.acceptWords("current") {
		p.acceptWords("stacked")
	}
	p.expectWords("diagnostics")
	piece := Piece{Kind: Assign}
	for {
		t, known := p.variable()
		if !known {
			p.fail("%s is no variable", p.here())
		}
		piece.Into = append(piece.Into, t)
		if !p.accept(":=") {
			p.expect("=")
		}
		p.name() // such as ROW_COUNT
		if !p.accept(",") {
			break
		}
	}
	p.add(piece)
}

func (p *parser) open() {
	t, known := p.variable()
	if !known {
		p.fail("%s is no cursor", p.here())
	}
	if p.at("(") {
		p.cursorArguments(t.Variable)
		return
	}
	p.acceptWords("no")
	p.acceptWords("scroll")
	switch {
	case p.acceptWords("for", "execute"):
		p.dynamic(Piece{Cursor: t.Variable})
	case p.acceptWords("for"):
		p.add(Piece{Kind: Query, SQL: p.until(), Cursor: t.Variable})
	}
}

// cursorArguments reads (expression, …) for the variables of a bound cursor.
func (p *parser) cursorArguments(cursor *Variable) {
	p.expect("(")
	for i := 0; !p.at(")"); i++ {
		target := i
		if p.markAt(p.pos+1, ":=") || p.markAt(p.pos+1, "=>") {
			name := p.name()
			p.pos += 2
			target = slices.IndexFunc(cursor.Arguments, func(v *Variable) bool { return v.Name == name })
		}
		if target < 0 || target >= len(cursor.Arguments) {
			p.fail("%s has no such argument", cursor.Name)
		}
		p.add(Piece{Kind: Expression, SQL: "SELECT " + p.until(",", ")"), Into: []Target{{Variable: cursor.Arguments[target]}}})
		p.accept(",")
	}
	p.expect(")")
}

// fetch reads [direction [FROM | IN]] cursor [INTO targets]. A direction is words and
// numbers.
func (p *parser) fetch() {
	piece := Piece{Kind: Fetch}
	for !p.at(";") && p.word(0) != "into" {
		if p.at("(") {
			p.fail("a FETCH whose direction is computed")
		}
		if p.pos < len(p.tokens) && (p.tokens[p.pos].Kind <= sqltext.Quoted) {
			if t, known := p.variable(); known {
				piece.Cursor = t.Variable
				continue
			}
		}
		p.pos++
		if p.pos >= len(p.tokens) {
			p.fail("a FETCH has no end")
		}
	}
	if piece.Cursor == nil {
		p.fail("a FETCH from what is no variable")
	}
	if p.acceptWords("into") {
		piece.Into = p.targets()
	}
	p.add(piece)
}
