package reads

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// invented is a report of cells of which one keeps its promise, one does not, one is
// undecided and one was not measured.
func invented() *Report {
	r := &Report{
		Setup: [][2]string{{"server", "PostgreSQL 15"}}, Charts: func(name string) string { return "charts/" + name + ".svg" },
		Added: []Added{{time.Millisecond, 50 * time.Microsecond, 1100 * time.Microsecond, 20 * time.Microsecond}}, cfg: Config{Rows: 100_000},
	}
	add := func(c Cell, metric string, time bool, gains ...float64) {
		result := &Result{Cell: c, Rounds: len(gains)}
		for i, gain := range gains {
			base := 1000 + float64(i)
			result.add(metric, time, bare, base, 1)
			result.add(metric, time, again, base*1.01, 1)
			if time {
				gain = 1 / gain
			}
			result.add(metric, time, ours, base*gain, 1)
		}
		r.Results = append(r.Results, result)
	}
	add(Cell{Conns: 8, Callers: 256}, readRate, false, 4, 4, 4, 4, 4)
	add(Cell{Conns: 8, Callers: 64}, readRate, false, 1.5, 1.5, 1.5, 1.5, 1.5)
	add(Cell{Conns: 8, Callers: 16}, readRate, false, 0.5, 0.9, 0.9, 1.2, 1.2)
	add(Cell{Conns: 8, Callers: 64, Others: Updates, Open: true}, readP99, true, 2, 2, 2, 2, 2)
	add(Cell{Conns: 32, Callers: 64}, readRate, false, 0.4, 0.4, 0.4, 0.4, 0.4)
	add(Cell{Conns: 8, Callers: 4}, readRate, false, 0.1)
	r.Results = append(r.Results, &Result{Cell: Cell{Conns: 8, Callers: 64, Apart: true}, Missing: "there is one core"})
	return r
}

func TestPromisesThatFailComeFirst(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := invented().Write(&b); err != nil {
		t.Fatal(err)
	}
	text, last := b.String(), -1
	for _, want := range []string{
		"| server | PostgreSQL 15 |",
		"**no**: 1. undecided: 1. yes: 2.",
		"| pool 8, 64 callers | reads | 2 times | 1.50 [1.50, 1.50] | 0.990 to 1.010 | **no** |",
		"| pool 8, 16 callers | reads | no worse | 0.90 [0.50, 1.20] | 0.990 to 1.010 | undecided |",
		"| pool 8, 256 callers | reads | 3 times | 4.00 [4.00, 4.00] | 0.990 to 1.010 | yes |",
		"| pool 8, 64 callers, half updates by key, open loop | p99 of reads | no worse | 2.00 [2.00, 2.00] |",
		"](charts/shared-reads.svg)", "| Callers | pool of 8 | pool of 32 |",
		"| 64 | 1.50 [1.50, 1.50] | 0.40 [0.40, 0.40] |",
		"### Server and client apart", "not measured: there is one core",
		"| 1ms | 50 µs | 1100 µs | 1050 µs | 20 µs |",
	} {
		i := strings.Index(text, want)
		if i <= last {
			t.Errorf("%q is at %d, after what is at %d", want, i, last)
		}
		last = max(last, i)
	}
	if strings.Contains(text, "| pool 32, 64 callers | reads | ") {
		t.Error("a cell without a promise is judged")
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestAChartHasALineForEachPool(t *testing.T) {
	t.Parallel()
	files := invented().Files()
	if len(files) != 2 {
		t.Fatalf("%d charts", len(files))
	}
	var b strings.Builder
	if err := files["charts/shared-reads.svg"](&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">pool of 8<", ">pool of 32<", ">256<", "4×"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the chart", want)
		}
	}
	for _, not := range []string{"#FFFFFF", "#000000", "black"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in the chart", not)
		}
	}
}

func TestNoiseThatWouldHideALossDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		gain stats.Estimate
		bar  float64
		band stats.Band
		want Verdict
	}{
		{stats.Estimate{Median: 1.1, Low: 0.9, High: 1.3}, 1, 1.2, Holds},
		{stats.Estimate{Median: 1.1, Low: 0.9, High: 1.3}, 1, 2, Undecided},
		{stats.Estimate{Median: 1.3, Low: 1.1, High: 1.5}, 1, 2, Holds},
		{stats.Estimate{Median: 0.3, Low: 0.2, High: 0.4}, 1, 2, Fails},
		{stats.Estimate{Median: 3.1, Low: 2.5, High: 4}, 3, 2, Holds},
	} {
		if got := judge(tc.gain, tc.bar, tc.band); got != tc.want {
			t.Errorf("%v of %v, noise %v: %s, want %s", tc.gain, tc.bar, tc.band, got, tc.want)
		}
	}
}
