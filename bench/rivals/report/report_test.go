package report

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// invented is a report of two workloads: in one sqlkeel is behind one arm and ahead of
// another, and a third failed; in the other it is a tie.
func invented() *Report {
	about := func(to float64) stats.Estimate { return stats.Estimate{Median: to, Low: to * 0.99, High: to * 1.01} }
	row := func(arm string, ratio, own, allocs float64) *rivals.Row {
		return &rivals.Row{Arm: arm, PerOp: 50_000 * ratio, Ratio: about(ratio), Own: about(own), Counted: true, Trips: 1, Statements: 1, Allocs: allocs, Old: -1}
	}
	return &Report{
		Setup: [][2]string{{"server", "PostgreSQL 15"}},
		Arms:  []rivals.Arm{{Name: "pgx"}, {Name: rivals.Ours}, {Name: "quick"}, {Name: "slow"}, {Name: "broken"}},
		Results: []*rivals.Result{
			{
				Name: "read by key", About: "one row", Group: "reads", Callers: 1, Rows: 10, Band: 1.05,
				Rowset: []*rivals.Row{
					row("pgx", 1, 1.2, 10), row(rivals.Ours, 1.2, 1, 16), row("quick", 0.8, 1.5, 12), row("slow", 4, 0.3, 99),
					{Arm: "broken", Missing: "open: broken", Wrong: true},
				},
			},
			{
				Name: "update", About: "one row", Group: "writes", Callers: 1, Rows: 10, Band: 1.05,
				Rowset: []*rivals.Row{row("pgx", 1, 1, 10), row(rivals.Ours, 1, 1, 11), {Arm: "slow", Missing: "it has no updates"}},
			},
		},
		More:   []Section{{"More", "Something else."}},
		Charts: func(group string) string { return "charts/" + group + ".svg" },
	}
}

func written(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := invented().Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLossesComeFirstAndWinsLast(t *testing.T) {
	t.Parallel()
	text, last := written(t), -1
	for _, want := range []string{
		"**Behind: 2.**", "| read by key | pgx 1.20, quick 1.50 |",
		"**No difference beyond the noise: 1.**", "| update | pgx 1.00 |",
		"**Ahead: 1.**", "| read by key | slow 0.30 |",
		"| read by key | 1.20 [1.19, 1.21] | +0 | +0 | +6 | **no: time, allocations** |",
		"| update | 1.00 [0.99, 1.01] | +0 | +0 | +1 | yes |",
		"## Reads", "![reads: time to that of pgx](charts/reads.svg)",
		"| pgx | 50 µs | 1.00 [0.99, 1.01] | 1.20 [1.19, 1.21] | behind | 1 | 1 | 10 |",
		"| broken | – | – | – | failed | – | – | – |", "**broken failed:** open: broken",
		"| slow | – | – | – | it has no updates | – | – | – |",
		"## More\n\nSomething else.",
	} {
		i := strings.Index(text, want)
		if i <= last {
			t.Errorf("%q is at %d, after what is at %d", want, i, last)
		}
		last = max(last, i)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestAChartHasAMarkForEachArmAndNoBackground(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := invented().Chart(&b, "reads"); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">pgx<", ">sqlkeel<", ">quick<", ">slow<", ">read by key<", "1×"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the chart", want)
		}
	}
	for _, not := range []string{">broken<", "#FFFFFF", "#000000", "black"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in the chart", not)
		}
	}
}
