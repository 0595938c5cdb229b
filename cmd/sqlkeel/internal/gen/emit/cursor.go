package emit

import "strings"

// cursorType writes the type of a cursor, and how it is read.
func (p *paging) cursorType() {
	f, c := p.f, p.cursor
	f.line("// %s is a place in what [Queries.%s] lists: after the last row of\n// a page. The zero value is the beginning.", c, p.st.Name)
	f.line("type %s struct{ text string }\n", c)
	f.line("// Parse%s reads what String returned. A text that is mangled, or the\n// cursor of another list, is refused with a *stmt.CursorError.", c)
	f.line("func Parse%s(text string) (%s, error) {", c, c)
	f.line("c := %s{text: text}", c)
	f.line("if _%s, err := c.keys(); err != nil {\nreturn %s{}, err\n}\nreturn c, nil\n}\n", strings.Repeat(", _", len(p.keys)-1), c)
	p.decode()
}

// decode writes the cursor's method that reads its keys.
func (p *paging) decode() {
	f, c := p.f, p.cursor
	declared, pointers := make([]string, len(p.keys)), make([]string, len(p.keys))
	for i, k := range p.keys {
		declared[i], pointers[i] = k.name+" "+f.goType(k.goType), "&"+k.name
	}
	f.line("func (c %s) keys() (%s, err error) {", c, join(declared))
	f.line("if c.text != \"\" {\nerr = %s.ParseCursor(%q, c.text, %s)\n}\nreturn\n}\n", p.runtime, p.st.Page.Fingerprint, join(pointers))
}

// cursorText writes how a cursor becomes text.
func (p *paging) cursorText() {
	f, c := p.f, p.cursor
	f.line("// String returns the cursor as text for a URL, \"\" for the beginning. It is neither\n// secret nor signed: its text shows the keys of the row.")
	f.line("func (c %s) String() string { return c.text }\n", c)
	f.line("// IsZero reports whether the cursor is the beginning.")
	f.line("func (c %s) IsZero() bool { return c.text == \"\" }\n", c)
	f.line("// MarshalText returns the same as String.")
	f.line("func (c %s) MarshalText() ([]byte, error) { return []byte(c.text), nil }\n", c)
	f.line("// UnmarshalText is Parse%s.", c)
	f.line("func (c *%s) UnmarshalText(text []byte) (err error) {\n*c, err = Parse%s(string(text))\nreturn err\n}\n", c, c)
}
