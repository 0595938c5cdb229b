package stmt

// Variants describes the optional parts of a statement, so that the text without
// the parts which do not matter can be put together.
//
// A variant is named by a Mask: bit i says that the i-th filter's argument is not
// NULL; the bits after those of the filters say which literal the sort argument
// equals (none of them when it is NULL).
type Variants struct {
	Filters []Filter
	Sort    *Sort // nil when nothing is sorted by an argument
	// Segments, in the order of the text. A variant consists of those whose
	// condition its mask meets.
	Segments []Segment
	// Whole, when it is not empty, lists the only masks that were proven; others
	// run the full statement. Empty means that every mask was.
	Whole []Mask
}

// Mask names a variant.
type Mask uint64

// Filter is an optional predicate: (sqlc.narg('x') IS NULL OR condition).
type Filter struct {
	Name  string // the parameter's name
	Param int    // its placeholder, from 1
	// Present reports whether the argument is not NULL. known is false when arg
	// is of a type for which that cannot be told; the full statement then runs.
	Present func(arg any) (present, known bool)
}

// Sort is the argument that chooses the order: CASE WHEN @sort = 'literal' THEN
// key END.
type Sort struct {
	Name     string
	Param    int
	Literals []string
	// Value returns the argument's text; null when it is NULL. known is false when
	// arg is of a type for which that cannot be told.
	Value func(arg any) (text string, null, known bool)
}

// Segment is a piece of a statement's text, followed by a placeholder.
type Segment struct {
	Need   Mask // bits that must be set
	Absent Mask // bits that must not be set
	Text   string
	Param  int    // the original placeholder to write after Text; 0: none
	Type   string // written as $k::Type
}
