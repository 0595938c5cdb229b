package fold

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func nothing() State        { return State{Is: &generated.Value{Kind: generated.Null}} }
func flagged(b int64) State { return State{Is: &generated.Value{Kind: generated.Bool, Int: b}} }
func num(i int64) State     { return State{Is: &generated.Value{Kind: generated.Int, Int: i}} }
func str(s string) State    { return State{Is: &generated.Value{Kind: generated.String, Text: s}} }
func empty() State          { return State{Is: &generated.Value{Kind: generated.Empty}} }
func other(not ...State) State {
	var s State
	for _, n := range not {
		s.Not = append(s.Not, *n.Is)
	}
	return s
}

// pair is a statement and what may be a variant of it.
type pair struct {
	name          string
	types         []string // of the full statement's placeholders
	full, variant string
	params        []int
	assume        Assumption
	differs       string // where; empty when they are equal
}

func (d *database) compare(t *testing.T, pairs []pair) {
	t.Helper()
	for _, p := range pairs {
		types := p.types // of placeholders without a meaning
		if p.params != nil {
			types = make([]string, len(p.params))
		}
		for i, n := range p.params {
			types[i] = p.types[n-1]
		}
		full := d.analyse(t, p.full, p.types...)
		variant := d.analyse(t, p.variant, types...)
		if got := New(d.cat, full).Differs(variant, p.params, p.assume); got != p.differs {
			t.Errorf("%s:\n   full %s\nvariant %s\ndiffers: %q, want %q", p.name, p.full, p.variant, got, p.differs)
		}
	}
}
