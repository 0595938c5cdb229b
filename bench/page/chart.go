package page

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours that can be read on white and on black, as there is no background. Those of
// the series differ for people that do not see red or green, too.
var (
	Ink   = color.NRGBA{0x76, 0x7b, 0x82, 0xff}
	Faint = color.NRGBA{0x76, 0x7b, 0x82, 0x50}
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

// Mark is that of the series with number i.
func Mark(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: inks[i%len(inks)], Radius: vg.Points(3.5), Shape: glyphs[i%len(glyphs)]}
}

// NewPlot returns an empty plot in the colours of the charts.
func NewPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.Legend = plot.NewLegend()
	p.Legend.Top, p.Legend.Left = true, true
	for _, s := range []*text.Style{
		&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		s.Color, s.Font.Variant, s.Font.Size = Ink, "Sans", vg.Points(11)
	}
	p.X.Color, p.Y.Color, p.X.Tick.Color, p.Y.Tick.Color = Ink, Faint, Ink, Faint
	return p
}

// Line is a thin straight one.
func Line(fromX, fromY, toX, toY float64) *plotter.Line {
	line, _ := plotter.NewLine(plotter.XYs{{X: fromX, Y: fromY}, {X: toX, Y: toY}}) // two points are enough for it
	line.Color = Ink
	return line
}

// legendWidth is right of the marks.
const legendWidth = 1.55 * vg.Inch

// Draw writes a plot as SVG, nine inches wide, with its legend at the right.
func Draw(w io.Writer, p *plot.Plot, height vg.Length) error {
	const width = 9 * vg.Inch
	canvas := vgsvg.New(width, height)
	legend := p.Legend
	p.Legend = plot.NewLegend()
	whole := draw.New(canvas)
	p.Draw(draw.Crop(whole, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(whole, width-legendWidth+vg.Points(8), 0, 0, 0))
	_, err := canvas.WriteTo(w)
	return err
}

// Powers are the ticks of a logarithmic axis of ratios, at powers of two or of ten.
type Powers struct{}

// Ticks returns them.
func (Powers) Ticks(low, high float64) []plot.Tick {
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
