// Package report writes what was measured as a page of Markdown and charts beside it.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Report is the outcome of a run.
type Report struct {
	Setup   [][2]string // what was measured with, each a name and a value
	Arms    []rivals.Arm
	Results []*rivals.Result
	// More are sections at the end, of what is measured in other ways.
	More []Section
	// Charts says where the chart of a group stands, from the page. Default: none.
	Charts func(group string) string
}

// Section is a title and its Markdown.
type Section struct{ Title, Text string }

// Groups returns the groups of the results, in their order.
func (r *Report) Groups() []string {
	var groups []string
	for _, result := range r.Results {
		if len(groups) == 0 || groups[len(groups)-1] != result.Group {
			groups = append(groups, result.Group)
		}
	}
	return groups
}

// Write writes the page.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString(head)
	table(&b, []string{"", ""}, r.Setup)
	r.writeArms(&b)
	r.writeSummary(&b)
	r.writeCost(&b)
	for _, group := range r.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.ToUpper(group[:1])+group[1:])
		if r.Charts != nil {
			fmt.Fprintf(&b, "\n![%s: time to that of pgx](%s)\n", group, r.Charts(group))
		}
		for _, result := range r.Results {
			if result.Group == group {
				writeResult(&b, result)
			}
		}
	}
	for _, s := range r.More {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Title, strings.TrimSpace(s.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const head = `# Results

Written by ` + "`make bench`" + `, and by nothing else.

The time of an arm is compared with that of pgx by hand in the same round: 2.00 is twice as slow. The figure is the
median over the rounds, and the brackets are its interval, a bootstrap of 95 %. pgx runs twice in each round. What it
differs from itself is the band of noise, and what is within the band is a tie. Round trips, statements and allocations
are those of one operation.

`

func (r *Report) writeArms(b *strings.Builder) {
	b.WriteString("\n| Arm | How it is used |\n|---|---|\n")
	for _, a := range r.Arms {
		fmt.Fprintf(b, "| %s | %s |\n", a.Name, a.About)
	}
}

// writeSummary lists what sqlkeel loses, then what is a tie, then what it wins.
func (r *Report) writeSummary(b *strings.Builder) {
	b.WriteString("\n## sqlkeel beside the others\n\n")
	for _, v := range []struct {
		verdict rivals.Verdict
		title   string
	}{{rivals.Behind, "Behind"}, {rivals.Tie, "No difference beyond the noise"}, {rivals.Ahead, "Ahead"}} {
		found := 0
		var lines strings.Builder
		for _, result := range r.Results {
			var arms []string
			for _, row := range result.Rowset {
				if result.Verdict(row) == v.verdict {
					arms = append(arms, row.Arm+" "+times(row.Own))
				}
			}
			found += len(arms)
			if len(arms) > 0 {
				fmt.Fprintf(&lines, "| %s | %s |\n", result.Name, strings.Join(arms, ", "))
			}
		}
		fmt.Fprintf(b, "**%s: %d.**", v.title, found)
		if found > 0 {
			b.WriteString(" Time of sqlkeel to that of the arm:\n\n| Workload | Arms |\n|---|---|\n" + lines.String())
		}
		b.WriteString("\n\n")
	}
}

// The most that sqlkeel may cost over pgx by hand.
const (
	mostRatio  = 1.03
	mostAllocs = 4
)

// writeCost shows what sqlkeel costs over pgx by hand.
func (r *Report) writeCost(b *strings.Builder) {
	fmt.Fprintf(b, "## What sqlkeel costs over pgx by hand\n\nThe claim is a time whose interval reaches down to %.2f, no more round trips or statements, and at most %d allocations more.\n\n", mostRatio, mostAllocs)
	b.WriteString("| Workload | Time | Round trips | Statements | Allocations | Holds |\n|---|--:|--:|--:|--:|---|\n")
	for _, result := range r.Results {
		base, own := result.Row(result.Rowset[0].Arm), result.Row(rivals.Ours)
		if base == nil || own == nil || result.Cache {
			continue
		}
		trips, statements, allocs := own.Trips-base.Trips, own.Statements-base.Statements, own.Allocs-base.Allocs
		var fails []string
		if own.Ratio.Low > mostRatio {
			fails = append(fails, "time")
		}
		if trips > 0 {
			fails = append(fails, "round trips")
		}
		if statements > 0 {
			fails = append(fails, "statements")
		}
		if allocs > mostAllocs+0.5 {
			fails = append(fails, "allocations")
		}
		holds := "yes"
		if len(fails) > 0 {
			holds = "**no: " + strings.Join(fails, ", ") + "**"
		}
		fmt.Fprintf(b, "| %s | %s | %+d | %+d | %+.0f | %s |\n", result.Name, own.Ratio, trips, statements, allocs, holds)
	}
}

func writeResult(b *strings.Builder, r *rivals.Result) {
	fmt.Fprintf(b, "\n### %s\n\n%s. %d books, %d at a time.", upper(r.Name), upper(r.About), r.Rows, r.Callers)
	if r.Band != 0 {
		fmt.Fprintf(b, " Noise: %s.", r.Band)
	}
	b.WriteString("\n\n| Arm | Time | to pgx | sqlkeel to it | | Round trips | Statements | Allocations |")
	if r.Cache {
		b.WriteString(" Old reads |")
	}
	b.WriteString("\n|---|--:|--:|--:|---|--:|--:|--:|")
	if r.Cache {
		b.WriteString("--:|")
	}
	b.WriteString("\n")
	for _, row := range r.Rowset {
		if row.Missing == "it is a cache" {
			continue
		}
		b.WriteString("| " + strings.Join(cells(r, row), " | ") + " |\n")
	}
	for _, row := range r.Rowset {
		if row.Wrong {
			fmt.Fprintf(b, "\n**%s failed:** %s\n", row.Arm, row.Missing)
		}
	}
}

func cells(r *rivals.Result, row *rivals.Row) []string {
	all := []string{row.Arm, "–", "–", "–", "", "–", "–", "–"}
	switch {
	case row.Wrong:
		all[4] = "failed"
	case row.Missing != "":
		all[4] = row.Missing
	default:
		all[1], all[2], all[7] = short(row.PerOp), ratio(row.Ratio), fmt.Sprintf("%.0f", row.Allocs)
		if row.Arm != rivals.Ours {
			all[3], all[4] = ratio(row.Own), string(r.Verdict(row))
		}
		if row.Counted {
			all[5], all[6] = fmt.Sprint(row.Trips), fmt.Sprint(row.Statements)
		}
	}
	if r.Cache {
		old := "–"
		if row.Missing == "" && row.Old >= 0 {
			old = fmt.Sprintf("%.1f %%", row.Old)
		}
		all = append(all, old)
	}
	return all
}

// ratio is an estimate, or a dash when there is none.
func ratio(e stats.Estimate) string {
	switch {
	case e == (stats.Estimate{}):
		return "–"
	case e.Median < 0.1:
		return fmt.Sprintf("%.4f [%.4f, %.4f]", e.Median, e.Low, e.High)
	}
	return e.String()
}

// times is the middle of an estimate.
func times(e stats.Estimate) string {
	if e.Median < 0.1 {
		return fmt.Sprintf("%.4f", e.Median)
	}
	return fmt.Sprintf("%.2f", e.Median)
}

// short is a time in nanoseconds with three digits.
func short(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%.0f ns", ns)
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	}
	return fmt.Sprintf("%.3g ms", ns/1e6)
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func table(b *strings.Builder, head []string, rows [][2]string) {
	fmt.Fprintf(b, "| %s |\n|---|---|\n", strings.Join(head, " | "))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s | %s |\n", row[0], row[1])
	}
}
