package effects

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound             mutant = iota
	trustsTriggers           // a row key although a BEFORE trigger moves the row
	trustsPartitions         // looks at a partition's own triggers only
	forgetsRole              // prepares as the owner
	forgetsViews             // a row key although a view reads the table too
	filtersAnywhere          // takes a filter into any view or subquery
	forgetsAgain             // a row key although a cascade comes back
	forgetsConflict          // takes ON CONFLICT DO UPDATE for a plain INSERT
	forgetsOuterJoins        // takes every ON for a WHERE
	forgetsSet               // a row key of a column that the statement sets
	comparesAnything         // takes any operator and type for equality
	forgetsKinds             // takes every relation for a logged table of rows
	forgetsOthers            // a row key although the statement changes the table twice
	forgetsRules             // a row key although a rule rewrites the write
	forgetsCalled            // a row key although a function reads the table too
	forgetsChildren          // a row key although other tables hold rows of this one
	forgetsPolicies          // a row key although policies look at other columns
	eitherReference          // a row key that one reference to the table has, not all
	toldOne                  // takes the one row that a caller asked for to be all
	forgetsOverriding        // takes a value that OVERRIDING ignores for what is stored
	trustsCopy               // takes COPY for an INSERT of one row
	splitsOr                 // takes OR for AND
	forgetsSets              // takes grouping sets for plain groups
	forgetsShared            // filters a WITH query by one of the places that use it
	trustsIndexes            // takes a unique index for as strict as its column
)

func (a *Analyzer) is(m mutant) bool { return a.mutant == m }
