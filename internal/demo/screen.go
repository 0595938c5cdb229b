package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
)

// screen is where the demonstration is shown. On a terminal it draws a bar;
// elsewhere it writes plain lines.
type screen struct {
	out      io.Writer
	terminal bool
}

// outlet calls broken when the output cannot be written any more.
type outlet struct {
	io.Writer
	broken func(error)
}

// Write passes p on.
func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		o.broken(fmt.Errorf("write the output: %w", err))
	}
	return n, err
}

func (s *screen) heading(n, of int, title string) {
	fmt.Fprintf(s.out, "\n[%d/%d] %s\n", n, of, title)
}

func (s *screen) line(format string, args ...any) {
	fmt.Fprintf(s.out, "      "+format+"\n", args...)
}

// progress returns a function that takes how many more of total are done.
// On a terminal it moves a bar; elsewhere it writes a line each quarter.
func (s *screen) progress(what string, total int) func(int) {
	if s.terminal {
		bar := progressbar.NewOptions(total,
			progressbar.OptionSetWriter(s.out), progressbar.OptionSetDescription("      "+what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionOnCompletion(func() { fmt.Fprintln(s.out) }))
		return func(n int) { _ = bar.Add(n) }
	}
	done, quarter := 0, 0
	return func(n int) {
		done += n
		if q := done * 4 / max(total, 1); q > quarter {
			quarter = q
			s.line("%s: %d of %d", what, done, total)
		}
	}
}

// table writes rows with aligned columns, the first row being the heading.
func (s *screen) table(rows [][]string) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "      "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

// cents writes an amount of money.
func cents(n int64) string {
	if n < 0 {
		return "-" + cents(-n)
	}
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
