package emit

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound          mutant = iota
	givenOrder            // writes statements in the order in which they were given
	omitsGuards           // does not pin sqlc's texts
	omitsTypes            // does not pin the types of arguments
	takesNames            // does not ask whether a name is in use
	forgetsImports        // takes the usual name of a package for free
	firstProblem          // tells one problem
)

func (in Input) is(m mutant) bool { return in.mutant == m }
