package reads

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config says what to measure.
type Config struct {
	// Server is the URL of a server on which a database may be made. It must be given.
	Server string
	// Relay is the command that runs [Relay], to which its arguments are added. Default:
	// none, and cells with latency are not measured.
	Relay []string
	// Only chooses cells by their names. Default: all.
	Only *regexp.Regexp
	// Rounds is how often every arm has its turn in a cell. Default: 9. Cells of few
	// callers have more and shorter turns.
	Rounds int
	// Turn is how long an arm's turn is. Default: 180 ms.
	Turn time.Duration
	// OpenTurn is how long it is in an open loop. Default: 1500 ms.
	OpenTurn time.Duration
	// Rows is how many there are. Default: 100,000.
	Rows int
	// Seed decides the order of the arms, the keys and the schedules. Default: 0.
	Seed uint64
	// Smoke has each cell do one turn of a moment: its results are checked, and its
	// figures say nothing.
	Smoke bool
	// Progress is called with a line for every cell. Default: none.
	Progress func(line string)
}

func (c Config) withDefaults() Config {
	if c.Rounds == 0 {
		c.Rounds = 9
	}
	if c.Turn == 0 {
		c.Turn = 180 * time.Millisecond
	}
	if c.OpenTurn == 0 {
		c.OpenTurn = 1500 * time.Millisecond
	}
	if c.Rows == 0 {
		c.Rows = 100_000
	}
	if c.Smoke {
		c.Rounds, c.Turn, c.OpenTurn, c.Rows = 1, 10*time.Millisecond, 40*time.Millisecond, min(c.Rows, 2000)
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
	case c.Rounds < 1 || c.Turn < 0 || c.OpenTurn < 0 || c.Rows < 1:
		return fmt.Errorf("%d rounds of %v and %v over %d rows: all must be positive", c.Rounds, c.Turn, c.OpenTurn, c.Rows)
	}
	return nil
}
