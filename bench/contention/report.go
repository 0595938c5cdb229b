package contention

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is the outcome of [Run].
type Report struct {
	cfg      Config
	settings []setting
	results  []*result
}

// Wrong returns, in a line each, the effects that were not as reported, and how
// many transfers were given up. There must be none.
func (r *Report) Wrong() []string {
	var wrong []string
	for _, res := range r.results {
		for _, s := range res.series {
			for _, what := range s.wrong {
				wrong = append(wrong, fmt.Sprintf("%v: %s: %s", res.Scenario, s.name, what))
			}
			if n := s.exhausted(); n > 0 {
				wrong = append(wrong, fmt.Sprintf("%v: %s: %d transfers were given up", res.Scenario, s.name, n))
			}
		}
	}
	return wrong
}

// Write prints how it was measured and a table for each scenario.
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
	fmt.Fprintf(w, "rounds: %d of %v for each arm, seed %d\n", r.cfg.Rounds, r.cfg.Duration, r.cfg.Seed)
	fmt.Fprintf(w, "table: %s\n", createAccounts)
	fmt.Fprintf(w, "accounts: %d, or the rows of the scenario if they are more\n", r.cfg.Table)
	fmt.Fprintln(w, "the end of a round: transfers under way are finished and count in the latency only; pgbench drops them")
	fmt.Fprintln(w, "transfer, ids in ascending order:")
	for _, sql := range []string{
		begin(r.cfg.Isolation), selectBalance, selectBalance, updateBalance, updateBalance, "commit",
	} {
		fmt.Fprintf(w, "  %s\n", sql)
	}
}

func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "\n%v\n\n", r.Scenario)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, name("arm")+"\ttx/s\tto plain pgx\t\tretries/commit\tp50\tp99\tmax\texhausted\t")
	for _, s := range r.series {
		fmt.Fprintln(table, strings.Join(s.cells(), "\t")+"\t")
	}
	_ = table.Flush() // w is in memory
	fmt.Fprintf(w, "\nPlain pgx to itself: %v. Ratios from %v are ties.\n", r.noise, r.band)
	for _, s := range r.series {
		if s.missing != "" {
			fmt.Fprintf(w, "ARM MISSING: %s: %s\n", s.name, s.missing)
		}
	}
}

func (s *series) cells() []string {
	if s.missing != "" {
		return []string{name(s.name), "MISSING", "-", "-", "-", "-", "-", "-", "-"}
	}
	standing := string(s.standing)
	switch s.role {
	case baseline:
		standing = "baseline"
	case again:
		standing = "noise"
	}
	return []string{
		name(s.name),
		fmt.Sprintf("%.0f", median(s.rates())),
		s.ratio.String(),
		standing,
		fmt.Sprintf("%.2f", s.retriesPerCommit()),
		brief(s.latency(func(s *sample) time.Duration { return s.p50 })),
		brief(s.latency(func(s *sample) time.Duration { return s.p99 })),
		brief(s.longest()),
		fmt.Sprint(s.exhausted()),
	}
}

// name fills up an arm's name, because a column is either all left or all right.
func name(arm string) string { return fmt.Sprintf("%-16s", arm) }

// brief is d in milliseconds.
func brief(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
