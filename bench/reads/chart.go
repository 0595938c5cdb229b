package reads

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/sqlkeel/sqlkeel/bench/page"
)

// chart has a line for each value of what its cells differ by.
type chart struct {
	name, title string
	line        func(Cell) string // empty: it is not in the chart
}

var charts = []chart{
	{"shared-reads", "reads in a second to those of a pgxpool of the same size", func(c Cell) string {
		if c.setting() != "" {
			return ""
		}
		return fmt.Sprintf("pool of %d", c.Conns)
	}},
	{"shared-reads-settings", "the same with a pool of 8, by where it runs", func(c Cell) string {
		switch {
		case c.Conns != 8:
			return ""
		case c.setting() == "":
			return "loopback"
		case c.Apart:
			return "cores apart"
		}
		return c.setting()
	}},
}

// Files are the charts by their places from the page, each with what writes it.
func (r *Report) Files() map[string]func(io.Writer) error {
	files := map[string]func(io.Writer) error{}
	for _, c := range charts {
		if len(r.lines(c)) > 0 {
			files[r.Charts(c.name)] = func(w io.Writer) error { return r.draw(w, c) }
		}
	}
	return files
}

// line is a series of a chart: gains by how many callers there are.
type line struct {
	name string
	plotter.XYs
	plotter.YErrors
}

func (r *Report) lines(c chart) []*line {
	var found []*line
	for _, result := range r.Results {
		name := c.line(result.Cell)
		m := result.Metric(readRate)
		if name == "" || m == nil || result.Cell.Others != NoOthers {
			continue
		}
		i := slices.IndexFunc(found, func(l *line) bool { return l.name == name })
		if i < 0 {
			i = len(found)
			found = append(found, &line{name: name})
		}
		found[i].insert(float64(result.Cell.Callers), m)
	}
	return found
}

// insert keeps the points in the order of callers.
func (l *line) insert(callers float64, m *Metric) {
	e := m.Gain(ours)
	at := 0
	for at < len(l.XYs) && l.XYs[at].X < callers {
		at++
	}
	l.XYs = slices.Insert(l.XYs, at, plotter.XY{X: callers, Y: e.Median})
	l.YErrors = slices.Insert(l.YErrors, at, struct{ Low, High float64 }{e.Low - e.Median, e.High - e.Median})
}

// draw writes a chart as SVG.
func (r *Report) draw(w io.Writer, c chart) error {
	p := page.NewPlot()
	p.X.Label.Text, p.Y.Label.Text = "callers at a time", "reads in a second to those of pgxpool"
	p.X.Scale, p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogScale{}, page.Powers{}
	var ticks []plot.Tick
	for _, callers := range []float64{1, 4, 8, 16, 64, 256} {
		ticks = append(ticks, plot.Tick{Value: callers, Label: fmt.Sprint(callers)})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0.9, 300, 0.7, 2
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, page.Faint
	p.Add(grid, page.Line(p.X.Min, 1, p.X.Max, 1))
	for i, l := range r.lines(c) {
		joined, marks, err := plotter.NewLinePoints(l)
		if err != nil {
			return fmt.Errorf("draw %s: %w", l.name, err)
		}
		bars, err := plotter.NewYErrorBars(l)
		if err != nil {
			return fmt.Errorf("draw %s: %w", l.name, err)
		}
		marks.GlyphStyle = page.Mark(i + 1)
		joined.Color, joined.Width = marks.Color, vg.Points(1.5)
		bars.Color, bars.CapWidth = marks.Color, 0
		p.Add(joined, bars, marks)
		p.Legend.Add(l.name, marks)
	}
	return page.Draw(w, p, 4.2*vg.Inch)
}

// cores says how many there were.
func cores() string { return fmt.Sprintf("%d cores", runtime.NumCPU()) }
