package txn

import (
	"fmt"
	"strings"
)

// quoteLiteral writes text as an SQL string that means the same whatever the
// session is set to: standard_conforming_strings says nothing about E-strings,
// and in pure ASCII no client encoding can find a quote in the middle of a
// letter. text is UTF-8 without NUL.
func quoteLiteral(text string) string {
	var s strings.Builder
	s.WriteString("E'")
	for _, r := range text {
		switch {
		case r == '\'':
			s.WriteString("''")
		case r == '\\':
			s.WriteString(`\\`)
		case r < 0x80:
			s.WriteRune(r)
		case r <= 0xFFFF:
			fmt.Fprintf(&s, `\u%04X`, r)
		default:
			fmt.Fprintf(&s, `\U%08X`, r)
		}
	}
	s.WriteByte('\'')
	return s.String()
}

// quoteName writes a name, with its parts apart, so that it is taken as it is.
func quoteName(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}
