package stmt

// Outcome is how a transaction or a write ended.
type Outcome uint8

const (
	// Aborted: nothing of it is committed.
	Aborted Outcome = iota
	// Committed: all of it is.
	Committed
	// Unknown: COMMIT was sent, and its answer is lost. It may yet be committed.
	Unknown
	// Ended: it can have no effect any more. Whether it was committed was not found out.
	Ended
)

var outcomeNames = [...]string{Aborted: "aborted", Committed: "committed", Unknown: "unknown", Ended: "ended"}

// String returns the outcome in a word.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "no outcome"
}
