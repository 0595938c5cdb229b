package db

import "fmt"

// State is how a database is, in one word.
type State uint8

const (
	// Starting: not probed yet. [Open] probes before it returns.
	Starting State = iota
	// Up: the server answers.
	Up
	// Degraded: the server answers, but callers wait for connections, or got none
	// in time since the probe before.
	Degraded
	// ReadOnly: the server answers but takes no writes, as a replica does.
	ReadOnly
	// Down: the server did not answer the last probe.
	Down
)

var stateNames = [...]string{Starting: "starting", Up: "up", Degraded: "degraded", ReadOnly: "read-only", Down: "down"}

// String returns the word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText returns the word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word. It returns an error for any other.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("db: unknown state %q", text)
}
