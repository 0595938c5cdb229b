package report

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// Colours that can be read on white and on black, as there is no background. Those of
// the arms differ for people that do not see red or green, too.
var (
	ink   = color.NRGBA{0x76, 0x7b, 0x82, 0xff}
	faint = color.NRGBA{0x76, 0x7b, 0x82, 0x50}
	inks  = []color.Color{
		color.NRGBA{0x76, 0x7b, 0x82, 0xff}, color.NRGBA{0x00, 0x9e, 0x73, 0xff}, color.NRGBA{0x29, 0x8c, 0xd0, 0xff},
		color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, color.NRGBA{0xc9, 0x8a, 0x00, 0xff}, color.NRGBA{0xb8, 0x5c, 0x9e, 0xff},
		color.NRGBA{0x8a, 0x6d, 0x3b, 0xff}, color.NRGBA{0x3a, 0x9b, 0x9b, 0xff}, color.NRGBA{0x7a, 0x68, 0xd8, 0xff},
	}
	glyphs = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.PyramidGlyph{}, draw.BoxGlyph{}, draw.CircleGlyph{}, draw.SquareGlyph{},
		draw.TriangleGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}, draw.RingGlyph{},
	}
)

// Chart draws the ratios of a group's workloads to pgx by hand, as SVG: a line for each
// workload, a mark for each arm, and its interval.
func (r *Report) Chart(w io.Writer, group string) error {
	results := r.of(group)
	width, height := size(len(results))
	canvas := vgsvg.New(width, height)
	if err := r.draw(canvas, results); err != nil {
		return err
	}
	_, err := canvas.WriteTo(w)
	return err
}

func (r *Report) of(group string) []*rivals.Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(result *rivals.Result) bool { return result.Group != group })
}

// size is that of a chart with so many lines.
func size(lines int) (width, height vg.Length) {
	return 9 * vg.Inch, vg.Length(lines)*0.62*vg.Inch + 0.7*vg.Inch
}

func (r *Report) draw(canvas vg.CanvasSizer, results []*rivals.Result) error {
	p := plot.New()
	style(p, results)
	for i, a := range r.Arms {
		points := ratios(results, a.Name, i, len(r.Arms))
		if len(points.XYs) == 0 {
			continue
		}
		marks, err := plotter.NewScatter(points)
		if err != nil {
			return fmt.Errorf("draw %s: %w", a.Name, err)
		}
		bars, err := plotter.NewXErrorBars(points)
		if err != nil {
			return fmt.Errorf("draw %s: %w", a.Name, err)
		}
		marks.GlyphStyle = draw.GlyphStyle{Color: inks[i%len(inks)], Radius: vg.Points(3.5), Shape: glyphs[i%len(glyphs)]}
		if a.Name == rivals.Ours {
			marks.Radius = vg.Points(5)
		}
		bars.Color, bars.CapWidth = marks.Color, 0
		p.Add(bars, marks)
		p.Legend.Add(a.Name, marks)
	}
	legend := p.Legend
	p.Legend = plot.NewLegend()
	page := draw.New(canvas)
	p.Draw(draw.Crop(page, 0, -legendWidth, 0, 0))
	width, _ := canvas.Size()
	legend.Draw(draw.Crop(page, width-legendWidth+vg.Points(8), 0, 0, 0))
	return nil
}

// legendWidth is right of the marks.
const legendWidth = 1.55 * vg.Inch

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

func style(p *plot.Plot, results []*rivals.Result) {
	p.BackgroundColor = nil
	p.X.Label.Text = "time to that of pgx by hand (logarithmic; left is faster)"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers{}
	p.Legend = plot.NewLegend()
	p.Legend.Top, p.Legend.Left = true, true
	for _, s := range []*text.Style{&p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		s.Color, s.Font.Variant, s.Font.Size = ink, "Sans", vg.Points(11)
	}
	p.X.Color, p.Y.Color, p.X.Tick.Color, p.Y.Tick.Color = ink, faint, ink, faint
	var lines []plot.Tick
	for i, result := range results {
		lines = append(lines, plot.Tick{Value: float64(len(results) - 1 - i), Label: result.Name})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(lines)
	p.Y.Min, p.Y.Max = -0.6, float64(len(results))-0.4
	p.X.Min, p.X.Max = 0.9, 1.1
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, nil
	one, _ := plotter.NewLine(plotter.XYs{{X: 1, Y: p.Y.Min}, {X: 1, Y: p.Y.Max}}) // two points are enough for it
	one.Color = ink
	p.Add(grid, one)
}

// powers are the marks of a logarithmic axis, at powers of two or of ten.
type powers struct{}

// Ticks returns them.
func (powers) Ticks(low, high float64) []plot.Tick {
	base := 2.0
	if high/low > 100 {
		base = 10
	}
	var ticks []plot.Tick
	for n := math.Floor(math.Log(low) / math.Log(base)); n <= math.Ceil(math.Log(high)/math.Log(base)); n++ {
		value := math.Pow(base, n)
		ticks = append(ticks, plot.Tick{Value: value, Label: fmt.Sprintf("%.4g×", value)})
	}
	return ticks
}
