package db

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound           mutant = iota
	replaysWrites          // runs the plain methods like reads
	takesAll               // takes any statement for a read
	losesFirstRow          // forgets the row that was read ahead
	leaksOnPanic           // gives a connection back after a return only
	keepsState             // lends a connection on with the state it was left in
	ignoresTarget          // always uses the default database
	retriesRefused         // waits for a wrong password to become right
	closesSilently         // does not say what is still lent
	pingsOneByOne          // does not empty the pool after a ping without answer
	trustsIdle             // lends connections without a look
	dialsFreely            // does not hold back dials while the server is away
	probesPool             // probes through the pool
	rerunsAnyStale         // takes any refusal of a plan for one before the statement ran
	comparesNothing        // verifies statements and no relations
	forgetsUnits           // lends a second connection inside of a transaction
	preparesNothing        // verifies relations and no statements
)

// hooks are what tests of this package put in place of the real thing.
type hooks struct {
	dial   dialFunc
	mutant mutant
}

func (d *DB) is(m mutant) bool { return d.mutant == m }
