package contention

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// invented is a result whose arms had the rates, a round each, and the 99th percentiles
// and retries of 100 commits. An arm without rates is missing.
func invented(rates map[string][]float64, tails, retries map[string]int) *result {
	w := workload{name: "hot rows"}
	var all []*series
	for _, a := range arms() {
		s := newSeries(a)
		for _, rate := range rates[a.name] {
			p99 := time.Duration(tails[a.name]) * time.Millisecond
			s.add(&round{samples: map[string]*sample{"": {
				rate: rate, committed: 100, retries: retries[a.name], p50: p99 / 2, p99: p99, max: 2 * p99,
			}}}, nil)
		}
		if rates[a.name] == nil {
			s.fail(2, errors.New("no answer"))
		}
		all = append(all, s)
	}
	return results(Config{Seed: 1}, w, all, 3)[0]
}

func goodRates() map[string][]float64 {
	return map[string][]float64{
		"sqlkeel":       {1500, 1700, 1600},
		"sqlkeel again": {1520, 1690, 1580},
		"limit of 2":    {1600, 1750, 1650},
		"limit of 4":    {1000, 1100, 1050},
		"full jitter":   {900, 1100, 1000},
		"FOR UPDATE":    {1400, 1600, 1500},
	}
}

func goodTails() map[string]int {
	return map[string]int{"sqlkeel": 60, "sqlkeel again": 60, "limit of 2": 40, "limit of 4": 50, "full jitter": 400, "FOR UPDATE": 90}
}

func goodRetries() map[string]int {
	return map[string]int{"sqlkeel": 20, "sqlkeel again": 20, "limit of 2": 15, "limit of 4": 30, "full jitter": 80}
}

func TestTheReportIsATable(t *testing.T) {
	t.Parallel()
	rates := goodRates()
	rates["full jitter"] = nil
	res := invented(rates, goodTails(), goodRetries())
	res.wrong = []string{"FOR UPDATE: the sum is 1, it was 2"}
	res.rows[0].samples[1].exhausted = 4
	report := &Report{
		cfg:      Config{Rounds: 3, Duration: time.Second, Seed: 5, Pool: 32, Workers: 7, Rows: 10, Table: 1000, Workloads: []string{"hot rows"}},
		settings: []setting{{"server_version", "15.18"}, {"deadlock_timeout", "1s"}}, results: []*result{res},
	}
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	setup, table, found := strings.Cut(text.String(), "\n\nhot rows\n\n")
	if !found {
		t.Fatalf("no heading in\n%s", text.String())
	}
	for _, want := range []string{
		"server_version: 15.18", "deadlock_timeout: 1s", "GOMAXPROCS", "pool of 32", "3 of 1s for each arm, 7 workers, seed 5",
		"10 hot of 1000", "hot rows: " + workloads[0].about,
	} {
		if !strings.Contains(setup, want) {
			t.Errorf("%q is not in\n%s", want, setup)
		}
	}
	normal := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, line := range []string{
		"sqlkeel 1600 - 0.20 30.0 ms 60.0 ms 120.0 ms 4",
		"sqlkeel again 1580 1.01 [0.99, 1.01] 0.20 30.0 ms 60.0 ms 120.0 ms 0",
		"full jitter MISSING - - - - - -",
		"A/A, sqlkeel to itself: 1.01 [0.99, 1.01]. Ratios from 0.987 to 1.013 are noise.",
		"ARM MISSING: full jitter: failed in round 2: no answer",
		"WRONG: hot rows: FOR UPDATE: the sum is 1, it was 2",
		"WRONG: hot rows: sqlkeel: 4 jobs were given up",
	} {
		if !strings.Contains(normal(table), line) {
			t.Errorf("%q is not in\n%s", line, table)
		}
	}
}
