package history_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/history"
)

// script is two transactions, of which the inner runs and commits within the
// first attempt of the outer, after its first operation.
type script struct {
	outer, inner plan
	want         map[pgx.TxIsoLevel]history.Kind
}

var scripts = map[string]script{
	"each reads what the other changes": {
		outer: plan{ops: []history.Op{history.Read(1), history.Append(2, 1)}},
		inner: plan{ops: []history.Op{history.Read(2), history.Append(1, 1)}},
		want:  map[pgx.TxIsoLevel]history.Kind{pgx.ReadCommitted: history.AntiCycle, pgx.RepeatableRead: history.AntiCycle},
	},
	"one reads before and after the other": {
		outer: plan{ops: []history.Op{history.Read(1), history.Read(2)}},
		inner: plan{ops: []history.Op{history.Append(1, 1), history.Append(2, 1)}},
		want:  map[pgx.TxIsoLevel]history.Kind{pgx.ReadCommitted: history.SingleCycle},
	},
	"one appends before and the other after what both read": {
		outer: plan{ops: []history.Op{history.Read(1), history.Append(1, 1)}},
		inner: plan{ops: []history.Op{history.Read(1), history.Append(1, 2)}},
		want:  map[pgx.TxIsoLevel]history.Kind{pgx.ReadCommitted: history.SingleCycle},
	},
	"both write anew what both read": {
		outer: plan{ops: []history.Op{history.Append(1, 1)}, byHand: true},
		inner: plan{ops: []history.Op{history.Append(1, 2)}, byHand: true},
		want:  map[pgx.TxIsoLevel]history.Kind{pgx.ReadCommitted: history.Lost},
	},
	"they have nothing to do with each other": {
		outer: plan{ops: []history.Op{history.Read(1), history.Append(2, 1)}},
		inner: plan{ops: []history.Op{history.Read(3), history.Append(3, 1)}},
	},
}

func TestForcedInterleavingsGiveWhatTheirIsolationLevelAllows(t *testing.T) {
	t.Parallel()
	for name, s := range scripts {
		for _, iso := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
			t.Run(name+", "+string(iso), func(t *testing.T) {
				t.Parallel()
				h := s.run(newLab(t, time.Minute), iso)
				report := history.Check(h, history.RealTime)
				want := s.want[iso]
				if want == "" && !report.OK() || want != "" && (len(report.Counts) != 1 || report.Counts[want] != 1) {
					t.Errorf("want %q, got %v", want, report)
				}
				if n := tally(h)[history.OK]; n != 2 {
					t.Errorf("%d transactions are OK: %v", n, h.Txns)
				}
			})
		}
	}
}

func (s script) run(l *lab, iso pgx.TxIsoLevel) *history.History {
	var inner history.Txn
	s.outer.within = func(op int) {
		if op == 0 {
			inner = l.run(2, operation(iso), s.inner)
		}
	}
	outer := l.run(1, operation(iso), s.outer)
	return &history.History{Txns: []history.Txn{outer, inner}, Final: l.final()}
}
