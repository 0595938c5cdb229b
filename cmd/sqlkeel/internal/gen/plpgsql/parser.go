package plpgsql

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// Parse cuts a body. name is the routine's. arguments are its arguments in order, those
// that it returns included. given are the variables that PL/pgSQL declares for it, such
// as NEW. A variable's Number is set from its position. The error says what was not
// understood.
func Parse(name, body string, arguments, given []*Variable) (r *Routine, err error) {
	p := &parser{text: body, tokens: slices.Collect(sqltext.Code(body)), out: &Routine{}}
	outer := &Scope{Label: name}
	for i, a := range arguments {
		a.Number = i + 1
		outer.own = append(outer.own, a)
	}
	outer.own = append(outer.own, given...)
	outer.own = append(outer.own, &Variable{Name: "found", Type: "boolean"})
	p.scope = outer
	p.out.Variables = append(p.out.Variables, outer.own...)
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case failure:
			r, err = nil, errors.New(string(failed))
		default:
			panic(failed)
		}
	}()
	p.options()
	p.block(p.label())
	if p.pos < len(p.tokens) {
		p.fail("there is more behind its END")
	}
	return p.out, nil
}

// failure is what a parser panics with.
type failure string

type parser struct {
	text   string
	tokens []sqltext.Token
	pos    int
	scope  *Scope
	out    *Routine
}

func (p *parser) fail(format string, args ...any) {
	line := 1
	if p.pos < len(p.tokens) {
		line, _ = sqltext.Place(p.text, p.tokens[p.pos].Start)
	}
	panic(failure(fmt.Sprintf("line %d of its body: ", line) + fmt.Sprintf(format, args...)))
}

// word returns the folded text of the token so many ahead when it is an unquoted
// word, else "".
func (p *parser) word(ahead int) string {
	if i := p.pos + ahead; i < len(p.tokens) && p.tokens[i].Kind == sqltext.Word {
		return sqltext.Fold(p.tokens[i].Text(p.text))
	}
	return ""
}

// at reports whether the characters of mark, each a token, come next.
func (p *parser) at(mark string) bool { return p.markAt(p.pos, mark) }

func (p *parser) markAt(i int, mark string) bool {
	for n := range len(mark) {
		if i+n >= len(p.tokens) || p.tokens[i+n].Kind != sqltext.Punct || p.tokens[i+n].Text(p.text) != mark[n:n+1] ||
			n > 0 && p.tokens[i+n].Start != p.tokens[i+n-1].End {
			return false
		}
	}
	return true
}

// accept takes a mark or the words, if they come next.
func (p *parser) accept(mark string) bool {
	if !p.at(mark) {
		return false
	}
	p.pos += len(mark)
	return true
}

func (p *parser) acceptWords(words ...string) bool {
	for i, w := range words {
		if p.word(i) != w {
			return false
		}
	}
	p.pos += len(words)
	return true
}

func (p *parser) expect(mark string) {
	if !p.accept(mark) {
		p.fail("%s is expected at %s", mark, p.here())
	}
}

func (p *parser) expectWords(words ...string) {
	if !p.acceptWords(words...) {
		p.fail("%s is expected at %s", strings.ToUpper(strings.Join(words, " ")), p.here())
	}
}

func (p *parser) here() string {
	if p.pos >= len(p.tokens) {
		return "its end"
	}
	return p.tokens[p.pos].Text(p.text)
}

// name takes an identifier.
func (p *parser) name() string {
	if p.pos >= len(p.tokens) {
		p.fail("a name is expected at its end")
	}
	t := p.tokens[p.pos]
	p.pos++
	switch text := t.Text(p.text); {
	case t.Kind == sqltext.Word:
		return fold(text)
	case t.Kind == sqltext.Quoted && text[0] == '"' && len(text) > 1:
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	case t.Kind == sqltext.Param:
		return text
	}
	p.pos--
	p.fail("a name is expected at %s", t.Text(p.text))
	return ""
}

// fold returns an identifier as PostgreSQL stores it.
func fold(word string) string { return strings.ToLower(word) }

// until returns the text up to one of the marks or words outside of brackets, or to a
// semicolon, which it leaves. It fails when there is none.
func (p *parser) until(stops ...string) string {
	start, depth := p.pos, 0
	for ; p.pos < len(p.tokens); p.pos++ {
		if depth == 0 && (p.at(";") || slices.ContainsFunc(stops, p.stop)) {
			return p.between(start, p.pos)
		}
		switch {
		case p.at("("), p.at("["):
			depth++
		case p.at(")"), p.at("]"):
			depth--
		}
	}
	p.pos = start
	p.fail("%s has no end", p.here())
	return ""
}

// stop reports whether a mark or word comes next.
func (p *parser) stop(mark string) bool { return p.at(mark) || p.word(0) == mark }

// between returns the text of the tokens from one to before another.
func (p *parser) between(from, to int) string {
	if from >= to {
		return ""
	}
	return p.text[p.tokens[from].Start:p.tokens[to-1].End]
}

// add notes a piece.
func (p *parser) add(piece Piece) {
	piece.Scope = p.scope
	p.out.Pieces = append(p.out.Pieces, piece)
}

// expression notes an expression, unless it is empty.
func (p *parser) expression(text, typ string) {
	if text == "" {
		p.fail("an expression is missing before %s", p.here())
	}
	p.add(Piece{Kind: Expression, SQL: "SELECT " + text, Type: typ})
}

// options reads lines such as #variable_conflict use_variable.
func (p *parser) options() {
	for p.accept("#") {
		switch option, value := p.word(0), p.word(1); {
		case option == "option" && value == "dump", option == "print_strict_params" && (value == "on" || value == "off"),
			option == "variable_conflict" && (value == "error" || value == "use_column"):
		case option == "variable_conflict" && value == "use_variable":
			p.out.PrefersVariables = true
		default:
			p.fail("#%s is not known", option)
		}
		p.pos += 2
	}
}

// label takes <<label>>, if it comes next.
func (p *parser) label() string {
	if !p.accept("<<") {
		return ""
	}
	label := p.name()
	p.expect(">>")
	return label
}

// inside runs a part of the parser with a new scope.
func (p *parser) inside(label string, do func()) {
	outer := p.scope
	p.scope = &Scope{Label: label, Outer: outer}
	do()
	p.scope = outer
}

// declare makes a variable of the block.
func (p *parser) declare(v *Variable) *Variable {
	p.scope.own = append(p.scope.own, v)
	p.out.Variables = append(p.out.Variables, v)
	return v
}
