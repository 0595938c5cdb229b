package pages

// A mutant leaves one check out. Tests of this package set it to show that pages
// which it lets pass lose rows, repeat some or never end; nothing else can.
type mutant uint8

const (
	sound             mutant = iota
	ignoresTies              // takes any order for total
	ignoresNulls             // takes keys that may be NULL
	ignoresTypes             // takes parameters of any type
	ignoresChildren          // takes a parent's unique key for its children's too
	ignoresSeries            // takes functions that return several rows
	ignoresGroups            // takes groups that the keys do not tell
	ignoresCollations        // takes texts that are equal for the same
)

func (a *analysis) is(m mutant) bool { return a.mutant == m }
