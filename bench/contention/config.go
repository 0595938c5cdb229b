package contention

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says what to measure.
type Config struct {
	// DSN is the URL of a database that the run has for itself. It must be given.
	DSN string
	// Scenarios are measured one after the other. There must be one.
	Scenarios []Scenario
	// Rounds is how often every arm runs in each scenario. Default: 9.
	Rounds int
	// Duration is that of an arm's round. pgbench counts in seconds, so a
	// fraction is rounded up for it. Default: 5 s.
	Duration time.Duration
	// Seed decides the order of the arms and the rows that are chosen. Default: 0.
	Seed uint64
	// Table is how many accounts there are; the transfers are between the first of
	// them, the scenario's rows. Where it is less than those, there are just those. A
	// table of a page or two is read as a whole. PostgreSQL then takes any two
	// serializable transfers in it for a collision, whatever their rows. Default: 1000,
	// where it finds them by the index.
	Table int
	// Isolation is serializable or repeatable read: at a lower level the
	// transfers lose updates. Default: serializable.
	Isolation pgx.TxIsoLevel
	// Pool is the size of each pool. Default: 32.
	Pool int
	// Pgbench is the path of the pgbench to run. Default: it is searched for, and
	// reported as missing when there is none.
	Pgbench string
	// Progress is called after every round. Default: none.
	Progress func(line string)
}

// Scenario is how many workers contend for how many rows of the table.
type Scenario struct{ Workers, Rows int }

// String returns, for instance, "32 workers x 10 rows".
func (s Scenario) String() string { return fmt.Sprintf("%d workers x %d rows", s.Workers, s.Rows) }

// contended reports whether collisions are what limits the scenario.
func (s Scenario) contended() bool { return s.Workers > 2 && s.Rows < 1000 }

// accounts is how many there are in a scenario.
func (c Config) accounts(s Scenario) int { return max(c.Table, s.Rows) }

func (s Scenario) validate() error {
	if s.Workers < 1 || s.Rows < 2 {
		return fmt.Errorf("%v: at least 1 worker and 2 rows are needed", s)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Rounds == 0 {
		c.Rounds = 9
	}
	if c.Duration == 0 {
		c.Duration = 5 * time.Second
	}
	if c.Table == 0 {
		c.Table = 1000
	}
	if c.Isolation == "" {
		c.Isolation = pgx.Serializable
	}
	if c.Pool == 0 {
		c.Pool = 32
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
	case len(c.Scenarios) == 0:
		return errors.New("no scenario is given")
	case c.Rounds < 1:
		return fmt.Errorf("%d rounds: at least 1 is needed", c.Rounds)
	case c.Duration < 0:
		return fmt.Errorf("a round of %v: it must be positive", c.Duration)
	case c.Table < 0:
		return fmt.Errorf("a table of %d accounts: it must not be negative", c.Table)
	case c.Pool < 1:
		return fmt.Errorf("a pool of %d: at least 1 connection is needed", c.Pool)
	case c.Isolation != pgx.Serializable && c.Isolation != pgx.RepeatableRead:
		return fmt.Errorf("isolation %q: it must be serializable or repeatable read", c.Isolation)
	}
	for _, s := range c.Scenarios {
		if err := s.validate(); err != nil {
			return err
		}
	}
	return nil
}
