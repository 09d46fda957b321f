package report

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"bucketwatch/pkg/anomaly"
)

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// heading begins a section.
func (p *page) heading(title, rest string) { p.line("\n%s  %s", p.bold(title), rest) }

// fact writes a line with a name before it, if there is anything to say.
func (p *page) fact(name, value string) {
	if value != "" {
		p.hanging(fmt.Sprintf("%-11s", name), value)
	}
}

// paragraph writes lines that are indented and not longer than the page is wide.
func (p *page) paragraph(indent, s string) { p.hanging(indent, s) }

// hanging writes lines of which the first has a lead, and the others the same room.
func (p *page) hanging(lead, s string) {
	width := p.style.Width
	if width == 0 {
		width = 120
	}
	room := max(width-len(lead), 20)
	for i, line := range strings.Split(text.WrapSoft(s, room), "\n") {
		if i > 0 {
			lead = strings.Repeat(" ", len(lead))
		}
		p.line("%s", strings.TrimRight(lead+line, " "))
	}
}

// some is how many rows of n a list has.
func (p *page) some(n int) int {
	if p.style.Rows > 0 {
		return min(n, p.style.Rows)
	}
	return n
}

// more says that a list has more.
func (p *page) more(n int, one, several string) {
	switch more := n - p.some(n); more {
	case 0:
	case 1:
		p.line("and 1 more %s", one)
	default:
		p.line("and %s more %s", group3(more), several)
	}
}

// Escape sequences of terminals, by ECMA-48.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

func (p *page) in(color, s string) string {
	if !p.style.Color {
		return s
	}
	return color + s + plain
}

func (p *page) bold(s string) string { return p.in(bold, s) }

func (p *page) severity(severity anomaly.Severity, s string) string {
	switch severity {
	case anomaly.High, anomaly.Critical:
		return p.in(red, s)
	case anomaly.Medium:
		return p.in(yellow, s)
	}
	return s
}

// column is one of a table.
type column struct {
	name string
	kind columnKind
}

// columnKind says how a column is set.
type columnKind uint8

const (
	plainText columnKind = iota
	number
	flexible // may be cut where the page is narrow
)

// grid is a table in the making.
type grid struct {
	page    *page
	columns []column
	rows    [][]string
}

func (p *page) table(columns ...column) *grid { return &grid{page: p, columns: columns} }

func (g *grid) row(cells ...string) { g.rows = append(g.rows, cells) }

// minFlexible is how narrow a column may become.
const minFlexible = 12

// write writes the table. Columns without any value are left out.
func (g *grid) write() {
	var used []int
	for c := range g.columns {
		for _, row := range g.rows {
			if row[c] != "" {
				used = append(used, c)
				break
			}
		}
	}
	widths := g.widths(used)
	w := table.NewWriter()
	w.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: "  "},
		Format:  table.FormatOptions{},
		Options: table.OptionsNoBordersAndSeparators,
	})
	head := make(table.Row, len(used))
	configs := make([]table.ColumnConfig, len(used))
	for i, c := range used {
		head[i] = g.page.bold(g.columns[c].name)
		configs[i] = table.ColumnConfig{Number: i + 1}
		if g.columns[c].kind == number {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	w.SetColumnConfigs(configs)
	w.AppendHeader(head)
	for _, row := range g.rows {
		cells := make(table.Row, len(used))
		for i, c := range used {
			cells[i] = shortened(row[c], widths[c])
		}
		w.AppendRow(cells)
	}
	for line := range strings.Lines(w.Render()) {
		g.page.line("%s", strings.TrimRight(line, " \n"))
	}
}

// widths returns how wide columns may be, 0 for as wide as they are: the flexible ones share what the others leave.
func (g *grid) widths(used []int) []int {
	widths := make([]int, len(g.columns))
	if g.page.style.Width == 0 {
		return widths
	}
	room := g.page.style.Width
	var flex []int
	for _, c := range used {
		width := text.StringWidth(g.columns[c].name)
		for _, row := range g.rows {
			width = max(width, text.StringWidth(row[c]))
		}
		room -= width + 2
		if g.columns[c].kind == flexible {
			room += width
			flex = append(flex, c)
		}
	}
	for _, c := range flex {
		widths[c] = max(room/len(flex), minFlexible)
	}
	return widths
}

// shortened cuts s in its middle to a width: what tells keys apart is their end, and what they are their beginning. It
// looks at each character once: whoever makes a request may send a kilobyte.
func shortened(s string, width int) string {
	if width == 0 || len(s) <= width || text.StringWidth(s) <= width {
		return s
	}
	runes := []rune(s)
	head, room := 0, width/3
	for head < len(runes) && text.RuneWidth(runes[head]) <= room {
		room -= text.RuneWidth(runes[head])
		head++
	}
	tail, room := len(runes), room+width-1-width/3
	for tail > head && text.RuneWidth(runes[tail-1]) <= room {
		tail--
		room -= text.RuneWidth(runes[tail])
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}
