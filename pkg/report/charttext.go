package report

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// nameChart draws a bar for each name, with the name above it.
func nameChart(names []counted, with ink, format func(float64) string) svg {
	p := newPlot()
	n := len(names)
	values := make(plotter.Values, n)
	labels := &captions{}
	most := 1.0
	for i, c := range names { // the first is on top
		values[n-1-i] = float64(c.n)
		most = max(most, float64(c.n))
		labels.add(plotter.XY{Y: float64(n-1-i) + 0.18}, c.name, "  "+group3(c.n))
	}
	b, err := plotter.NewBarChart(values, 8)
	if err != nil {
		panic(err)
	}
	b.Horizontal, b.Color, b.LineStyle.Width = true, with, 0
	p.Add(b, labels)
	p.HideY()
	p.X.Min, p.X.Max = 0, most*1.04
	p.X.Tick.Marker = valueTicks(format)
	p.Y.Min, p.Y.Max = -0.4, float64(n)-0.2
	return drawn(p, chartWidth, float64(34+28*n))
}

// captions are texts that begin at a point. They are cut to the plot's width; the library's labels would make room for
// themselves, and leave none for the plot.
type captions struct {
	at         []plotter.XY
	text, rest []string // rest is what isn't cut
}

func (l *captions) add(at plotter.XY, text, rest string) {
	l.at, l.text, l.rest = append(l.at, at), append(l.text, text), append(l.rest, rest)
}

// Plot implements plot.Plotter.
func (l *captions) Plot(c draw.Canvas, p *plot.Plot) {
	style := textStyle(p.X.Tick.Label)
	style.XAlign, style.YAlign = draw.XLeft, draw.YBottom
	x, y := p.Transforms(&c)
	for i, at := range l.at {
		text := l.text[i]
		for n := 80; n > 8 && style.Width(text+l.rest[i]) > c.Size().X; n -= 4 {
			text = shortened(l.text[i], n)
		}
		c.FillText(style, vg.Point{X: x(at.X), Y: y(at.Y)}, text+l.rest[i])
	}
}

// valueTicks are an axis's numbers, as the format writes them.
type valueTicks func(float64) string

// Ticks implements plot.Ticker.
func (format valueTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
		if t.IsMinor() || t.Value != math.Trunc(t.Value) { // there are no halves of what is counted
			continue
		}
		ticks = append(ticks, plot.Tick{Value: t.Value, Label: format(t.Value)})
	}
	return ticks
}

// inShort writes a number in as few characters as an axis has room for.
func inShort(v float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= 10*unit.of || v >= unit.of && math.Mod(v, unit.of/10) == 0 {
			return fmt.Sprintf("%.4g%s", v/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.0f", v)
}

func inBytes(v float64) string { return size(int64(v)) }

// event is something that took a time, on a line of its kind.
type event struct {
	line        int
	first, last time.Time
	ink         ink
}

// eventChart draws when something happened: a line for each kind, the first on top, with its name above it.
func eventChart(names []string, events []event, from, until time.Time, width float64) svg {
	p := newPlot()
	n := len(names)
	labels := &captions{}
	for i, name := range names {
		labels.add(plotter.XY{X: float64(from.Unix()), Y: float64(n-1-i) + 0.22}, name, "")
	}
	for _, e := range events {
		at := plotter.XYs{{X: float64(e.first.Unix()), Y: float64(n - 1 - e.line)}, {X: float64(e.last.Unix()), Y: float64(n - 1 - e.line)}}
		p.Add(
			&plotter.Line{XYs: at, LineStyle: draw.LineStyle{Color: e.ink, Width: 8}},
			&plotter.Scatter{XYs: at, GlyphStyle: draw.GlyphStyle{Color: e.ink, Radius: 4, Shape: draw.CircleGlyph{}}},
		)
	}
	p.Add(labels)
	p.HideY()
	p.X.Min, p.X.Max = float64(from.Unix()), float64(until.Unix())
	p.X.Tick.Marker = momentTicks(int(width / 75))
	p.Y.Min, p.Y.Max = -0.5, float64(n)-0.2
	return drawn(p, width, float64(34+36*n))
}
