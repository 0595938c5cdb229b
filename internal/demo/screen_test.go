package demo

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestPlainOutputIsLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := screen{out: &out}
	s.heading(2, 12, "bulk load")
	s.line("%d rows", 7)
	if want := "\n[2/12] bulk load\n      7 rows\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestPlainProgressIsALineAQuarter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		total int
		steps []int
		want  string
	}{
		{100, []int{10, 14, 1, 30, 45}, "25 of 100,55 of 100,100 of 100"},
		{100, []int{100}, "100 of 100"},
		{3, []int{1, 1, 1}, "1 of 3,2 of 3,3 of 3"},
		{100, []int{1, 1, 1}, ""},
		{0, []int{0, 0}, ""},
	} {
		var out bytes.Buffer
		moved := (&screen{out: &out}).progress("rows", tc.total)
		for _, n := range tc.steps {
			moved(n)
		}
		var want strings.Builder
		for line := range strings.SplitSeq(tc.want, ",") {
			if line != "" {
				want.WriteString("      rows: " + line + "\n")
			}
		}
		if out.String() != want.String() {
			t.Errorf("%v of %d: %q, want %q", tc.steps, tc.total, out.String(), want.String())
		}
	}
}

func TestATerminalGetsABarThatEndsItsLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	moved := (&screen{out: &out, terminal: true}).progress("rows", 200)
	for range 4 {
		moved(50)
	}
	text := out.String()
	if !strings.Contains(text, "\r") || !strings.Contains(text, "200/200") || !strings.HasSuffix(text, "\n") {
		t.Errorf("no bar: %q", text)
	}
	if strings.Contains(text, "50 of 200") || strings.Count(text, "\n") != 1 {
		t.Errorf("lines as well: %q", text)
	}
}

func TestNoBarIsDrawnElsewhere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&screen{out: &out}).progress("rows", 4)(4)
	if strings.ContainsAny(out.String(), "\r\x1b") {
		t.Errorf("control characters: %q", out.String())
	}
}

func TestTablesAreAligned(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&screen{out: &out}).table([][]string{
		{"TITLE", "PRICE", "STOCK"},
		{"The Name of the Rose", "9.99", "1"},
		{"", "10.00", "22"},
		{"Les Mis\u00e9rables", "1.00", "3"},
	})
	want := `      TITLE                 PRICE  STOCK
      The Name of the Rose  9.99   1
                            10.00  22
      Les Mis` + "\u00e9" + `rables        1.00   3
`
	if out.String() != want {
		t.Errorf("\n%swant\n%s", out.String(), want)
	}
}

func TestMoneyHasTwoDecimals(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0.00", 1: "0.01", 99: "0.99", 100: "1.00", 123456: "1234.56", -5: "-0.05", -250: "-2.50",
	} {
		if got := cents(n); got != want {
			t.Errorf("%d cents are %q, want %q", n, got, want)
		}
	}
}

func TestAnOutletTellsThatItsWriterFailed(t *testing.T) {
	t.Parallel()
	var told error
	var out bytes.Buffer
	o := &outlet{&out, func(err error) { told = err }}
	if n, err := o.Write([]byte("text")); n != 4 || err != nil || told != nil || out.String() != "text" {
		t.Errorf("%d written, error %v, told %v", n, err, told)
	}
	r, w := io.Pipe()
	_ = r.Close()
	o.Writer = w
	if _, err := o.Write([]byte("text")); !errors.Is(err, io.ErrClosedPipe) || !errors.Is(told, io.ErrClosedPipe) {
		t.Errorf("error %v, told %v", err, told)
	}
}

func TestTheSummaryIsATable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := stage{screen: screen{out: &out}}
	p := program{parts: []part{{title: "first"}, {title: "the second"}, {title: "third"}}}
	results := []result{
		{finding: "7 rows", took: 1500 * time.Millisecond},
		{err: errors.New("two\n\tlines"), took: 2 * time.Millisecond},
	}
	err := s.summary(p, results, 3*time.Second)
	want := `
Summary

      PART        HELD  TIME  FINDING
      first       yes   1.5s  7 rows
      the second  NO    2ms   two lines
      third       -     -     not shown

      1 of 3 parts held, in 3s
`
	if out.String() != want {
		t.Errorf("%swant%s", out.String(), want)
	}
	if !errors.Is(err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", err)
	}
}

func TestTheSummaryFailsUnlessEveryPartHeld(t *testing.T) {
	t.Parallel()
	p := program{parts: []part{{title: "first"}, {title: "second"}}}
	broken := result{err: errors.New("broken")}
	for _, tc := range []struct {
		results []result
		want    error
	}{
		{[]result{{}, {}}, nil},
		{[]result{{}}, ErrFailed},
		{nil, ErrFailed},
		{[]result{broken, {}}, ErrFailed},
		{[]result{{}, broken}, ErrFailed},
	} {
		s := stage{screen: screen{out: io.Discard}}
		if err := s.summary(p, tc.results, 0); !errors.Is(err, tc.want) {
			t.Errorf("%v: error %v, want %v", tc.results, err, tc.want)
		}
	}
}
