package generated

import (
	"fmt"
	"strings"
)

// UnknownSortError says that a statement was asked for an order which it does not
// have. [Chooser.Rewrite] returns it; nothing was sent to the server.
type UnknownSortError struct {
	Statement string   // sqlc's name of the query
	Parameter string   // the argument's name
	Got       string   // what it was
	Want      []string // what it may be; empty and NULL are no order at all
}

// Error lists the orders that there are.
func (e *UnknownSortError) Error() string {
	return fmt.Sprintf("%s: unknown %s %q: it may be %s, or empty", e.Statement, e.Parameter, e.Got, strings.Join(e.Want, ", "))
}

// choose returns the index of the literal that arg equals, or -1 when it is NULL or
// empty, which chooses none. ok is false when the full statement must run.
func (s *Sort) choose(statement string, arg any) (literal int, ok bool, err error) {
	text, null, known := s.Value(arg)
	if !known || null {
		return -1, known, nil
	}
	for i, l := range s.Literals {
		if l == text {
			return i, true, nil
		}
	}
	if text == "" {
		return -1, !s.Open, nil
	}
	if s.Open {
		return -1, false, nil
	}
	return -1, false, &UnknownSortError{Statement: statement, Parameter: s.Name, Got: text, Want: s.Literals}
}
