package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// reach finds by the plainest means which nodes reach which.
func reach(nodes int, edges []edge, mask step) [][]bool {
	r := make([][]bool, nodes)
	for i := range r {
		r[i] = make([]bool, nodes)
	}
	for _, e := range edges {
		if e.step&mask != 0 {
			r[e.from][e.to] = true
		}
	}
	for k := range nodes {
		for i := range nodes {
			for j := range nodes {
				r[i][j] = r[i][j] || r[i][k] && r[k][j]
			}
		}
	}
	return r
}

func randomEdges(rng *rand.Rand, nodes int) []edge {
	var edges []edge
	for range rng.IntN(2 * nodes) {
		e := edge{from: rng.Int32N(int32(nodes)), to: rng.Int32N(int32(nodes)), step: 1 << rng.IntN(6)}
		if e.from != e.to {
			edges = append(edges, e)
		}
	}
	return edges
}

func TestComponentsAreWhatReachesItself(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 2))
		nodes := 2 + rng.IntN(12)
		edges, mask := randomEdges(rng, nodes), step(1+rng.IntN(63))
		r := reach(nodes, edges, mask)
		in := map[int32]int{}
		for i, component := range newGraph(nodes, edges).components(mask) {
			for _, n := range component {
				in[n] = i + 1
			}
		}
		for i := range int32(nodes) {
			for j := range int32(nodes) {
				if together := i != j && in[i] > 0 && in[i] == in[j]; together != (i != j && r[i][j] && r[j][i]) {
					t.Fatalf("seed %d: nodes %d and %d", seed, i, j)
				}
			}
		}
	}
}

func TestACycleIsFoundExactlyWhenThereIsOne(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		nodes := 2 + rng.IntN(12)
		edges, first, rest := randomEdges(rng, nodes), step(1<<rng.IntN(4)), step(1+rng.IntN(63))
		r := reach(nodes, edges, rest)
		for _, component := range newGraph(nodes, edges).components(first | rest) {
			want := slices.ContainsFunc(edges, func(e edge) bool {
				return e.step == first && slices.Contains(component, e.from) && r[e.to][e.from]
			})
			cycle := newSearch(newGraph(nodes, edges), component).cycle(first, rest)
			if err := isCycle(cycle, first, rest); want != (cycle != nil) || cycle != nil && err != nil {
				t.Fatalf("seed %d: want %v, got %v, %v", seed, want, cycle, err)
			}
			if want {
				found++
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d cycles", found)
	}
}

// isCycle returns what is wrong with a cycle.
func isCycle(cycle []edge, first, rest step) error {
	for i, e := range cycle {
		next, mask := cycle[(i+1)%len(cycle)], rest
		if i == 0 {
			mask = first
		}
		if e.to != next.from || e.step&mask == 0 {
			return fmt.Errorf("step %d: %+v", i, e)
		}
	}
	return nil
}

func TestAPathMayBeAsLongAsTheHistory(t *testing.T) {
	t.Parallel()
	const n = 300_000
	edges := make([]edge, n)
	for i := range edges {
		edges[i] = edge{from: int32(i), to: int32(i+1) % n, step: ww}
	}
	g := newGraph(n, edges)
	components := g.components(ww)
	if len(components) != 1 || len(components[0]) != n {
		t.Fatalf("%d components", len(components))
	}
	if cycle := newSearch(g, components[0]).cycle(ww, ww); len(cycle) != n {
		t.Errorf("%d steps", len(cycle))
	}
}

func TestTransactionsThatRunAtOnceDoNotMultiplyTheOrderInTime(t *testing.T) {
	t.Parallel()
	const n = 1000
	h := &History{}
	for i := range int64(n) { // all of one half overlap, and come before all of the other
		h.Txns = append(h.Txns, ok().at(int32(i), 1, 10+i), ok().at(int32(n+i), n+20, n+30+i))
	}
	c := &checker{h: h, seen: make([]bool, len(h.Txns))}
	edges, instants := c.instants()
	if instants != 2*n || len(edges) > 6*n {
		t.Errorf("%d instants, %d edges", instants, len(edges))
	}
	r := newSearch(newGraph(len(h.Txns)+instants, edges), all(len(h.Txns)+instants))
	if r.path(0, 2*n-1, time) == nil || r.path(0, 2, time) != nil || r.path(2*n-1, 0, time) != nil {
		t.Error("the order in time is not kept")
	}
}

func all(nodes int) []int32 {
	list := make([]int32, nodes)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}
