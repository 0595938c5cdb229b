package migrate

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity tells a problem that stops a run from one that is only reported.
type Severity string

const (
	// Error stops a run of the file: goose would refuse it, or do something else
	// than is meant.
	Error Severity = "error"
	// Warning does not stop a run: a gap in the versions, a file that does nothing
	// or cannot be rolled back, a variable that is not set.
	Warning Severity = "warning"
)

// Problem is one finding about the migration files.
type Problem struct {
	// File is the path, the directory's name included.
	File string `json:"file"`
	// Line and Col count from 1; Col counts characters. A finding about the
	// file as a whole is at 1:1.
	Line     int      `json:"line"`
	Col      int      `json:"col"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`

	section Direction // the one that it is about, "" for the file as a whole
}

// String returns file:line:col: severity: message.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Col, p.Severity, p.Message)
}

func sortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}
