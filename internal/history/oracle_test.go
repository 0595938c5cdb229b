package history

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The checker and a search through all orders of the transactions agree about
// every small history: what the one explains has no anomaly for the other.
func TestTheVerdictIsThatOfASearchThroughAllOrders(t *testing.T) {
	t.Parallel()
	var accepted, refused int
	for seed := range uint64(8_000) {
		h := small(seed)
		for _, order := range []Order{Serializable, Sessions, RealTime} {
			report, explained := Check(h, order), explainable(h, order)
			if report.OK() != explained {
				t.Fatalf("seed %d, order %d: explainable is %v, but there is %v\n%+v", seed, order, explained, report, h)
			}
			if explained {
				accepted++
			} else {
				refused++
			}
		}
	}
	if accepted < 6_000 || refused < 6_000 {
		t.Errorf("%d accepted and %d refused show little", accepted, refused)
	}
}

// small makes a history of few transactions whose operations mix, and spoils some.
func small(seed uint64) *History {
	s := newSim(seed)
	s.processes, s.keys, s.most, s.whole = 1+s.rng.IntN(3), 1+s.rng.Int32N(3), 3, s.rng.IntN(3) == 0
	h := s.run(2 + s.rng.IntN(4))
	for range s.rng.IntN(2) * s.rng.IntN(3) {
		h = copyOf(h)
		spoil(s.rng, h)
	}
	return h
}

// spoil changes a list in some way.
func spoil(rng *rand.Rand, h *History) {
	lists := lists(h)
	if len(lists) == 0 {
		return
	}
	key, list := lists[rng.IntN(len(lists))], []int32(nil)
	if list = *key.list; len(list) == 0 {
		return
	}
	i, j := rng.IntN(len(list)), rng.IntN(len(list))
	switch rng.IntN(4) {
	case 0:
		list[i], list[j] = list[j], list[i]
	case 1:
		list = slices.Delete(list, i, i+1)
	case 2:
		list = list[:i]
	case 3:
		list = append(list, rng.Int32N(4))
	}
	key.set(list)
}

// aList is a list that was read, or a final one.
type aList struct {
	key  int32
	list *[]int32
	set  func([]int32)
}

// lists returns all lists of transactions that are OK and the final ones.
func lists(h *History) []aList {
	var all []aList
	for t := range h.Txns {
		for i := range h.Txns[t].Ops {
			if op := &h.Txns[t].Ops[i]; op.Read && h.Txns[t].Outcome == OK {
				all = append(all, aList{op.Key, &op.List, func(list []int32) { op.List = list }})
			}
		}
	}
	for key := range int32(8) {
		if list, ok := h.Final[key]; ok {
			all = append(all, aList{key, &list, func(list []int32) { h.Final[key] = list }})
		}
	}
	return all
}

// oracle looks for an order in which transactions, one after the other, give a
// history.
type oracle struct {
	h      *History
	txns   []int // that took effect
	before map[[2]int]bool
	done   map[int]bool
	lists  map[int32][]int32
}

func explainable(h *History, order Order) bool {
	o := &oracle{h: h, before: map[[2]int]bool{}, done: map[int]bool{}, lists: map[int32][]int32{}}
	seen := map[[2]int32]bool{}
	for _, l := range lists(h) {
		for _, v := range *l.list {
			seen[[2]int32{l.key, v}] = true
		}
	}
	for t, txn := range h.Txns {
		isSeen := slices.ContainsFunc(txn.Ops, func(op Op) bool { return !op.Read && seen[[2]int32{op.Key, op.Value}] })
		if txn.Outcome == OK || txn.Outcome == Unknown && isSeen {
			o.txns = append(o.txns, t)
		}
	}
	for _, a := range o.txns {
		for _, b := range o.txns {
			x, y := h.Txns[a], h.Txns[b]
			past := x.Outcome == OK && x.End < y.Begin
			o.before[[2]int{a, b}] = past && (order == RealTime || order == Sessions && x.Process == y.Process)
		}
	}
	return o.try()
}

// try reports whether the transactions that are not done yet can be done.
func (o *oracle) try() bool {
	if len(o.done) == len(o.txns) {
		return o.ends()
	}
	for _, t := range o.txns {
		if o.done[t] || slices.ContainsFunc(o.txns, func(u int) bool { return !o.done[u] && o.before[[2]int{u, t}] }) {
			continue
		}
		lists := o.lists
		o.done[t] = true
		if o.apply(&o.h.Txns[t]) && o.try() {
			return true
		}
		delete(o.done, t)
		o.lists = lists
	}
	return false
}

// apply does a transaction and reports whether it reads what it did read.
func (o *oracle) apply(txn *Txn) bool {
	lists := map[int32][]int32{}
	for key, list := range o.lists {
		lists[key] = slices.Clip(list)
	}
	o.lists = lists
	for _, op := range txn.Ops {
		if !op.Read {
			lists[op.Key] = append(lists[op.Key], op.Value)
		} else if txn.Outcome == OK && !slices.Equal(lists[op.Key], op.List) {
			return false
		}
	}
	return true
}

// ends reports whether the lists are the final ones.
func (o *oracle) ends() bool {
	for key := range int32(8) {
		if !slices.Equal(o.lists[key], o.h.Final[key]) {
			return false
		}
	}
	return true
}

func TestTheOracleKnowsTheHandMadeHistories(t *testing.T) {
	t.Parallel()
	for _, v := range cases {
		h := &History{Txns: v.txns, Final: v.final}
		if v.final == nil || v.want == RepeatedAppend {
			continue
		}
		if got := explainable(h, v.order); got != (v.want == "") {
			t.Errorf("%s: explainable is %v", v.name, got)
		}
	}
}
