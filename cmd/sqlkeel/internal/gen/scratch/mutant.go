package scratch

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound        mutant = iota
	obeysContext        // drops the database under the caller's context
	keepsFailed         // leaves the database of an Open that failed
	runsAll             // runs what is about the whole server
	losesRest           // has no savepoints in a file's own transaction
)

// hooks are what tests of this package put in place of the real thing.
type hooks struct {
	mutant mutant
	name   string           // of the database
	before func(sql string) // is told what the schema's session is about to run
}
