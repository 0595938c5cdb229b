package contention

import (
	"errors"
	"fmt"
	"time"
)

// Config says what to measure.
type Config struct {
	// DSN is the URL of a database for the run alone. It must be given.
	DSN string
	// Workloads are the names of those to measure. Default: all of [Workloads].
	Workloads []string
	// Workers is how many contend. Default: 32.
	Workers int
	// Rows is how many rows are hot. Default: 10.
	Rows int
	// Table is how many accounts there are, of which Rows are hot. PostgreSQL reads a
	// table of a page or two as a whole, and takes any two serializable transfers in it
	// for a collision. Default: 1000, where it uses the index.
	Table int
	// Slow is how long a slow transfer pauses. Default: 20 ms.
	Slow time.Duration
	// Rounds is how often every arm runs each workload. Default: 9.
	Rounds int
	// Duration is that of an arm's round. Default: 2 s.
	Duration time.Duration
	// Seed decides the order of the arms and the jobs. Default: 0.
	Seed uint64
	// Pool is the size of each pool. Default: 32.
	Pool int
	// Progress is called with a line for every round. Default: none.
	Progress func(line string)
}

func (c Config) withDefaults() Config {
	if len(c.Workloads) == 0 {
		c.Workloads = Workloads()
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&c.Workers, 32}, {&c.Rows, 10}, {&c.Table, 1000}, {&c.Rounds, 9}, {&c.Pool, 32}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Slow == 0 {
		c.Slow = 20 * time.Millisecond
	}
	if c.Duration == 0 {
		c.Duration = 2 * time.Second
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.DSN == "":
		return errors.New("no DSN is given")
	case c.Rounds < 1:
		return fmt.Errorf("%d rounds: at least 1 is needed", c.Rounds)
	case c.Duration < 0 || c.Slow < 0:
		return fmt.Errorf("a round of %v and a pause of %v: both must be positive", c.Duration, c.Slow)
	case c.Workers < 1 || c.Rows < 2:
		return fmt.Errorf("%d workers x %d rows: at least 1 worker and 2 rows are needed", c.Workers, c.Rows)
	case c.Table < max(c.Rows, c.Workers+1):
		return fmt.Errorf("a table of %d accounts: it must hold %d hot rows and one row more than %d workers", c.Table, c.Rows, c.Workers)
	case c.Pool < 1:
		return fmt.Errorf("a pool of %d: at least 1 connection is needed", c.Pool)
	}
	for _, name := range c.Workloads {
		if _, err := find(name); err != nil {
			return err
		}
	}
	return nil
}
