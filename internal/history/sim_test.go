package history

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sim makes histories by running transactions in memory.
type sim struct {
	rng       *rand.Rand
	processes int
	keys      int32
	most      int  // operations of a transaction
	whole     bool // a transaction takes effect at one instant; else its operations mix with those of others
	retire    int  // values after which a list is left alone; 0: never

	h       History
	lists   map[int32][]int32
	appends map[int32]int32 // by key
	clock   int64
	running map[int32]*running // by process
	late    []int              // transactions that are unknown and may yet take effect
}

// running is a transaction under way.
type running struct {
	txn, done int
}

func newSim(seed uint64) *sim {
	return &sim{
		rng: rand.New(rand.NewPCG(seed, 0)), processes: 4, keys: 4, most: 5, whole: true,
		lists: map[int32][]int32{}, appends: map[int32]int32{}, running: map[int32]*running{},
	}
}

// run makes a history of n transactions.
func (s *sim) run(n int) *History {
	for len(s.h.Txns) < n || len(s.running) > 0 {
		s.step(int32(s.rng.IntN(s.processes)), n)
		if len(s.late) > 0 && s.rng.IntN(4) == 0 {
			i := s.rng.IntN(len(s.late))
			s.apply(s.late[i])
			s.late = slices.Delete(s.late, i, i+1)
		}
	}
	s.h.Final = maps.Clone(s.lists)
	return &s.h
}

// step lets a process do the next thing.
func (s *sim) step(process int32, n int) {
	s.clock++
	r := s.running[process]
	switch {
	case r == nil && len(s.h.Txns) < n:
		s.running[process] = &running{txn: len(s.h.Txns)}
		s.h.Txns = append(s.h.Txns, Txn{Process: process, Outcome: s.outcome(), Begin: s.clock, Ops: s.plan()})
	case r == nil:
	case r.done < len(s.h.Txns[r.txn].Ops):
		s.work(r)
	default:
		s.h.Txns[r.txn].End = s.clock
		delete(s.running, process)
	}
}

func (s *sim) outcome() Outcome {
	switch s.rng.IntN(10) {
	case 0:
		return Failed
	case 1:
		return Unknown
	}
	return OK
}

func (s *sim) plan() []Op {
	ops := make([]Op, 1+s.rng.IntN(s.most))
	for i := range ops {
		key := s.key()
		if s.rng.IntN(2) == 0 {
			ops[i] = Read(key, -1) // what is not believed may well be nonsense
			continue
		}
		s.appends[key]++
		ops[i] = Append(key, s.appends[key])
	}
	return ops
}

// key draws a key. Those that have had their share of appends are followed by new ones.
func (s *sim) key() int32 {
	key := s.rng.Int32N(s.keys)
	for s.retire > 0 && int(s.appends[key]) >= s.retire {
		key += s.keys
	}
	return key
}

// work does all operations of a transaction, or the next.
func (s *sim) work(r *running) {
	txn := &s.h.Txns[r.txn]
	if !s.whole {
		s.do(txn, r.done)
		r.done++
		return
	}
	r.done = len(txn.Ops)
	switch {
	case txn.Outcome == OK:
		s.apply(r.txn)
	case txn.Outcome == Unknown && s.rng.IntN(3) > 0:
		s.late = append(s.late, r.txn)
	}
}

func (s *sim) apply(t int) {
	for i := range s.h.Txns[t].Ops {
		s.do(&s.h.Txns[t], i)
	}
}

// do does one operation. When transactions mix, a few operations of failed ones
// are done and a few of those that are unknown are not.
func (s *sim) do(txn *Txn, i int) {
	op, list := &txn.Ops[i], s.lists[txn.Ops[i].Key]
	rarely := s.rng.IntN(20) == 0
	switch {
	case !s.whole && txn.Outcome == Failed && !rarely:
	case !s.whole && txn.Outcome == Unknown && rarely:
	case !op.Read:
		s.lists[op.Key] = append(slices.Clip(list), op.Value) // lists that were read stay as they are
	case txn.Outcome == OK:
		op.List = list
	}
}

// copyOf returns a history of which everything may be changed.
func copyOf(h *History) *History {
	c := &History{Txns: slices.Clone(h.Txns), Final: map[int32][]int32{}}
	for t := range c.Txns {
		c.Txns[t].Ops = slices.Clone(c.Txns[t].Ops)
		for i := range c.Txns[t].Ops {
			c.Txns[t].Ops[i].List = slices.Clone(c.Txns[t].Ops[i].List)
		}
	}
	for key, list := range h.Final {
		c.Final[key] = slices.Clone(list)
	}
	return c
}
