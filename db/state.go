package db

// State is how a database is, in one word.
type State string

const (
	// Starting: not probed yet. [Open] probes before it returns.
	Starting State = "starting"
	// Up: the server answers.
	Up State = "up"
	// Degraded: the server answers, but callers wait for connections, or got none
	// in time since the probe before.
	Degraded State = "degraded"
	// ReadOnly: the server answers but takes no writes, as a replica does.
	ReadOnly State = "read-only"
	// Down: the server did not answer the last probe.
	Down State = "down"
)
