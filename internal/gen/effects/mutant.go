package effects

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound             mutant = iota
	trustsTriggers           // a row key although a BEFORE trigger moves the row
	trustsPartitions         // looks at a partition's own triggers only
	forgetsRole              // prepares as the owner
	forgetsVolatile          // takes every built-in function for immutable
	forgetsSession           // takes STABLE for immutable
	forgetsViews             // a row key although a view reads the table too
	filtersAnywhere          // takes a filter into any view or subquery
	forgetsAgain             // a row key although a cascade comes back
	forgetsConflict          // takes ON CONFLICT DO UPDATE for a plain INSERT
	forgetsOuterJoins        // takes every ON for a WHERE
	forgetsSet               // a row key of a column that the statement sets
	comparesAnything         // takes any operator and type for equality
	forgetsKinds             // takes every relation for a logged table of rows
	forgetsDomains           // a value of a domain is made without its checks
	trustsIndexes            // takes a unique index for as strict as its column
)

func (a *Analyzer) is(m mutant) bool { return a.mutant == m }
