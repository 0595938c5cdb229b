package syntax

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound       mutant = iota
	topOnly            // what WITH holds is not looked at
	flatScope          // a name of WITH hides the relation everywhere behind it
	noScope            // a name of WITH is taken for a relation
	plainInsert        // ON CONFLICT DO UPDATE is not seen
	noLocks            // FOR UPDATE is not seen
)
