package history

import (
	"fmt"
	"testing"
)

// large makes a history in the shape of a long run: 16 clients, lists of at most 64
// values.
func large(n int) *History {
	s := newSim(1)
	s.processes, s.keys, s.retire = 16, 16, 64
	return s.run(n)
}

func TestALongHistoryIsAccepted(t *testing.T) {
	t.Parallel()
	h := large(20_000)
	report := Check(h, RealTime)
	if !report.OK() {
		t.Error(report)
	}
	ops := 0
	for _, txn := range h.Txns {
		ops += len(txn.Ops)
	}
	if report.Edges < ops/2 || report.Edges > 2*ops {
		t.Errorf("%d dependencies of %d operations", report.Edges, ops)
	}
}

// The worst to explain is a history in which nearly all depends on all.
func BenchmarkCheckOfDisorder(b *testing.B) {
	s := newSim(1)
	s.processes, s.keys, s.retire, s.whole = 16, 16, 64, false
	h := s.run(200_000)
	for b.Loop() {
		if report := Check(h, RealTime); report.OK() {
			b.Fatal(report)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{25_000, 200_000} {
		b.Run(fmt.Sprintf("txns=%d", n), func(b *testing.B) {
			h := large(n)
			b.ReportAllocs()
			for b.Loop() {
				if report := Check(h, RealTime); !report.OK() {
					b.Fatal(report)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "txns/s")
		})
	}
}
