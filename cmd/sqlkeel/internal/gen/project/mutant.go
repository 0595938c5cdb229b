package project

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound       mutant = iota
	oncePerName        // takes a constant whose name it has seen for the same one
	structOrder        // numbers parameters as the struct lists them, not as the call does
	anyColumn          // takes an annotation wherever it stands
	trustsCall         // does not compare arguments with placeholders
	lettersOnly        // takes $n in strings and comments for placeholders
	allGoFiles         // reads files that sqlc did not generate
	trustsText         // does not compare the query with what was generated of it
)

func (r *reader) is(m mutant) bool { return r.mutant == m }
