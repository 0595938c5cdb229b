package soundness

import (
	"maps"
	"strconv"
	"strings"
	"testing"
)

// counterexample is a change that a careless analysis of row keys does not
// foretell.
type counterexample struct {
	setup       string
	read, write string
	readArgs    []any
	writeArgs   []any
	role        string
	// last is the newest version of PostgreSQL that takes the schema and the
	// write; 0: all do.
	last int
}

// try runs the counterexample and returns what was missed of it.
func (c counterexample) try(t *testing.T, l *lab, analyse analyst) *trial {
	t.Helper()
	text, _, _ := strings.Cut(l.runs.ParameterStatus("server_version"), ".")
	if major, err := strconv.Atoi(text); err != nil {
		t.Fatalf("server version: %v", err)
	} else if c.last > 0 && major > c.last {
		t.Skipf("PostgreSQL %d refuses it; %d is the last that takes it", major, c.last)
	}
	got, err := l.try(t.Context(), c.scenario(), analyse)
	if err != nil {
		t.Fatal(err)
	}
	if got.tally.refusedDDL+got.tally.refused+got.tally.failed > 0 || got.tally.changed == 0 && len(got.misses) == 0 {
		t.Errorf("it shows nothing: %s", got.tally.String())
	}
	return got
}

func (c counterexample) scenario() *scenario {
	setup := c.setup
	bodies := strings.Split(setup, "$$") // a body's semicolons end nothing
	for i := 1; i < len(bodies); i += 2 {
		bodies[i] = strings.ReplaceAll(bodies[i], ";", "\x00")
	}
	var list []string
	for _, s := range strings.Split(strings.Join(bodies, "$$"), ";") {
		list = append(list, strings.ReplaceAll(s, "\x00", ";"))
	}
	return &scenario{
		setup:  append([]string{prelude[0]}, list...),
		role:   c.role,
		reads:  []statement{{sql: c.read, params: goTypes(c.readArgs), args: [][]any{c.readArgs}}},
		writes: []statement{{sql: c.write, params: goTypes(c.writeArgs), args: [][]any{c.writeArgs}}},
	}
}

func goTypes(args []any) []string {
	list := make([]string, len(args))
	for i, a := range args {
		switch a.(type) {
		case int64:
			list[i] = "int64"
		case []any:
			list[i] = "[]int64"
		default:
			list[i] = "string"
		}
	}
	return list
}

// counterexamples are all of them.
func counterexamples() map[string]counterexample {
	all := maps.Clone(rowPrecision)
	maps.Copy(all, reach)
	maps.Copy(all, pins)
	maps.Copy(all, changes)
	maps.Copy(all, quirks)
	maps.Copy(all, apart)
	return all
}

func TestCounterexamplesAreForetold(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, c := range counterexamples() {
		t.Run(name, func(t *testing.T) {
			for _, m := range c.try(t, l, generator).misses {
				t.Errorf("%s", m)
			}
		})
	}
}

// Each counterexample does change a result: an analysis that foretells nothing is
// caught by every one of them.
func TestCounterexamplesCatchAnAnalysisThatForetellsNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, c := range counterexamples() {
		t.Run(name, func(t *testing.T) {
			if len(c.try(t, l, nothing).misses) == 0 {
				t.Error("not caught")
			}
		})
	}
}
