// Package pages checks a statement that is annotated with -- @page: that it lists
// rows in a total order, goes on after a given row, and finds that place by an
// index.
package pages

// Plan is how a statement is paged.
type Plan struct {
	// Keys in the order of ORDER BY.
	Keys []Key
	// Limit is the placeholder of LIMIT, from 1.
	Limit int
	// Fingerprint tells this statement's cursors from those of others.
	Fingerprint string
}

// Key is one key of the order.
type Key struct {
	Name       string // as the annotation names it
	Descending bool
	Column     int // of the result, from 1
	Param      int // the placeholder of the row to go on after, from 1
}
