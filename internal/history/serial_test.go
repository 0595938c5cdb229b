package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

const seeds = 200

// What ran one transaction after the other is accepted, whatever was unknown or
// failed and however the clients' transactions overlapped.
func TestSerialHistoriesAreAccepted(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		if report := Check(newSim(seed).run(150), RealTime); !report.OK() {
			t.Fatalf("seed %d: %v", seed, report)
		}
	}
}

// fault puts one anomaly into a history, and reports whether there was a place for
// it. What must be found is one of the kinds.
type fault struct {
	put  func(rng *rand.Rand, h *History) bool
	want []Kind
}

var faults = map[string]fault{
	"two values of a read are swapped":     {swapValues, []Kind{Incompatible}},
	"a value of a read is dropped":         {dropValue, []Kind{Incompatible}},
	"a value of a read is there twice":     {doubleValue, []Kind{DoubleApplication}},
	"an append is applied twice":           {applyTwice, []Kind{DoubleApplication}},
	"a value of a read comes from nowhere": {inventValue, []Kind{Unwritten}},
	"a success is not there":               {loseAppend, []Kind{Lost}},
	"an unknown success is half there":     {loseHalf, []Kind{Lost}},
	"a failure is applied":                 {applyFailure, []Kind{AppliedFailure}},
	"a failed append is read":              {readFailure, []Kind{AbortedRead}},
	"a read ends within a transaction":     {readHalf, []Kind{IntermediateRead}},
	"an own append is not read":            {missOwn, []Kind{Internal}},
	"own appends are swapped":              {swapOwn, []Kind{Internal}},
	"a read is fractured":                  {fracture, []Kind{SingleCycle, InformationCycle, AntiCycle, IntermediateRead}},
	"a read is stale":                      {readPast, []Kind{SingleCycle, AntiCycle, SessionCycle, RealTimeCycle, Internal, IntermediateRead}},
}

func TestAFaultInASerialHistoryIsFound(t *testing.T) {
	t.Parallel()
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := f.miss(); err != nil {
				t.Error(err)
			}
		})
	}
}

// miss returns an error when the fault is not found, in one of many histories.
func (f fault) miss() error {
	tried := 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := copyOf(newSim(seed).run(60))
		if !f.put(rng, h) {
			continue
		}
		tried++
		report := Check(h, RealTime)
		if !slices.ContainsFunc(report.Kinds(), func(k Kind) bool { return slices.Contains(f.want, k) }) {
			return fmt.Errorf("seed %d: want one of %v, got %v", seed, f.want, report)
		}
	}
	if tried < seeds/5 {
		return fmt.Errorf("only %d histories had a place for the fault", tried)
	}
	return nil
}

// at is an operation of a history, for a fault to change.
type at struct {
	txn int
	i   int
	op  *Op
}

// pick returns, in random order, the operations of transactions with an outcome.
func pick(rng *rand.Rand, h *History, outcome Outcome, read bool) []at {
	var all []at
	for t := range h.Txns {
		for i := range h.Txns[t].Ops {
			if op := &h.Txns[t].Ops[i]; h.Txns[t].Outcome == outcome && op.Read == read {
				all = append(all, at{t, i, op})
			}
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func swapValues(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		if n := len(r.op.List); n >= 2 {
			i := rng.IntN(n - 1)
			r.op.List[i], r.op.List[i+1] = r.op.List[i+1], r.op.List[i]
			return true
		}
	}
	return false
}

func dropValue(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		if n := len(r.op.List); n >= 2 {
			i := rng.IntN(n - 1)
			r.op.List = slices.Delete(r.op.List, i, i+1)
			return true
		}
	}
	return false
}

func doubleValue(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		if n := len(r.op.List); n > 0 {
			r.op.List = append(r.op.List, r.op.List[rng.IntN(n)])
			return true
		}
	}
	return false
}

func applyTwice(rng *rand.Rand, h *History) bool {
	a := pick(rng, h, OK, false)[0]
	h.Final[a.op.Key] = append(h.Final[a.op.Key], a.op.Value)
	return true
}

func inventValue(rng *rand.Rand, h *History) bool {
	r := pick(rng, h, OK, true)[0]
	r.op.List = append(r.op.List, 1_000_000)
	return true
}

// remove takes a value out of all lists.
func remove(h *History, key, value int32) {
	for _, l := range lists(h) {
		if l.key == key {
			l.set(slices.DeleteFunc(*l.list, func(v int32) bool { return v == value }))
		}
	}
}

