package catalog

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound               mutant = iota
	noCascades                 // foreign key actions are not followed
	oneLevel                   // what is reached sets nothing more in motion
	flatViews                  // views are not followed to what is under them
	noBodies                   // trigger and function bodies are not followed
	noPartitions               // partitions and inheritance are not followed
	truncatesLikeDelete        // TRUNCATE CASCADE follows ON DELETE CASCADE alone
	noRules                    // rules are not followed
	noPolicies                 // row security is not followed
	noDefaults                 // functions of defaults are not followed
	noGenerated                // generated columns do not follow their source
	noAlters                   // BEFORE triggers alter nothing
	neverAgain                 // nothing is reached twice
	firstName                  // a name in a body means the first function of that name
	noMoves                    // an UPDATE moves no row to another partition
	anyPath                    // a function's own search_path is not heeded
	oneUser                    // names mean the same to every role
	onePath                    // names mean the same whoever calls
)

// is reports whether the catalog breaks its promises in the way of m.
func (c *Catalog) is(m mutant) bool { return c.mutant == m }
