package migrate

// Direction is the way a migration is run.
type Direction string

// The two directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Run is what one call did to the database. It is returned with an error too,
// and then holds the steps that were completed before.
type Run struct {
	// Version is the highest version applied when the run ended, 0 when none is.
	Version int64 `json:"version"`
	// Steps are the migrations run, in order; empty, not nil, when none was.
	Steps []Step `json:"steps"`
	// Warnings are findings that did not stop the run; empty, not nil, when
	// there are none.
	Warnings []string `json:"warnings"`
}

// Step is one migration that was applied or rolled back.
type Step struct {
	Version   int64     `json:"version"`
	File      string    `json:"file"`
	Direction Direction `json:"direction"`
	// DurationMS is the time the migration took, in milliseconds, its last
	// attempt only.
	DurationMS float64 `json:"duration_ms"`
	// Attempts is 1 unless a lock timeout or a deadlock made the migration run again.
	Attempts int `json:"attempts"`
}

func newRun() *Run { return &Run{Steps: []Step{}, Warnings: []string{}} }
