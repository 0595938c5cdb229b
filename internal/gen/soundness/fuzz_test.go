package soundness

import (
	"context"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func everything(_ context.Context, l *lab, s *scenario) (analysis, error) {
	var a analysis
	for range s.reads {
		a.reads = append(a.reads, &stmt.Effects{ReadsAnything: true})
	}
	for range s.writes {
		a.writes = append(a.writes, &stmt.Effects{Anything: true})
	}
	a.named = func(uint32) string { return "" }
	a.root = a.named
	return a, nil
}

func TestProbe(t *testing.T) {
	l := newLab(t)
	var sum tally
	start := time.Now()
	seen := map[string]int{}
	for i := range 60 {
		s := newScenario(1, i, size{10, 8, 7})
		tr, err := l.try(t.Context(), s, everything)
		if err != nil {
			t.Fatal(i, err)
		}
		sum.plus(tr.tally)
		if os.Getenv("SHOW") != "" {
			refused, _ := l.build(t.Context(), s.setup)
			for _, r := range refused {
				seen[r]++
				t.Log(r)
			}
			errs, _ := l.prepare(t.Context(), s.reads)
			for j, e := range errs {
				if e != nil {
					t.Log(s.reads[j].sql, e)
				}
			}
			errs, _ = l.prepare(t.Context(), s.writes)
			for j, e := range errs {
				if e != nil {
					t.Log(s.writes[j].sql, e)
				}
			}
		}
	}
	t.Log(time.Since(start), sum.String())
}
