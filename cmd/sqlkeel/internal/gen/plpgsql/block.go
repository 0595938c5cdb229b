package plpgsql

import "strings"

// block reads [DECLARE …] BEGIN … [EXCEPTION …] END [label] [;].
func (p *parser) block(label string) {
	p.inside(label, func() {
		for p.acceptWords("declare") {
			for p.word(0) != "begin" && p.word(0) != "declare" {
				p.declaration()
			}
		}
		p.expectWords("begin")
		p.statements("end", "exception")
		if p.acceptWords("exception") {
			p.handlers()
		}
		p.end("")
	})
}

// end reads END, a word behind it, and a label.
func (p *parser) end(of string) {
	p.expectWords("end")
	if of != "" {
		p.expectWords(of)
	}
	if p.pos < len(p.tokens) && !p.at(";") {
		p.name()
	}
	if p.pos < len(p.tokens) {
		p.expect(";")
	}
}

func (p *parser) handlers() {
	for p.acceptWords("when") {
		for {
			if p.acceptWords("sqlstate") {
				p.pos++ // the code
			} else {
				p.name()
			}
			if !p.acceptWords("or") {
				break
			}
		}
		p.expectWords("then")
		p.inside("", func() {
			for _, name := range []string{"sqlstate", "sqlerrm"} {
				p.declare(&Variable{Name: name, Type: "text"})
			}
			p.statements("end", "when")
		})
	}
}

// declaration reads one line of DECLARE.
func (p *parser) declaration() {
	name := p.name()
	switch {
	case p.acceptWords("alias", "for"):
		of, known := p.variable()
		if !known || len(of.Fields) > 0 {
			p.fail("an alias of what is no variable")
		}
		p.scope.own = append(p.scope.own, &Variable{Name: name, alias: of.Variable})
	case p.cursor(name):
	default:
		p.plain(name)
	}
	p.expect(";")
}

// cursor reads name [[NO] SCROLL] CURSOR [(arguments)] FOR query.
func (p *parser) cursor(name string) bool {
	start := p.pos
	p.acceptWords("no")
	p.acceptWords("scroll")
	if !p.acceptWords("cursor") {
		p.pos = start
		return false
	}
	v := &Variable{Name: name, Type: "refcursor"}
	p.inside("", func() {
		if p.accept("(") {
			for {
				argument := p.name()
				typ := p.until(",", ")")
				v.Arguments = append(v.Arguments, p.declare(&Variable{Name: argument, Type: typ}))
				if !p.accept(",") {
					break
				}
			}
			p.expect(")")
		}
		if !p.acceptWords("for") {
			p.expectWords("is")
		}
		v.Cursor = p.until()
		p.add(Piece{Kind: Query, SQL: v.Cursor, Cursor: v})
	})
	p.declare(v)
	return true
}

// plain reads [CONSTANT] type [COLLATE …] [NOT NULL] [:= expression]. The variable is
// in sight behind its default, not in it.
func (p *parser) plain(name string) {
	p.acceptWords("constant")
	v := &Variable{Name: name, Type: p.until("not", "collate", "default", ":=", "=")}
	if v.Type == "" {
		p.fail("%s has no type", name)
	}
	if strings.EqualFold(v.Type, "record") {
		v.Type = ""
	}
	if p.acceptWords("collate") {
		p.until("not", "default", ":=", "=")
	}
	p.acceptWords("not", "null")
	if p.acceptWords("default") || p.accept(":=") || p.accept("=") {
		value := p.until()
		p.add(Piece{Kind: Expression, SQL: "SELECT " + value, Into: []Target{{Variable: v}}})
	}
	p.declare(v)
}

// variable reads a variable's name, with its block's label and its fields; known is
// false, and nothing is read, when it is none.
func (p *parser) variable() (t Target, known bool) {
	start := p.pos
	names := []string{p.name()}
	for p.at(".") && !p.at("..") {
		p.pos++
		names = append(names, p.name())
	}
	if v := p.scope.Find(names[0]); v != nil {
		return Target{Variable: v, Fields: names[1:]}, true
	}
	if s := p.scope.Labelled(names[0]); s != nil && len(names) > 1 {
		if v := s.Own(names[1]); v != nil {
			return Target{Variable: v, Fields: names[2:]}, true
		}
	}
	p.pos = start
	return Target{}, false
}

// targets reads a list of variables.
func (p *parser) targets() []Target {
	var list []Target
	for {
		t, known := p.variable()
		if !known {
			p.fail("%s is no variable", p.here())
		}
		list = append(list, t)
		if !p.accept(",") {
			return list
		}
	}
}
