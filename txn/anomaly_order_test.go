package txn_test

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// orders returns the order that is known to matter and others, all when they are
// not more than limit, else as many as that. They are the same in every run.
func (p *play) orders(limit int) []string {
	var turns []byte
	count, total := 1, 0
	for i := range p.roles {
		for n := range p.roles[i].turns() {
			turns = append(turns, byte('A'+i))
			total++
			count = count * total / (n + 1)
		}
	}
	some := []string{}
	if p.torn != "" {
		some = append(some, p.torn)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for len(some) < min(count, limit) {
		dice.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		if order := string(turns); !slices.Contains(some, order) {
			some = append(some, order)
		}
	}
	return some
}

func TestOrdersAreAllOfThemOrAsManyAsAsked(t *testing.T) {
	t.Parallel()
	two := role{steps: []step{say("a"), say("b")}}
	p := &play{roles: []role{two, two}, torn: "AABBAB"}
	all := p.orders(100)
	if len(all) != 20 || all[0] != p.torn {
		t.Errorf("two roles of three turns have 20 orders, got %d: %v", len(all), all)
	}
	for _, order := range all {
		turns := []byte(order)
		slices.Sort(turns)
		if string(turns) != "AAABBB" {
			t.Errorf("%s is not an order of the roles' turns", order)
		}
	}
	p = &play{roles: []role{two, two, two}}
	if some := p.orders(30); len(some) != 30 || !slices.Equal(some, p.orders(30)) {
		t.Errorf("not 30 orders, or not the same again: %v", some)
	}
}
