package report

import (
	"encoding/xml"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// ink is a colour by its name: the page's stylesheet says what it looks like, in light and in dark.
type ink string

// RGBA is what a canvas that doesn't know inks draws.
func (ink) RGBA() (r, g, b, a uint32) { return color.Black.RGBA() }

// canvas is a canvas of the chart library's that writes SVG for the page: colours are classes, and nothing has a style of
// its own, which the page's Content-Security-Policy forbids. Points are the SVG's units.
type canvas struct {
	width, height float64
	out           strings.Builder
	state         pen
	saved         []pen
	filling       string // the class of the path that is being written, to which further ones of the class are added
}

// pen is how the canvas draws.
type pen struct {
	class  string
	width  float64
	dash   string
	matrix [6]float64 // as SVG's matrix(a b c d e f), y upwards
}

func newCanvas(width, height float64) *canvas {
	c := &canvas{width: width, height: height}
	c.state.matrix = [6]float64{1, 0, 0, 1, 0, 0}
	vg.Initialize(c)
	return c
}

var _ vg.CanvasSizer = (*canvas)(nil)

// Size implements vg.CanvasSizer.
func (c *canvas) Size() (x, y vg.Length) { return vg.Length(c.width), vg.Length(c.height) }

// SetLineWidth implements vg.Canvas.
func (c *canvas) SetLineWidth(w vg.Length) { c.state.width = float64(w) }

// SetLineDash implements vg.Canvas.
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length) {
	var dashes []string
	for _, d := range pattern {
		dashes = append(dashes, decimal(float64(d)))
	}
	c.state.dash = strings.Join(dashes, " ")
}

// SetColor implements vg.Canvas. What is no ink is drawn as text is.
func (c *canvas) SetColor(with color.Color) {
	i, ok := with.(ink)
	if !ok {
		i = inkText
	}
	c.state.class = string(i)
}

// Rotate implements vg.Canvas.
func (c *canvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.multiply([6]float64{cos, sin, -sin, cos, 0, 0})
}

// Translate implements vg.Canvas.
func (c *canvas) Translate(pt vg.Point) {
	c.multiply([6]float64{1, 0, 0, 1, float64(pt.X), float64(pt.Y)})
}

// Scale implements vg.Canvas.
func (c *canvas) Scale(x, y float64) { c.multiply([6]float64{x, 0, 0, y, 0, 0}) }

func (c *canvas) multiply(n [6]float64) {
	m := c.state.matrix
	c.state.matrix = [6]float64{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

// Push implements vg.Canvas.
func (c *canvas) Push() { c.saved = append(c.saved, c.state) }

// Pop implements vg.Canvas.
func (c *canvas) Pop() {
	c.state = c.saved[len(c.saved)-1]
	c.saved = c.saved[:len(c.saved)-1]
}

// Stroke implements vg.Canvas.
func (c *canvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	c.end()
	c.out.WriteString(`<path class="s ` + c.state.class + `" stroke-width="` + decimal(c.state.width) + `"`)
	if c.state.dash != "" {
		c.out.WriteString(` stroke-dasharray="` + c.state.dash + `"`)
	}
	c.out.WriteString(` d="`)
	c.path(p)
	c.out.WriteString(`"/>`)
}

// Fill implements vg.Canvas. What is filled alike, one after the other, is one path: a chart has hundreds of bars.
func (c *canvas) Fill(p vg.Path) {
	if c.filling != c.state.class {
		c.end()
		c.out.WriteString(`<path class="f ` + c.state.class + `" d="`)
		c.filling = c.state.class
	}
	c.path(p)
}

func (c *canvas) end() {
	if c.filling != "" {
		c.out.WriteString(`"/>`)
		c.filling = ""
	}
}

// FillString implements vg.Canvas.
func (c *canvas) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size <= 0 {
		return
	}
	c.end()
	x, y := c.at(pt)
	c.out.WriteString(`<text class="` + c.state.class + `" font-size="` + decimal(float64(f.Font.Size)) + `" x="` + decimal(x) + `" y="` + decimal(y) + `"`)
	if m := c.state.matrix; m[1] != 0 {
		c.out.WriteString(` transform="rotate(` + decimal(-math.Atan2(m[1], m[0])*180/math.Pi) + " " + decimal(x) + " " + decimal(y) + `)"`)
	}
	c.out.WriteString(">")
	_ = xml.EscapeText(&c.out, []byte(text)) // a strings.Builder takes all
	c.out.WriteString("</text>")
}

// DrawImage implements vg.Canvas. The page's charts have none.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) {}

// String returns what was drawn, to stand in an svg element.
func (c *canvas) String() string {
	c.end()
	return c.out.String()
}

// at returns where a point is in the SVG, whose y points downwards.
func (c *canvas) at(pt vg.Point) (x, y float64) {
	m := c.state.matrix
	px, py := float64(pt.X), float64(pt.Y)
	return m[0]*px + m[2]*py + m[4], c.height - (m[1]*px + m[3]*py + m[5])
}

func (c *canvas) path(p vg.Path) {
	var lastX, lastY string
	to := func(command string, pts ...vg.Point) {
		x, y := c.at(pts[len(pts)-1])
		sx, sy := decimal(x), decimal(y)
		switch {
		case command == "L" && sx == lastX && sy == lastY:
			return
		case command == "L" && sx == lastX:
			c.out.WriteString("V" + sy)
		case command == "L" && sy == lastY:
			c.out.WriteString("H" + sx)
		default:
			c.out.WriteString(command)
			for i, pt := range pts {
				if i > 0 {
					c.out.WriteByte(' ')
				}
				x, y := c.at(pt)
				c.out.WriteString(decimal(x) + " " + decimal(y))
			}
		}
		lastX, lastY = sx, sy
	}
	for i, part := range p {
		switch part.Type {
		case vg.MoveComp:
			to("M", part.Pos)
		case vg.LineComp:
			to("L", part.Pos)
		case vg.ArcComp:
			c.arc(part, i == 0, to)
		case vg.CurveComp:
			command := "Q"
			if len(part.Control) == 2 {
				command = "C"
			}
			to(command, append(append([]vg.Point{}, part.Control...), part.Pos)...)
		case vg.CloseComp:
			c.out.WriteByte('Z')
		}
	}
}

// arc writes an arc as chords of five degrees at the most: the charts have them as small marks only.
func (c *canvas) arc(part vg.PathComp, first bool, to func(string, ...vg.Point)) {
	n := max(1, int(math.Ceil(math.Abs(part.Angle)/(math.Pi/12))))
	for i := range n + 1 {
		sin, cos := math.Sincos(part.Start + part.Angle*float64(i)/float64(n))
		command := "L"
		if first && i == 0 {
			command = "M"
		}
		to(command, vg.Point{X: part.Pos.X + part.Radius*vg.Length(cos), Y: part.Pos.Y + part.Radius*vg.Length(sin)})
	}
}

// decimal writes a number with one digit after the point, if that isn't 0.
func decimal(v float64) string {
	v = math.Round(v*10) / 10
	if v == 0 {
		v = 0 // not -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
