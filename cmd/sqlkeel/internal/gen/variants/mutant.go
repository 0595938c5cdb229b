package variants

// A mutant breaks one promise of this package on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound       mutant = iota
	swapsParts         // takes present for absent
	cutsAnother        // takes the NULL test of the next parameter
	keepsItem          // leaves a key that was not asked for in ORDER BY
	dropsItem          // drops the key that was asked for from ORDER BY
	anyOrder           // prunes under LIMIT without a total order
	bothWays           // takes the condition of an outer join for one that always holds
)
