package history

import (
	"slices"
	"strings"
	"testing"
)

var cases = slices.Concat(listCases, cycleCases, timeCases)

func TestEachAnomalyIsFoundAndNamedAndNothingLikeItIs(t *testing.T) {
	t.Parallel()
	named := map[Kind]bool{}
	for _, v := range cases {
		if err := v.failure(); err != nil {
			t.Error(err)
		}
		named[v.want] = true
	}
	for _, kind := range []Kind{
		RepeatedAppend, Unwritten, DoubleApplication, Incompatible, AbortedRead, AppliedFailure, IntermediateRead, Internal, Lost,
		WriteCycle, InformationCycle, SingleCycle, AntiCycle, SessionCycle, RealTimeCycle, "",
	} {
		if !named[kind] {
			t.Errorf("no history is to have the verdict %q", kind)
		}
	}
}

func TestACycleIsExplained(t *testing.T) {
	t.Parallel()
	report := Check(&History{Txns: []Txn{
		ok(Read(1), Append(2, 2)).at(1, 1, 4),
		ok(Append(3, 3)).at(2, 1, 2),
		ok(Read(2), Append(1, 1)).at(3, 2, 3),
	}, Final: final(Read(1, 1), Read(2, 2), Read(3, 3))}, RealTime)
	if len(report.Examples) != 1 {
		t.Fatal(report)
	}
	a := report.Examples[0]
	if slices.Sort(a.Txns); !slices.Equal(a.Txns, []int{0, 2}) {
		t.Errorf("transactions %v", a.Txns)
	}
	for _, part := range []string{
		"rw cycle (G2): ",
		"T0, ok, process 1, 1 to 4: read(1) = [], append(2, 2)",
		"T2, ok, process 3, 2 to 3: read(2) = [], append(1, 1)",
		"T0 before T2 (rw): T0 read key 1 as [], without 1, which T2 appended next",
		"T2 before T0 (rw): T2 read key 2 as [], without 2, which T0 appended next",
	} {
		if !strings.Contains(a.String(), part) {
			t.Errorf("the explanation lacks %q:\n%s", part, a)
		}
	}
}

func TestEverySortOfStepIsExplained(t *testing.T) {
	t.Parallel()
	explain := func(order Order, txns []Txn, lists ...Op) string {
		return Check(&History{Txns: txns, Final: final(lists...)}, order).String()
	}
	for text, part := range map[string]string{
		explain(Serializable, []Txn{ok(Append(1, 1), Append(1, 3)), ok(Append(1, 2))}, Read(1, 1, 2, 3)):                 "(ww): T1 appended 2 to key 1, right after T0's 1",
		explain(Serializable, []Txn{ok(Append(1, 1), Read(2, 2)), ok(Append(2, 2), Read(1, 1))}, Read(1, 1), Read(2, 2)): "(wr): T1 read key 1 as [1], which ends with T0's append",
		explain(Sessions, []Txn{ok(Append(1, 1)).at(7, 1, 2), ok(Read(1)).at(7, 3, 4)}, Read(1, 1)):                      "(process): T0 ended before T1 began, in process 7",
		explain(RealTime, []Txn{ok(Append(1, 1)).at(1, 1, 2), ok().at(3, 3, 4), ok(Read(1)).at(2, 5, 6)}, Read(1, 1)):    "(time): T0 ended (2) before T2 began (5)",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the explanation lacks %q:\n%s", part, text)
		}
	}
}

func TestTheShortestOfManyCyclesIsShown(t *testing.T) {
	t.Parallel()
	// T0 to T4 each read the key that the next changes, and T2 and T3 each other's.
	var txns []Txn
	var lists []Op
	for i := range int32(5) {
		txns = append(txns, ok(Read((i+1)%5), Append(i, 1)))
		lists = append(lists, Read(i, 1))
	}
	txns[3].Ops = append([]Op{Read(2)}, txns[3].Ops...)
	report := Check(&History{Txns: txns, Final: final(lists...)}, Serializable)
	if a := report.Examples[0]; report.Counts[AntiCycle] != 1 || len(a.Txns) != 2 {
		t.Error(report)
	}
}

func TestManyAnomaliesAreCountedAndAFewDescribed(t *testing.T) {
	t.Parallel()
	h := &History{Final: map[int32][]int32{}}
	for i := range int32(50) {
		h.Txns = append(h.Txns, ok(Append(i, 1)), ok(Read(100+i), Append(200+i, 1)), ok(Read(200+i), Append(100+i, 1)))
		h.Final[100+i], h.Final[200+i] = []int32{1}, []int32{1}
	}
	report := Check(h, Serializable)
	if report.Counts[Lost] != 50 || report.Counts[AntiCycle] != 50 || len(report.Examples) != 2*examples {
		t.Error(report)
	}
}

func TestALongListIsShownByItsEnd(t *testing.T) {
	t.Parallel()
	if got := show([]int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); got != "[2 more, then 3 4 5 6 7 8 9 10]" {
		t.Error(got)
	}
	if got := show(nil); got != "[]" {
		t.Error(got)
	}
}

func TestAnEmptyHistoryHasNoAnomaly(t *testing.T) {
	t.Parallel()
	for _, h := range []*History{{}, {Final: final()}, {Txns: []Txn{ok()}}, {Txns: []Txn{unknown(Append(1, 1))}}} {
		if report := Check(h, RealTime); !report.OK() || report.String() != "no anomaly" {
			t.Error(report)
		}
	}
}
