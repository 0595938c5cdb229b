package contention

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// summary is what pgbench prints at its end.
type summary struct {
	processed, failed, retries int
	rate                       float64
}

// parseSummary reads the lines that count; each must be there.
func parseSummary(out string) (summary, error) {
	var s summary
	for _, line := range []struct {
		pattern string
		field   any
	}{
		{`(?m)^number of transactions actually processed: (\d+)`, &s.processed},
		{`(?m)^number of failed transactions: (\d+)`, &s.failed},
		{`(?m)^total number of retries: (\d+)`, &s.retries},
		{`(?m)^tps = ([\d.]+) \(without initial connection time\)`, &s.rate},
	} {
		match := regexp.MustCompile(line.pattern).FindStringSubmatch(out)
		if match == nil {
			return summary{}, fmt.Errorf("pgbench printed no line like %s:\n%s", line.pattern, out)
		}
		if _, err := fmt.Sscan(match[1], line.field); err != nil {
			return summary{}, fmt.Errorf("pgbench: %q: %w", match[0], err)
		}
	}
	return s, nil
}

// parseLog returns the latencies in a log of transactions. They are those of
// transactions with all their tries; of those that failed there is none.
func parseLog(log string) ([]time.Duration, error) {
	var latencies []time.Duration
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		// client, number, microseconds, script, time (2), retries
		fields := strings.Fields(lines.Text())
		if len(fields) != 7 {
			return nil, fmt.Errorf("pgbench logged %q: 7 fields were expected", lines.Text())
		}
		if fields[2] == "failed" {
			continue
		}
		micros, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("pgbench logged %q: %w", lines.Text(), err)
		}
		latencies = append(latencies, time.Duration(micros)*time.Microsecond)
	}
	return latencies, lines.Err()
}

// readPgbench makes a sample of what pgbench printed and of the logs of its
// threads, whose names begin with log.
func readPgbench(out, log string, clients int) (*sample, error) {
	printed, err := parseSummary(out)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(log + ".*")
	if err != nil {
		return nil, err
	}
	var latencies []time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		more, err := parseLog(string(text))
		if err != nil {
			return nil, err
		}
		latencies = append(latencies, more...)
	}
	if len(latencies) != printed.processed {
		return nil, fmt.Errorf("pgbench logged %d transactions and printed %d", len(latencies), printed.processed)
	}
	s := &sample{
		rate:      printed.rate,
		committed: printed.processed,
		retries:   printed.retries,
		// Without a limit of tries only the end of the run makes a transaction
		// fail, one a client.
		exhausted: max(0, printed.failed-clients),
	}
	s.setLatencies(latencies)
	return s, nil
}
