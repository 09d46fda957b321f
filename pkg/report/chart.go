package report

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The inks that aren't of a series.
const (
	inkText    ink = "ink-text"
	inkAxis    ink = "ink-axis"
	inkGrid    ink = "ink-grid"
	inkBand    ink = "ink-band"
	inkLimit   ink = "ink-limit"
	inkUnknown ink = "ink-unknown"
)

// The size of a chart. It is about as large as a phone is wide, so that its text can be read there, and as a third of a
// laptop's screen.
const (
	chartWidth  = 380
	chartHeight = 170
	chartFont   = 12.5
)

// series is what a chart shows of each bin.
type series struct {
	Name   string
	Ink    ink
	values []float64
	total  float64
}

func newSeries(name string, with ink, values []float64) series {
	s := series{Name: name, Ink: with, values: values}
	for _, v := range values {
		s.total += v
	}
	return s
}

// band is up to which value what a chart shows is usual, of each bin; 0 where that isn't known.
type band struct {
	limits []float64
	marks  []mark
}

// mark is an anomaly of a bin.
type mark struct {
	bin int
	ink ink
}

// newPlot returns a plot without anything in it, as all charts have it.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: inkAxis, Width: 1}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Label = textStyle(a.Tick.Label)
		a.Tick.Length = 4
	}
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Tick.Length = 0, 0, 3
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: inkGrid, Width: 1}
	p.Add(grid)
	return p
}

// textStyle is text as the charts have it: the font is Liberation Sans, which is as wide as Helvetica and Arial.
func textStyle(like text.Style) text.Style {
	like.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: chartFont}
	like.Color = inkText
	return like
}

// drawn draws a plot to its size.
func drawn(p *plot.Plot, width, height float64) svg {
	c := newCanvas(width, height)
	// A label's half may stand out on the right.
	p.Draw(draw.Crop(draw.New(c), 2, -14, 2, -4))
	return svg{Width: width, Height: height, content: c.String()}
}

// svg is a chart.
type svg struct {
	Width, Height float64
	content       string
}

// barChart draws what happened in each bin, one series upon the other, and before it the band, if there is one.
func barChart(bins *bins, list []series, usual *band, format func(float64) string) svg {
	p := newPlot()
	n := bins.n()
	top := 0.0
	for i := range n {
		sum := 0.0
		for _, s := range list {
			sum += s.values[i]
		}
		top = max(top, sum)
	}
	if usual != nil {
		top = usual.top(top)
		usual.addTo(p, n, top)
	}
	const plotWidth = chartWidth - 50
	width := vg.Length(max(plotWidth/float64(n)*0.8, 1))
	var below *plotter.BarChart
	for _, s := range list {
		if s.total == 0 {
			continue
		}
		b, err := plotter.NewBarChart(plotter.Values(s.values), min(width, 28))
		if err != nil { // the values are finite numbers, at least one, and the width is positive
			panic(err)
		}
		b.Color, b.LineStyle.Width = s.Ink, 0
		if below != nil {
			b.StackOn(below)
		}
		p.Add(b)
		below = b
	}
	if usual != nil {
		usual.addMarks(p, top)
	}
	p.X.Min, p.X.Max = -0.5, float64(n)-0.5
	p.X.Tick.Marker = bins
	p.Y.Min, p.Y.Max = 0, max(top*1.04, 1)
	p.Y.Tick.Marker = valueTicks(format)
	return drawn(p, chartWidth, chartHeight)
}

// top returns how high a chart must be whose bars are so high: what is usual is in it, unless nothing were left of the bars.
func (b *band) top(bars float64) float64 {
	limit := 0.0
	for _, l := range b.limits {
		limit = max(limit, l)
	}
	return max(bars*1.15, min(limit*1.1, max(bars, 5)*5))
}

// addTo draws the band: filled up to the limit, with a line on it, and grey where nothing is known.
func (b *band) addTo(p *plot.Plot, n int, top float64) {
	area := func(from, until int, height func(i int) float64, with ink) {
		line := plotter.XYs{}
		for i := from; i < until; i++ {
			y := min(height(i), top*1.04)
			line = append(line, plotter.XY{X: float64(i) - 0.5, Y: y}, plotter.XY{X: float64(i) + 0.5, Y: y})
		}
		around := append(plotter.XYs{{X: float64(from) - 0.5}}, line...)
		around = append(around, plotter.XY{X: float64(until) - 0.5})
		fill, err := plotter.NewPolygon(around)
		if err != nil { // all are finite numbers
			panic(err)
		}
		fill.Color, fill.LineStyle.Width = with, 0
		p.Add(fill)
		if with == inkBand {
			p.Add(&plotter.Line{XYs: line, LineStyle: draw.LineStyle{Color: inkLimit, Width: 1.2}})
		}
	}
	for from := 0; from < n; {
		until := from + 1
		for until < n && (b.limits[until] > 0) == (b.limits[from] > 0) {
			until++
		}
		if b.limits[from] > 0 {
			area(from, until, func(i int) float64 { return b.limits[i] }, inkBand)
		} else {
			area(from, until, func(int) float64 { return math.Inf(1) }, inkUnknown)
		}
		from = until
	}
}

// addMarks draws a mark above each bin that an anomaly is of.
func (b *band) addMarks(p *plot.Plot, top float64) {
	for _, m := range b.marks {
		p.Add(&plotter.Scatter{
			XYs:        plotter.XYs{{X: float64(m.bin), Y: top}},
			GlyphStyle: draw.GlyphStyle{Color: m.ink, Radius: 4.5, Shape: downwards{}},
		})
	}
}

// downwards is a filled triangle that points at what is below it.
type downwards struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (downwards) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	c.SetColor(sty.Color)
	var p vg.Path
	p.Move(vg.Point{X: pt.X - sty.Radius, Y: pt.Y + sty.Radius})
	p.Line(vg.Point{X: pt.X + sty.Radius, Y: pt.Y + sty.Radius})
	p.Line(vg.Point{X: pt.X, Y: pt.Y - sty.Radius*0.8})
	p.Close()
	c.Fill(p)
}
