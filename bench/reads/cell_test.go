package reads

import (
	"slices"
	"testing"
	"time"
)

func TestCellsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range Cells(1) {
		if name := c.Name(); seen[name] {
			t.Errorf("two cells are %q", name)
		}
		seen[c.Name()] = true
	}
	for _, want := range []string{
		"pool 8, 256 callers", "pool 32, 1 caller", "pool 16, 16 callers, +1ms", "pool 8, 64 callers, GOMAXPROCS 1",
		"pool 8, 4 callers, server and client apart", "pool 8, 64 callers, half updates by key, open loop",
	} {
		if !seen[want] {
			t.Errorf("there is no cell %q", want)
		}
	}
}

func TestEachCellHasItsPromise(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cell Cell
		want float64
	}{
		{Cell{Conns: 4, Callers: 256}, 3},
		{Cell{Conns: 16, Callers: 64}, 2},
		{Cell{Conns: 16, Callers: 16}, 1},
		{Cell{Conns: 8, Callers: 1}, 1},
		{Cell{Conns: 32, Callers: 256}, 0},
		{Cell{Conns: 8, Callers: 256, Procs: 1}, 3},
		{Cell{Conns: 8, Callers: 64, Apart: true}, 2},
		{Cell{Conns: 8, Callers: 16, Latency: time.Millisecond}, 1},
		{Cell{Conns: 8, Callers: 64, Latency: time.Millisecond}, 0},
		{Cell{Conns: 8, Callers: 64, Others: Updates, Open: true}, 1},
	} {
		if got := tc.cell.bar(); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.cell.Name(), got, tc.want)
		}
		if tc.cell.Conns != 32 && tc.cell.Procs == 0 && !slices.Contains(Cells(1), tc.cell) {
			t.Errorf("%s is not measured", tc.cell.Name())
		}
	}
}

func TestAFullRunTakesLessThanEightMinutes(t *testing.T) {
	t.Parallel()
	cfg := Config{}.withDefaults()
	var all time.Duration
	for _, c := range Cells(1) {
		p := c.pace(cfg)
		one := p.lead + p.turn
		if p.reads > 0 {
			one = time.Duration(p.reads) * (80*time.Microsecond + c.Latency + c.Latency/4)
		}
		all += time.Duration(p.rounds*(2+len(c.ours())))*one + 100*time.Millisecond
	}
	if all > 7*time.Minute+30*time.Second {
		t.Errorf("the turns take %v", all)
	}
	t.Log(all)
}
