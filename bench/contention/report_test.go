package contention

import (
	"strings"
	"testing"
	"time"
)

func TestTheReportIsATable(t *testing.T) {
	t.Parallel()
	rates := contendedRates()
	rates["pgbench"] = nil
	report := &Report{
		cfg:      Config{Rounds: 3, Duration: time.Second, Seed: 5, Pool: 32, Isolation: "serializable"},
		settings: []setting{{"server_version", "15.18"}, {"deadlock_timeout", "1s"}},
		results:  []*result{invented(Scenario{32, 10}, rates, contendedTails())},
	}
	report.results[0].series[5].wrong = []string{"the sum is 1, it was 2"}
	report.results[0].series[5].samples[1].exhausted = 4
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	setup, table, found := strings.Cut(text.String(), "\n\n32 workers x 10 rows\n\n")
	if !found {
		t.Fatalf("no heading in\n%s", text.String())
	}
	for _, want := range []string{
		"server_version: 15.18", "deadlock_timeout: 1s", "GOMAXPROCS", "pool of 32", "3 of 1s for each arm, seed 5",
		"begin isolation level serializable", selectBalance, updateBalance, createAccounts,
	} {
		if !strings.Contains(setup, want) {
			t.Errorf("%q is not in\n%s", want, setup)
		}
	}
	const want = `  arm                  tx/s       to plain pgx            retries/commit       p50       p99       max  exhausted
  pgbench           MISSING                  -         -               -         -         -         -          -
  plain pgx             450  1.00 [1.00, 1.00]  baseline            0.50    0.5 ms    1.0 ms    2.0 ms          0
  plain pgx again       440  0.98 [0.98, 1.05]     noise            0.50    0.5 ms    1.0 ms    2.0 ms          0
  full jitter          1000  2.22 [2.20, 2.25]    faster            0.50    0.5 ms    1.0 ms    2.0 ms          0
  long exponential     1500  3.33 [3.20, 3.50]    faster            0.50  200.0 ms  400.0 ms  800.0 ms          0
  sqlkeel              1600  3.56 [3.40, 3.75]    faster            0.50   30.0 ms   60.0 ms  120.0 ms          4

Plain pgx to itself: 0.98 [0.98, 1.05]. Ratios from 0.952 to 1.050 are ties.
ARM MISSING: pgbench: exec: "/nowhere/pgbench": stat /nowhere/pgbench: no such file or directory
WRONG: 32 workers x 10 rows: sqlkeel: the sum is 1, it was 2
WRONG: 32 workers x 10 rows: sqlkeel: 4 transfers were given up
`
	if table != want {
		t.Errorf("table:\n%s\nwant:\n%s", table, want)
	}
}
