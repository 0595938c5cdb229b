package reads

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/page"
	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Report is the outcome of a run.
type Report struct {
	Setup   [][2]string // what was measured with, each a name and a value
	Results []*Result
	Added   []Added
	// Charts says where a chart stands, from the page. Default: none.
	Charts func(name string) string
	cfg    Config
}

const head = `# Reads that share round trips

Written by ` + "`make bench-reads`" + `, and by nothing else.

One row by its primary key, out of %d, each compared with what it should be. sqlkeel is beside a bare pgxpool of the same
size, with the same code of sqlc and the same SQL. A figure is how many times better sqlkeel is in the same round: 2.00 is
twice the reads in a second, or half the time. It is the median over the rounds, and the brackets are its interval, a
bootstrap of 95 %%. A second pgxpool has a turn in each round. What it differs from the first is the noise: a promise of "no
worse" holds down to its lower end. More than %s are not measured.

`

// Write writes the page.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, head, r.cfg.Rows, cores())
	for i, row := range append([][2]string{{"", ""}}, r.Setup...) {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
		if i == 0 {
			b.WriteString("|---|---|\n")
		}
	}
	r.writeClaims(&b)
	r.writeAlone(&b)
	r.writeMixed(&b)
	r.writeRates(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeClaims lists the promises, those that do not hold first.
func (r *Report) writeClaims(b *strings.Builder) {
	b.WriteString("\n## What is promised\n\n")
	all := claims(r.Results)
	if len(all) == 0 {
		fmt.Fprintf(b, "Nothing is judged by fewer than %d rounds.\n", leastRounds)
		return
	}
	for _, v := range []Verdict{Fails, Undecided, Holds} {
		n := 0
		for _, c := range all {
			if c.Verdict == v {
				n++
			}
		}
		fmt.Fprintf(b, "%s: %d. ", v, n)
	}
	b.WriteString("A promise is undecided when its figure misses it and the interval does not, or when the noise would hide a loss.\n\n")
	var rows [][]string
	for _, c := range all {
		promise := "no worse"
		if c.Bar > 1 {
			promise = fmt.Sprintf("%.0f times", c.Bar)
		}
		rows = append(rows, []string{c.Cell.Name(), c.Metric, promise, c.Gain.String(), c.Band.String(), string(c.Verdict)})
	}
	page.Table(b, []string{"Cell", "Of", "Promise", "Measured", "Noise", "Holds"}, rows)
}

// writeAlone has the cells of nothing but reads: a table for each setting.
func (r *Report) writeAlone(b *strings.Builder) {
	b.WriteString("\n## Reads alone\n")
	if r.Charts != nil {
		for _, chart := range charts {
			if len(r.lines(chart)) > 0 {
				fmt.Fprintf(b, "\n![%s](%s)\n", chart.title, r.Charts(chart.name))
			}
		}
	}
	for _, setting := range r.settings() {
		title := "Loopback"
		if setting != "" {
			title = strings.ToUpper(setting[:1]) + setting[1:]
		}
		fmt.Fprintf(b, "\n### %s\n\n", title)
		r.writeGrid(b, setting)
	}
	if len(r.Added) > 0 {
		writeAdded(b, r.Added)
	}
}

// settings are those of the cells of reads alone, in their order.
func (r *Report) settings() []string {
	var found []string
	for _, result := range r.Results {
		if s := result.Cell.setting(); result.Cell.Others == NoOthers && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}

func (r *Report) writeGrid(b *strings.Builder, setting string) {
	var conns, callers []int
	cells := map[[2]int]string{}
	for _, result := range r.Results {
		c := result.Cell
		if c.Others != NoOthers || c.setting() != setting {
			continue
		}
		conns, callers = append(conns, c.Conns), append(callers, c.Callers)
		cells[[2]int{c.Callers, c.Conns}] = result.brief()
	}
	slices.Sort(conns)
	slices.Sort(callers)
	conns, callers = slices.Compact(conns), slices.Compact(callers)
	names := []string{"Callers"}
	for _, n := range conns {
		names = append(names, fmt.Sprintf("pool of %d", n))
	}
	var rows [][]string
	for _, n := range callers {
		row := []string{fmt.Sprint(n)}
		for _, size := range conns {
			row = append(row, cells[[2]int{n, size}])
		}
		rows = append(rows, row)
	}
	page.Table(b, names, rows)
}

// brief is the gain of reads, or of the others in an open loop.
func (r *Result) brief() string {
	switch {
	case r.Missing != "":
		return "not measured: " + r.Missing
	case len(r.Metrics) == 0:
		return "–"
	case r.Metric(readRate) == nil:
		return fmt.Sprintf("%s %s, %s %s", readP99, r.Metric(readP99).Gain(ours), otherP99, r.Metric(otherP99).Gain(ours))
	case r.Metric(otherRate) != nil:
		return fmt.Sprintf("%s %s, %s %s", readRate, r.Metric(readRate).Gain(ours), otherRate, r.Metric(otherRate).Gain(ours))
	}
	return r.Metric(readRate).Gain(ours).String()
}

func writeAdded(b *strings.Builder, all []Added) {
	b.WriteString(`
The latency is added by a process that holds what the client sends. It uses the same cores, once for each flush, which
favours reads that share one: compare few callers. Measured by one caller on one connection:

`)
	var rows [][]string
	for _, a := range all {
		rows = append(rows, []string{a.Asked.String(), micros(a.Direct), micros(a.Through), micros(a.Through - a.Direct), micros(a.CPU)})
	}
	page.Table(b, []string{"Asked", "a read without", "a read with it", "added", "CPU of the process, a read"}, rows)
}

func (r *Report) writeMixed(b *strings.Builder) {
	begun := false
	for _, result := range r.Results {
		if result.Cell.Others == NoOthers {
			continue
		}
		if !begun {
			fmt.Fprintf(b, `
## Mixed loads

Half of the callers read. In a closed loop a caller begins when its last statement has ended. In an open loop statements
begin at random moments, fixed by the seed, %.0f %% as many as the pgxpool does in a closed loop; their time counts from there.
`, share*100)
			begun = true
		}
		writeMixed(b, result)
	}
}

func writeMixed(b *strings.Builder, r *Result) {
	name := r.Cell.Name()
	fmt.Fprintf(b, "\n### %s\n\n", strings.ToUpper(name[:1])+name[1:])
	if r.Missing != "" {
		fmt.Fprintf(b, "Not measured: %s.\n", r.Missing)
		return
	}
	if r.Cell.Open {
		fmt.Fprintf(b, "Offered: %.0f reads and %.0f others in a second. 99 %% of them began less than %s late.\n\n", r.Offered[0], r.Offered[1], micros(r.Late))
	}
	var rows [][]string
	for _, m := range r.Metrics {
		row := []string{m.Name, m.value(m.Median(bare))}
		for _, arm := range r.Cell.ours() {
			row = append(row, m.value(m.Median(arm)), m.Gain(arm).String())
		}
		rows = append(rows, append(row, stats.Noise(m.Gain(again)).String()))
	}
	page.Table(b, mixedHead(r.Cell), rows)
}

func mixedHead(c Cell) []string {
	names := []string{"Of", bare}
	for _, arm := range c.ours() {
		names = append(names, arm, "better by")
	}
	return append(names, "Noise")
}

func (m *Metric) value(v float64) string {
	if m.Time {
		return micros(time.Duration(v * float64(time.Second)))
	}
	return fmt.Sprintf("%.0f/s", v)
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.4g µs", float64(d)/float64(time.Microsecond))
}

// writeRates has the figures behind the ratios.
func (r *Report) writeRates(b *strings.Builder) {
	var rows [][]string
	for _, result := range r.Results {
		m := result.Metric(readRate)
		if m == nil || result.Cell.Others != NoOthers {
			continue
		}
		row := []string{result.Cell.Name()}
		for _, arm := range []string{bare, ours, alone} {
			value := "–"
			if len(m.Series[arm]) > 0 {
				value = m.value(m.Median(arm))
			}
			row = append(row, value)
		}
		trips := "–"
		if result.PerTrip > 0 {
			trips = fmt.Sprintf("%.0f %%, %.1f", 100*result.Shared, result.PerTrip)
		}
		rows = append(rows, append(row, trips, stats.Noise(m.Gain(again)).String(), fmt.Sprint(result.Rounds)))
	}
	if len(rows) > 0 {
		b.WriteString("\n## Behind the ratios\n\nMedians over the rounds, how many of the reads shared a round trip, and with how many.\n\n")
		page.Table(b, []string{"Cell", bare, ours, alone, "Shared, in one trip", "Noise", "Rounds"}, rows)
	}
}
