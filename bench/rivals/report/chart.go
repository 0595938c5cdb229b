package report

import (
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/sqlkeel/sqlkeel/bench/page"
	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// Chart draws the ratios of a group's workloads to pgx by hand, as SVG: a line for each
// workload, a mark for each arm, and its interval.
func (r *Report) Chart(w io.Writer, group string) error {
	results := r.of(group)
	p, err := r.plot(results)
	if err != nil {
		return err
	}
	return page.Draw(w, p, vg.Length(len(results))*0.62*vg.Inch+0.7*vg.Inch)
}

func (r *Report) of(group string) []*rivals.Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(result *rivals.Result) bool { return result.Group != group })
}

func (r *Report) plot(results []*rivals.Result) (*plot.Plot, error) {
	p := empty(results)
	for i, a := range r.Arms {
		points := ratios(results, a.Name, i, len(r.Arms))
		if len(points.XYs) == 0 {
			continue
		}
		marks, err := plotter.NewScatter(points)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", a.Name, err)
		}
		bars, err := plotter.NewXErrorBars(points)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", a.Name, err)
		}
		marks.GlyphStyle = page.Mark(i)
		if a.Name == rivals.Ours {
			marks.Radius = vg.Points(5)
		}
		bars.Color, bars.CapWidth = marks.Color, 0
		p.Add(bars, marks)
		p.Legend.Add(a.Name, marks)
	}
	return p, nil
}

// spots are the ratios of an arm with their intervals.
type spots struct {
	plotter.XYs
	plotter.XErrors
}

// ratios has the line of the first result on top, and in it the first arm.
func ratios(results []*rivals.Result, arm string, place, places int) spots {
	var s spots
	for i, result := range results {
		row := result.Row(arm)
		if row == nil || row.Ratio.Median <= 0 {
			continue
		}
		y := float64(len(results)-1-i) + 0.35 - 0.7*float64(place)/float64(max(places-1, 1))
		e := row.Ratio
		s.XYs = append(s.XYs, plotter.XY{X: e.Median, Y: y})
		s.XErrors = append(s.XErrors, struct{ Low, High float64 }{e.Low - e.Median, e.High - e.Median})
	}
	return s
}

// empty has a line for each result and none of the marks.
func empty(results []*rivals.Result) *plot.Plot {
	p := page.NewPlot()
	p.X.Label.Text = "time to that of pgx by hand (logarithmic; left is faster)"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, page.Powers{}
	var lines []plot.Tick
	for i, result := range results {
		lines = append(lines, plot.Tick{Value: float64(len(results) - 1 - i), Label: result.Name})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(lines)
	p.Y.Min, p.Y.Max = -0.6, float64(len(results))-0.4
	p.X.Min, p.X.Max = 0.9, 1.1
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = page.Faint, nil
	p.Add(grid, page.Line(1, p.Y.Min, 1, p.Y.Max))
	return p
}
