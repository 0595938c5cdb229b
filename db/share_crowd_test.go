package db

import "testing"

func TestInACrowdAReadWithItsTurnGathersThoseThatFollow(t *testing.T) {
	t.Parallel()
	newReader := func() *reader { return &reader{wake: make(chan struct{}, 1)} }
	for _, tc := range []struct {
		smoothed, few int
		gathers       bool
	}{{2 * 4, 100, false}, {2*4 + 1, 100, true}, {5, 5, false}, {6, 5, true}} {
		q := &readQueue{conns: 4, most: 64, few: tc.few, smoothed: 16 * tc.smoothed, readers: tc.smoothed - 1}
		turn, gathers := q.begin()
		if !turn || gathers != tc.gathers {
			t.Fatalf("%d readers: turn %v, gathers %v, want true and %v", tc.smoothed, turn, gathers, tc.gathers)
		}
		first := newReader()
		if !q.join(first, turn) {
			t.Errorf("%d readers: the first does not lead", tc.smoothed)
		}
		if turn, _ := q.begin(); turn {
			t.Errorf("%d readers: the second has a turn of its own", tc.smoothed)
		}
		if q.join(newReader(), false) {
			t.Errorf("%d readers: the second leads", tc.smoothed)
		}
		if n := len(q.take(first.group)); n != 2 {
			t.Errorf("%d readers: the group has %d members, want 2", tc.smoothed, n)
		}
	}
}
