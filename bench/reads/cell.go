package reads

import (
	"fmt"
	"strings"
	"time"
)

// Cell is one setting in which the arms are compared.
type Cell struct {
	Conns, Callers int
	Latency        time.Duration // added to each round trip
	Procs          int           // GOMAXPROCS; 0 leaves it as it is
	Apart          bool          // server and client have cores of their own
	Others         Others        // what half of the callers do
	Open           bool          // statements begin by a schedule
}

// Others are the statements beside the reads of a mixed load.
type Others string

// What others there are.
const (
	NoOthers Others = ""
	Sleeps   Others = "1 ms statements"
	Updates  Others = "updates by key"
)

// Name says what the cell is, in words that [Config].Only can choose by.
func (c Cell) Name() string {
	parts := []string{fmt.Sprintf("pool %d, %d callers", c.Conns, c.Callers)}
	if c.Callers == 1 {
		parts[0] = fmt.Sprintf("pool %d, 1 caller", c.Conns)
	}
	if c.Others != NoOthers {
		loop := "closed loop"
		if c.Open {
			loop = "open loop"
		}
		parts = append(parts, "half "+string(c.Others), loop)
	}
	if s := c.setting(); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// setting is where the cell runs, empty for the ordinary one.
func (c Cell) setting() string {
	switch {
	case c.Latency > 0:
		return fmt.Sprintf("+%v", c.Latency)
	case c.Apart:
		return "server and client apart"
	case c.Procs > 0:
		return fmt.Sprintf("GOMAXPROCS %d", c.Procs)
	}
	return ""
}

// bar is the least ratio of reads that is promised: 1 stands for no worse than noise. It
// is 0 where nothing is promised.
func (c Cell) bar() float64 {
	switch {
	case c.Others != NoOthers:
		return 1
	case c.Conns > 16 || c.Latency > 0 && c.Callers > 16:
		return 0
	case c.Callers >= 256:
		return 3
	case c.Callers >= 64:
		return 2
	}
	return 1
}

// Cells are all that can be measured, the most important first. procs is the other value
// of GOMAXPROCS that is tried beside the present one.
func Cells(procs int) []Cell {
	var all []Cell
	for _, callers := range []int{256, 64, 16, 1, 4, 8} {
		for _, conns := range []int{8, 16, 4} {
			all = append(all, Cell{Conns: conns, Callers: callers})
		}
	}
	for _, others := range []Others{Sleeps, Updates} {
		all = append(all, Cell{Conns: 8, Callers: 64, Others: others})
	}
	for _, latency := range []time.Duration{300 * time.Microsecond, time.Millisecond} {
		for _, callers := range []int{1, 4, 16, 64} {
			all = append(all, Cell{Conns: 8, Callers: callers, Latency: latency})
		}
		for _, conns := range []int{4, 16} {
			all = append(all, Cell{Conns: conns, Callers: 16, Latency: latency})
		}
	}
	for _, others := range []Others{Sleeps, Updates} {
		all = append(all, Cell{Conns: 8, Callers: 64, Others: others, Open: true})
	}
	for _, callers := range []int{256, 64, 16, 1, 4, 8} {
		all = append(all, Cell{Conns: 8, Callers: callers, Procs: procs}, Cell{Conns: 8, Callers: callers, Apart: true})
	}
	for _, callers := range []int{256, 64, 16, 1, 4, 8} {
		all = append(all, Cell{Conns: 32, Callers: callers})
	}
	return all
}

// pace is how a cell's turns go.
type pace struct {
	rounds int
	turn   time.Duration
	lead   time.Duration // before the clock runs
	reads  int           // of one caller that is alone, in place of a time
}

// pace gives few callers many short turns: what is compared there is small, and the
// machine changes its mood within seconds.
func (c Cell) pace(cfg Config) pace {
	p := pace{rounds: cfg.Rounds, turn: cfg.Turn, lead: min(20*time.Millisecond, cfg.Turn)}
	switch {
	case c.Open:
		p.turn = cfg.OpenTurn
	case c.Others != NoOthers:
		p.turn = min(3*cfg.Turn, cfg.OpenTurn)
	case cfg.Smoke:
	case c.Callers == 1 && c.Latency > 0:
		p.rounds, p.reads = 12*cfg.Rounds, 10
	case c.Callers == 1:
		p.rounds, p.reads = 50*cfg.Rounds, 50
	case c.Callers <= 8:
		p.rounds, p.turn, p.lead = 6*cfg.Rounds, max(cfg.Turn/8, 1), 3*time.Millisecond
	}
	if cfg.Smoke && c.Callers == 1 {
		p.reads = 20
	}
	return p
}
