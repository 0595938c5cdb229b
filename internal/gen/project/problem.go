package project

import "fmt"

// Problem is something wrong, or not done, at a place of the project.
type Problem struct {
	Pos       Position
	Statement string // its name; "" when it is not about a statement
	Message   string // one line, with the remedy
}

// Error returns file:line:col: statement: message.
func (p *Problem) Error() string {
	if p.Statement == "" {
		return fmt.Sprintf("%s: %s", p.Pos, p.Message)
	}
	return fmt.Sprintf("%s: %s: %s", p.Pos, p.Statement, p.Message)
}

// String returns file:line:col.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }
