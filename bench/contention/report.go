package contention

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Report is the outcome of [Run].
type Report struct {
	cfg      Config
	settings []setting
	results  []*result
}

// Wrong returns, in a line each, the effects that were not as reported, and how
// many jobs were given up. There must be none.
func (r *Report) Wrong() []string {
	var wrong []string
	for _, res := range r.results {
		for _, what := range res.wrong {
			wrong = append(wrong, res.name+": "+what)
		}
		for _, row := range res.rows {
			if n := row.exhausted(); n > 0 {
				wrong = append(wrong, fmt.Sprintf("%s: %s: %d jobs were given up", res.name, row.name, n))
			}
		}
	}
	return wrong
}

// Write prints how it was measured and a table for each workload and class.
func (r *Report) Write(w io.Writer) error {
	var text strings.Builder
	r.writeSetup(&text)
	for _, res := range r.results {
		res.write(&text)
	}
	for _, line := range r.Wrong() {
		fmt.Fprintln(&text, "WRONG:", line)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (r *Report) writeSetup(w io.Writer) {
	for _, s := range r.settings {
		fmt.Fprintf(w, "%s: %s\n", s.name, s.value)
	}
	fmt.Fprintf(w, "client: %s, GOMAXPROCS %d, pool of %d\n", runtime.Version(), runtime.GOMAXPROCS(0), r.cfg.Pool)
	fmt.Fprintf(w, "rounds: %d of %v for each arm, %d workers, seed %d\n", r.cfg.Rounds, r.cfg.Duration, r.cfg.Workers, r.cfg.Seed)
	fmt.Fprintf(w, "rows: %d hot of %d, slow transfers pause for %v\n", r.cfg.Rows, r.cfg.Table, r.cfg.Slow)
	for _, name := range r.cfg.Workloads {
		found, _ := find(name)
		fmt.Fprintf(w, "%s: %s\n", name, found.about)
	}
}

func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", r.name)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, padded("arm")+"\ttx/s\tsqlkeel to it\tretries/commit\tp50\tp99\tmax\texhausted\t")
	for _, row := range r.rows {
		fmt.Fprintln(table, strings.Join(row.cells(), "\t")+"\t")
	}
	_ = table.Flush() // w is in memory
	if r.noise != (stats.Estimate{}) {
		fmt.Fprintf(w, "\nA/A, sqlkeel to itself: %v. Ratios from %v are noise.\n", r.noise, stats.Noise(r.noise))
	}
	for _, row := range r.rows {
		if row.missing != "" {
			fmt.Fprintf(w, "ARM MISSING: %s: %s\n", row.name, row.missing)
		}
	}
}

func (r *row) cells() []string {
	if r.missing != "" {
		return []string{padded(r.name), "MISSING", "-", "-", "-", "-", "-", "-"}
	}
	ratio := "-"
	if r.role != ours && r.ratio != (stats.Estimate{}) {
		ratio = r.ratio.String()
	}
	return []string{
		padded(r.name),
		fmt.Sprintf("%.0f", stats.Median(r.rates())),
		ratio,
		fmt.Sprintf("%.2f", r.retriesPerCommit()),
		brief(r.latency(func(s *sample) time.Duration { return s.p50 })),
		brief(r.latency(func(s *sample) time.Duration { return s.p99 })),
		brief(r.longest()),
		fmt.Sprint(r.exhausted()),
	}
}

// padded fills up an arm's name, because a column is either all left or all right.
func padded(arm string) string { return fmt.Sprintf("%-13s", arm) }

// brief is d in milliseconds.
func brief(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
