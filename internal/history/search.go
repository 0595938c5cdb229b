package history

import "slices"

// patience bounds the nodes that a search for one cycle looks at: first until it
// has one, then for a shorter one.
const patience, polish = 20_000_000, 200_000

// search looks for a cycle among the nodes of one component.
type search struct {
	g         *graph
	component []int32
	inside    map[int32]bool
	from      map[int32]edge // by node: how it was reached
	spent     int
}

func newSearch(g *graph, component []int32) *search {
	s := &search{g: g, component: component, inside: make(map[int32]bool, len(component))}
	for _, n := range component {
		s.inside[n] = true
	}
	return s
}

// cycle returns a short cycle that begins with a step of first and goes on with
// steps of rest, or nil when there is none.
func (s *search) cycle(first, rest step) []edge {
	var best []edge
	for _, node := range s.component {
		for _, e := range s.g.from(node) {
			if e.step&first == 0 || !s.inside[e.to] {
				continue
			}
			if path := s.path(e.to, e.from, rest); path != nil && (best == nil || len(path)+1 < len(best)) {
				best = append([]edge{e}, path...)
			}
			if len(best) == 2 || s.spent > patience || best != nil && s.spent > polish {
				return best
			}
		}
	}
	return best
}

// path returns a path from one node to another, or nil: one with the fewest steps,
// where those between instants do not count.
func (s *search) path(from, to int32, mask step) []edge {
	s.from = map[int32]edge{}
	level := []edge{{from: from, to: from}}
	for len(level) > 0 {
		var next []edge
		for i := 0; i < len(level); i++ {
			e := level[i]
			if _, ok := s.from[e.to]; ok {
				continue
			}
			s.from[e.to] = e
			if e.to == to {
				return s.back(from, to)
			}
			for _, onward := range s.g.from(e.to) {
				s.spent++
				switch {
				case onward.step&mask == 0 || !s.inside[onward.to]:
				case onward.step == passes:
					level = append(level, onward)
				default:
					next = append(next, onward)
				}
			}
		}
		level = next
	}
	return nil
}

// back returns the way that led from one node to another.
func (s *search) back(from, to int32) []edge {
	var path []edge
	for to != from {
		e := s.from[to]
		path = append(path, e)
		to = e.from
	}
	slices.Reverse(path)
	return path
}
