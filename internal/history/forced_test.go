package history_test

import (
	"fmt"
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
	for _, iso := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		t.Run(string(iso), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, time.Minute)
			for name, s := range scripts {
				l.exec(`TRUNCATE lists`)
				h := s.run(l, iso)
				if err := verdict(history.Check(h, history.RealTime), s.want[iso]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if n := tally(h)[history.OK]; n != 2 {
					t.Errorf("%s: %d transactions are OK: %v", name, n, h.Txns)
				}
			}
		})
	}
}

// verdict returns an error unless one anomaly of the kind was found, or none when
// it is empty.
func verdict(report *history.Report, want history.Kind) error {
	if want == "" && report.OK() || len(report.Counts) == 1 && report.Counts[want] == 1 {
		return nil
	}
	return fmt.Errorf("want [%s], got %v", want, report)
}

func (s script) run(l *lab, iso pgx.TxIsoLevel) *history.History {
	var inner history.Txn
	s.outer.within = func(op int) {
		if op == 0 {
			inner = l.run(2, operation(iso), s.inner)
		}
	}
	outer := l.run(1, operation(iso), s.outer)
	return &history.History{Txns: []history.Txn{outer, inner}, Final: l.lists()}
}
