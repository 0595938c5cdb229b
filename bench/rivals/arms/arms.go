// Package arms has the libraries that are compared, a file each. Each is written as its
// own documentation would write it: with prepared statements, with its own way to insert
// many rows, and with its own way to load the children of several parents.
package arms

import "github.com/sqlkeel/sqlkeel/bench/rivals"

// All returns all arms. The first is the base of the ratios.
func All() []rivals.Arm {
	return []rivals.Arm{pgxArm, stdlibArm, sqlcArm, sqlkeelArm, gormArm, entArm, bunArm, bobArm, ttlArm}
}

// Why an arm cannot do something.
const (
	noCache = "it has no cache of results"
	noCopy  = "it has no COPY"
)

// Titled is a row of a statement that has the title and the price of a book alone.
type titled struct {
	ID    int64
	Title string
	Price int64
}

func (t titled) book() rivals.Book { return rivals.Book{ID: t.ID, Title: t.Title, Price: t.Price} }