func loseAppend(rng *rand.Rand, h *History) bool {
	a := pick(rng, h, OK, false)[0]
	remove(h, a.op.Key, a.op.Value)
	return true
}

func loseHalf(rng *rand.Rand, h *History) bool {
	for _, a := range pick(rng, h, Unknown, false) {
		others := slices.ContainsFunc(h.Txns[a.txn].Ops, func(op Op) bool { return !op.Read && op.Value != a.op.Value })
		if others && slices.Contains(h.Final[a.op.Key], a.op.Value) {
			remove(h, a.op.Key, a.op.Value)
			return true
		}
	}
	return false
}

func applyFailure(rng *rand.Rand, h *History) bool {
	for _, a := range pick(rng, h, Failed, false) {
		h.Final[a.op.Key] = append(h.Final[a.op.Key], a.op.Value)
		return true
	}
	return false
}

func readFailure(rng *rand.Rand, h *History) bool {
	for _, a := range pick(rng, h, Failed, false) {
		for _, r := range pick(rng, h, OK, true) {
			if r.op.Key == a.op.Key {
				r.op.List = append(r.op.List, a.op.Value)
				return true
			}
		}
	}
	return false
}

func readHalf(rng *rand.Rand, h *History) bool {
	for _, a := range pick(rng, h, OK, false) {
		if !h.Txns[a.txn].appendsAfter(int32(a.i), a.op.Key) {
			continue
		}
		for _, r := range pick(rng, h, OK, true) {
			i := slices.Index(r.op.List, a.op.Value)
			if r.op.Key == a.op.Key && r.txn != a.txn && i >= 0 && !h.Txns[r.txn].appends(a.op.Key) {
				r.op.List = r.op.List[:i+1]
				return true
			}
		}
	}
	return false
}

// appends returns whether a transaction appends to a key.
func (t *Txn) appends(key int32) bool {
	return slices.ContainsFunc(t.Ops, func(op Op) bool { return !op.Read && op.Key == key })
}

func missOwn(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		for _, op := range h.Txns[r.txn].Ops[:r.i] {
			if !op.Read && op.Key == r.op.Key {
				r.op.List = r.op.List[:slices.Index(r.op.List, op.Value)]
				return true
			}
		}
	}
	return false
}

func swapOwn(rng *rand.Rand, h *History) bool {
	for _, a := range pick(rng, h, OK, false) {
		for _, next := range h.Txns[a.txn].Ops[a.i+1:] {
			if next.Read || next.Key != a.op.Key {
				continue
			}
			for _, l := range lists(h) {
				i, j := slices.Index(*l.list, a.op.Value), slices.Index(*l.list, next.Value)
				if l.key == next.Key && i >= 0 && j >= 0 {
					(*l.list)[i], (*l.list)[j] = next.Value, a.op.Value
				}
			}
			return true
		}
	}
	return false
}

// fracture takes from one of two reads what a transaction did that the other sees.
func fracture(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		for _, a := range pick(rng, h, OK, false) {
			i := slices.Index(r.op.List, a.op.Value)
			if r.op.Key != a.op.Key || r.txn == a.txn || i < 0 || h.Txns[r.txn].appends(r.op.Key) || !seesElse(h, r, a) {
				continue
			}
			r.op.List = r.op.List[:i]
			return true
		}
	}
	return false
}

// seesElse reports whether the transaction of r sees the one of a in another key.
func seesElse(h *History, r, a at) bool {
	for _, read := range h.Txns[r.txn].Ops {
		for _, op := range h.Txns[a.txn].Ops {
			if read.Read && !op.Read && read.Key == op.Key && op.Key != a.op.Key && slices.Contains(read.List, op.Value) {
				return true
			}
		}
	}
	return false
}

// readPast takes from a read what was over when its transaction began.
func readPast(rng *rand.Rand, h *History) bool {
	for _, r := range pick(rng, h, OK, true) {
		for _, a := range pick(rng, h, OK, false) {
			i := slices.Index(r.op.List, a.op.Value)
			past := h.Txns[a.txn].End < h.Txns[r.txn].Begin
			if r.op.Key == a.op.Key && i >= 0 && past && !h.Txns[r.txn].appends(r.op.Key) {
				r.op.List = r.op.List[:i]
				return true
			}
		}
	}
	return false
}
