package effects

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound        mutant = iota
	forgetsRole         // prepares as the owner
	forgetsKinds        // takes every relation for a logged table of rows
)

func (a *Analyzer) is(m mutant) bool { return a.mutant == m }
