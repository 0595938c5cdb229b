package gen

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound        mutant = iota
	writesEarly         // puts each file in place before all are known to be right
	keepsOrphans        // does not look for what nothing generates any more
	forgetsUndo         // leaves what was changed before a failure
	takesAny            // overwrites a file of somebody else
	seesNothing         // does not compare what a file contains
	firstProblem        // tells one problem
	unsorted            // tells problems in the order in which they were met
)

func (f *fileSet) is(m mutant) bool  { return f.mutant == m }
func (a *analysis) is(m mutant) bool { return a.mutant == m }
