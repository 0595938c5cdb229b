package history

// A mutant leaves out one part of [Check] on purpose. Tests set it to show that
// they would notice; nothing else can.
type mutant uint8

const (
	sound                   mutant = iota
	takesRepeatedAppends           // does not ask whether a value is appended once
	takesUnwritten                 // does not ask who appended a value
	takesDoubles                   // does not count how often a value is in a list
	takesAnyOrder                  // does not compare lists with the longest
	takesAbortedReads              // does not ask whether a writer failed
	takesIntermediateReads         // does not ask whether a writer went on
	takesInternal                  // does not compare reads with own appends
	takesOwnDisorder               // does not compare the order of own appends
	takesLost                      // does not look for appends in the final list
	takesHalves                    // looks only for those of certain transactions
	forgetsWriteWrite              // draws no ww
	forgetsWriteRead               // draws no wr
	forgetsAntiDependencies        // draws no rw
	forgetsSessions                // draws no order of processes
	forgetsTime                    // draws no order in time
	believesUnknown                // takes unknown for OK
	trustsFailures                 // takes unknown for failed
	closesEarly                    // takes the beginning of a transaction for its end
	countsAllReads                 // believes the reads of transactions that are not OK
	mutants                        // how many there are
)

// forgets reports whether dependencies of a sort are not drawn.
func (m mutant) forgets(s step) bool {
	switch m {
	case forgetsWriteWrite:
		return s == ww
	case forgetsWriteRead:
		return s == wr
	case forgetsAntiDependencies:
		return s == rw
	}
	return false
}
