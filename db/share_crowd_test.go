package db

import (
	"testing"
	"time"
)

func TestInACrowdAReadWithItsTurnGathersThoseThatFollow(t *testing.T) {
	t.Parallel()
	newReader := func() *reader { return &reader{gate: shut()} }
	for _, tc := range []struct {
		smoothed, few int
		gathers       bool
	}{{2 * 4, 100, false}, {2*4 + 1, 100, true}, {5, 5, false}, {6, 5, true}} {
		q := &readQueue{conns: 4, most: 64, few: tc.few, smoothed: 16 * tc.smoothed, readers: tc.smoothed}
		if q.begin() == tc.gathers {
			t.Fatalf("%d readers: gathers: %v", tc.smoothed, !tc.gathers)
		}
	}
	q := &readQueue{conns: 4, most: 64, few: 5, smoothed: 16 * 6, readers: 5}
	first := newReader()
	q.join(first)
	if first.group.head != first {
		t.Error("the first does not lead")
	}
	if q.begin() {
		t.Error("the second has a turn of its own")
	}
	if q.join(newReader()); first.group.head != first {
		t.Error("the second leads")
	}
	if n := len(q.take(first.group, new(lease))); n != 2 {
		t.Errorf("the group has %d members, want 2", n)
	}
}

func TestTheHeadIsTheOneWhoMayWaitLongest(t *testing.T) {
	t.Parallel()
	q := &readQueue{conns: 1, most: 64, few: 100, running: 1}
	var members []*reader
	for _, patience := range []time.Duration{1, 3, 2} {
		r := &reader{gate: shut(), until: time.Now().Add(patience * time.Hour)}
		q.join(r)
		members = append(members, r)
	}
	q.leave(0)
	if head := members[0].group.head; head != members[1] {
		t.Errorf("the head is another one, who waits until %v", head.until)
	}
}
