package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

func TestBins(t *testing.T) {
	first := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		span time.Duration
		each string
		n    int
	}{
		{0, "hour", 1}, {time.Hour, "hour", 2}, {4 * day, "hour", 97}, {5 * day, "2 hours", 61}, {10 * day, "3 hours", 81}, {15 * day, "6 hours", 61},
		{30 * day, "day", 31}, {90 * day, "day", 91}, {365 * day, "7 days", 53},
	} {
		b := newBins(first, first.Add(tt.span))
		if b.each() != tt.each || b.n() != tt.n {
			t.Errorf("newBins of %v = %d of %s, want %d of %s", tt.span, b.n(), b.each(), tt.n, tt.each)
		}
		if b.of(first) != 0 || b.of(first.Add(tt.span)) != b.n()-1 || b.of(b.first.Add(-time.Second)) != -1 || b.of(b.start(b.n())) != -1 {
			t.Errorf("newBins of %v: the first time is in bin %d, the last in %d", tt.span, b.of(first), b.of(first.Add(tt.span)))
		}
	}
	if b := newBins(time.Unix(0, 0), time.Unix(0, 0).AddDate(250, 0, 0)); b.n() > maxBins {
		t.Errorf("%d bins of 250 years, want %d at the most", b.n(), maxBins)
	}
}

func TestAxisOfTimes(t *testing.T) {
	labels := func(ticks []plot.Tick) string {
		var list []string
		for _, tick := range ticks {
			list = append(list, tick.Label)
		}
		return strings.Join(list, " ")
	}
	from := time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC)
	for span, want := range map[time.Duration]string{
		20 * time.Minute: "22:30 22:35 22:40 22:45 22:50", 4 * time.Hour: "23:00 21 Nov 01:00 02:00", 20 * day: "23 Nov 30 Nov 7 Dec",
		100 * day: "1 Dec 1 Jan 1 Feb", 800 * day: "Dec 2026 Aug 2027 Apr 2028 Dec 2028",
	} {
		got := labels(momentTicks(5).Ticks(float64(from.Unix()), float64(from.Add(span).Unix())))
		if got != want {
			t.Errorf("axis of %v = %q, want %q", span, got, want)
		}
	}
}

// One record with a wrong time doesn't press all others into a bar; what was deleted is always drawn.
func TestChartSpan(t *testing.T) {
	start := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	hours := func(early string, n int64) []Bucket {
		b := Bucket{Bucket: "photos", Hours: []Hour{{Start: start.AddDate(-1, 0, 0), Metrics: map[string]int64{early: n, "AllRequests": n}}}}
		for h := range 24 {
			b.Hours = append(b.Hours, Hour{Start: start.Add(time.Duration(h) * time.Hour), Metrics: map[string]int64{"AllRequests": 100}})
		}
		return []Bucket{b}
	}
	for _, tt := range []struct {
		name    string
		buckets []Bucket
		from    time.Time
		left    int64
	}{
		{"a read", hours("GetRequests", 1), start, 1},
		{"a delete", hours("DeletedObjects", 1), start.AddDate(-1, 0, 0), 0},
		{"many reads", hours("GetRequests", 300), start.AddDate(-1, 0, 0), 0},
	} {
		from, until, left := chartSpan(tt.buckets)
		if !from.Equal(tt.from) || !until.Equal(start.Add(day-time.Second)) || left != tt.left {
			t.Errorf("chartSpan with %s a year before = %v to %v without %d, want from %v without %d", tt.name, from, until, left, tt.from, tt.left)
		}
	}
}

func TestCanvas(t *testing.T) {
	c := newCanvas(100, 50)
	bar := func(x vg.Length) vg.Path {
		var p vg.Path
		p.Move(vg.Point{X: x, Y: 0})
		p.Line(vg.Point{X: x, Y: 20})
		p.Line(vg.Point{X: x + 5, Y: 20})
		p.Line(vg.Point{X: x + 5, Y: 0})
		p.Close()
		return p
	}
	c.SetColor(ink("ink-get"))
	c.Fill(bar(10))
	c.Fill(bar(20.06))
	c.Push()
	c.Translate(vg.Point{X: 1, Y: 2})
	c.SetColor(ink("ink-put"))
	c.Fill(bar(10))
	c.Pop()
	c.SetLineWidth(0)
	c.Stroke(bar(10))
	const want = `<path class="f ink-get" d="M10 50V30H15V50ZM20.1 50V30H25.1V50Z"/><path class="f ink-put" d="M11 48V28H16V48Z"/>`
	if diff := cmp.Diff(want, c.String()); diff != "" {
		t.Errorf("canvas (-want +got):\n%s", diff)
	}
}

// The band says what is usual where it is known, and the page says where it isn't.
func TestUsual(t *testing.T) {
	month := large(1, 30)
	page := html(t, month)
	for _, want := range []string{`class="f ink-band"`, `class="f ink-unknown"`, "grey are its first 14 days", "a surge from here on"} {
		if !strings.Contains(page, want) {
			t.Errorf("page of 30 days lacks %q", want)
		}
	}
	page = html(t, large(2, 5))
	for _, unwanted := range []string{`class="f ink-band"`, "a surge from here on"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("page of 5 days has %q, though nothing is known yet", unwanted)
		}
	}
	if want := "What is usual takes 14 days to know, and the log files tell of fewer"; !strings.Contains(page, want) {
		t.Errorf("page of 5 days lacks %q", want)
	}
}
