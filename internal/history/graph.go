package history

// graph is the dependencies by node.
type graph struct {
	edges []edge  // by from
	first []int32 // where the edges of a node begin; one more than nodes
}

func newGraph(nodes int, edges []edge) *graph {
	g := &graph{edges: make([]edge, len(edges)), first: make([]int32, nodes+1)}
	for _, e := range edges {
		g.first[e.from+1]++
	}
	for i := range nodes {
		g.first[i+1] += g.first[i]
	}
	next := append([]int32(nil), g.first...)
	for _, e := range edges {
		g.edges[next[e.from]] = e
		next[e.from]++
	}
	return g
}

func (g *graph) nodes() int { return len(g.first) - 1 }

func (g *graph) from(node int32) []edge { return g.edges[g.first[node]:g.first[node+1]] }

// components returns the sets of more than one node that all reach one another by
// steps of the mask. It is Tarjan's algorithm, with a stack of its own, as paths
// are long.
func (g *graph) components(mask step) [][]int32 {
	t := &tarjan{g: g, mask: mask, index: make([]int32, g.nodes()), low: make([]int32, g.nodes()), open: make([]bool, g.nodes())}
	for node := range g.nodes() {
		if t.index[node] == 0 {
			t.visit(int32(node))
		}
	}
	return t.found
}

type tarjan struct {
	g          *graph
	mask       step
	count      int32
	index, low []int32 // 0: not visited
	open       []bool  // on the stack
	stack      []int32
	path       []frame
	found      [][]int32
}

// frame is a node that is being visited, and the edge to follow next.
type frame struct{ node, next int32 }

func (t *tarjan) visit(root int32) {
	t.enter(root)
	for len(t.path) > 0 {
		top := &t.path[len(t.path)-1]
		if top.next == t.g.first[top.node+1] {
			t.leave(top.node)
			continue
		}
		e := t.g.edges[top.next]
		top.next++
		switch {
		case e.step&t.mask == 0:
		case t.index[e.to] == 0:
			t.enter(e.to)
		case t.open[e.to]:
			t.low[e.from] = min(t.low[e.from], t.index[e.to])
		}
	}
}

func (t *tarjan) enter(node int32) {
	t.count++
	t.index[node], t.low[node], t.open[node] = t.count, t.count, true
	t.stack = append(t.stack, node)
	t.path = append(t.path, frame{node, t.g.first[node]})
}

func (t *tarjan) leave(node int32) {
	t.path = t.path[:len(t.path)-1]
	if len(t.path) > 0 {
		parent := t.path[len(t.path)-1].node
		t.low[parent] = min(t.low[parent], t.low[node])
	}
	if t.low[node] != t.index[node] {
		return
	}
	at := len(t.stack) - 1
	for t.stack[at] != node {
		at--
	}
	for _, n := range t.stack[at:] {
		t.open[n] = false
	}
	if len(t.stack)-at > 1 {
		t.found = append(t.found, append([]int32(nil), t.stack[at:]...))
	}
	t.stack = t.stack[:at]
}
