package rivals

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config says what to measure.
type Config struct {
	// Server is the URL of a server on which databases may be made. It must be given.
	Server string
	// Arms are compared. The first is the base of the ratios, and runs twice. It must be given.
	Arms []Arm
	// Workloads are the names of those to measure. Default: all of [Workloads].
	Workloads []string
	// Rounds is how often every arm runs each workload. Default: 15.
	Rounds int
	// Duration is that of an arm's round. Default: 300 ms.
	Duration time.Duration
	// Conns is the size of each pool, where the workload has none of its own. Default: 16.
	Conns int
	// MostRows bounds how many books there are. Default: none.
	MostRows int
	// Seed decides the order of the arms. Default: 0.
	Seed uint64
	// Progress is called with a line for every round. Default: none.
	Progress func(line string)
}

func (c Config) withDefaults() Config {
	if len(c.Workloads) == 0 {
		c.Workloads = Workloads()
	}
	if c.Rounds == 0 {
		c.Rounds = 15
	}
	if c.Duration == 0 {
		c.Duration = 300 * time.Millisecond
	}
	if c.Conns == 0 {
		c.Conns = 16
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Server == "":
		return errors.New("no server is given")
	case len(c.Arms) == 0:
		return errors.New("no arms are given")
	case c.Rounds < 1 || c.Duration < 0 || c.Conns < 1 || c.MostRows < 0:
		return fmt.Errorf("%d rounds of %v with %d connections: all must be positive", c.Rounds, c.Duration, c.Conns)
	}
	for _, name := range c.Workloads {
		if !slices.Contains(Workloads(), name) {
			return fmt.Errorf("workload %q: there are %q", name, Workloads())
		}
	}
	return nil
}

// workloads are those to measure.
func (c Config) workloads() []workload {
	var chosen []workload
	for _, w := range workloads() {
		if !slices.Contains(c.Workloads, w.name) {
			continue
		}
		if c.MostRows > 0 {
			w.rows = min(w.rows, c.MostRows)
		}
		if w.conns == 0 {
			w.conns = c.Conns
		}
		chosen = append(chosen, w)
	}
	return chosen
}
