package contention

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What pgbench 15 prints and logs; the logs of its threads are shortened.
const (
	printed = `transaction type: /tmp/transfer.sql
scaling factor: 1
query mode: prepared
number of clients: 32
number of threads: 2
maximum number of tries: unlimited
duration: 5 s
number of transactions actually processed: 5
number of failed transactions: 1 (0.020%)
number of transactions retried: 3 (60.000%)
total number of retries: 22
latency average = 35.158 ms
latency stddev = 71.240 ms
initial connection time = 62.714 ms
tps = 909.377015 (without initial connection time)
`
	firstLog = `0 0 5324 0 1764198012 105512 0
3 0 14211 0 1764198012 114400 4
0 1 818204 0 1764198012 923716 17
`
	secondLog = `17 0 911 0 1764198012 101003 0
17 1 failed 0 1764198012 300000 9
19 0 7543 0 1764198012 108400 1
`
)

func TestThePrintedSummaryIsRead(t *testing.T) {
	t.Parallel()
	got, err := parseSummary("pgbench (15.18)\n" + printed)
	if want := (summary{processed: 5, failed: 1, retries: 22, rate: 909.377015}); err != nil || got != want {
		t.Errorf("summary %+v, %v, want %+v", got, err, want)
	}
}

func TestALineThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"number of transactions actually processed", "number of failed transactions", "total number of retries", "tps =",
	} {
		var kept []string
		for l := range strings.Lines(printed) {
			if !strings.HasPrefix(l, line) {
				kept = append(kept, l)
			}
		}
		if _, err := parseSummary(strings.Join(kept, "")); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("without %q: %v", line, err)
		}
	}
}

func TestTheLogGivesLatenciesOfWhatSucceeded(t *testing.T) {
	t.Parallel()
	got, err := parseLog(secondLog)
	if want := []time.Duration{911 * time.Microsecond, 7543 * time.Microsecond}; err != nil || !slices.Equal(got, want) {
		t.Errorf("latencies %v, %v, want %v", got, err, want)
	}
}

func TestALogThatIsNotUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"0 0 5324 0 1764198012 105512",       // without retries
		"0 0 5324 0 1764198012 105512 0 0",   // with a schedule
		"0 0 skipped 0 1764198012 105512 0",  // of --rate
		"0 0 53.24 0 1764198012 105512 0",    // not in microseconds
		"0 0 5324 0 1764198012 105512 0\n\n", // an empty line
	} {
		if got, err := parseLog(line); err == nil {
			t.Errorf("%q gave %v", line, got)
		}
	}
}

// logs writes the logs of two threads and returns what their names begin with.
func logs(t *testing.T, first, second string) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "log")
	for name, text := range map[string]string{".4711": first, ".4711.1": second} {
		if err := os.WriteFile(prefix+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return prefix
}

func TestASampleIsMadeOfSummaryAndLogs(t *testing.T) {
	t.Parallel()
	got, err := readPgbench(printed, logs(t, firstLog, secondLog), 32)
	if err != nil {
		t.Fatal(err)
	}
	want := sample{
		rate: 909.377015, committed: 5, retries: 22,
		p50: 7543 * time.Microsecond, p99: 818204 * time.Microsecond, max: 818204 * time.Microsecond,
	}
	if *got != want {
		t.Errorf("sample %+v, want %+v", *got, want)
	}
}

func TestFailuresBeyondOneAClientAreGivenUpTransfers(t *testing.T) {
	t.Parallel()
	out := strings.Replace(printed, "failed transactions: 1", "failed transactions: 40", 1)
	got, err := readPgbench(out, logs(t, firstLog, secondLog), 32)
	if err != nil || got.exhausted != 8 {
		t.Errorf("sample %+v, %v, want 8 given up", got, err)
	}
}

func TestALogThatMissesTransactionsIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := readPgbench(printed, logs(t, firstLog, ""), 32); err == nil || !strings.Contains(err.Error(), "logged 3 transactions and printed 5") {
		t.Errorf("err = %v", err)
	}
}
