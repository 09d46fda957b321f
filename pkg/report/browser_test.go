package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	"github.com/ledongthuc/pdf"

	"bucketwatch/internal/chromium"
)

// These tests look at the page in a real Chromium: make test-browser.

// laptop and phone are what the page is looked at with.
var (
	laptop = chromium.View{Width: 1280, Height: 900}
	phone  = chromium.View{Width: 360, Height: 740}
)

func dark(v chromium.View) chromium.View {
	v.Dark = true
	return v
}

// opened opens the report's page, as a file.
func opened(t *testing.T, b *chromium.Browser, r *Report, v chromium.View) *chromium.Tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(html(t, r)), 0o644); err != nil {
		t.Fatal(err)
	}
	return b.Open(file, v)
}

// checkQuiet checks that the page asked for nothing but itself, and that nothing went wrong.
func checkQuiet(t *testing.T, tab *chromium.Tab) {
	t.Helper()
	if c := tab.Complaints(); len(c) > 0 {
		t.Errorf("the console has %q, want nothing", c)
	}
	for i, url := range tab.Requests() {
		if i == 0 && strings.HasPrefix(url, "file:///") && strings.HasSuffix(url, "/report.html") || url == "data:," {
			continue
		}
		t.Errorf("the page asks for %s", url)
	}
}

// cells returns the texts of a table's column.
func cells(tab *chromium.Tab, section string, n int) []string {
	return chromium.Evaluate[[]string](tab, fmt.Sprintf(`[...document.querySelectorAll('section[aria-labelledby="%s"] tbody tr')].map(r => r.cells[%d].textContent)`, section, n))
}

func TestBrowserSortsAndFilters(t *testing.T) {
	browser := chromium.Start(t)
	tab := opened(t, browser, vanished(t), laptop)
	const table = `section[aria-labelledby="callers"]`
	given := cells(tab, "callers", 2)
	sorted := func() string {
		return chromium.Evaluate[string](tab, `document.querySelector('`+table+` th:nth-child(3)').getAttribute("aria-sort")`)
	}
	if got := sorted(); got != "none" {
		t.Errorf("before a click aria-sort = %q, want none", got)
	}
	number := func(s string) int {
		n := 0
		_, _ = fmt.Sscan(strings.ReplaceAll(s, ",", ""), &n)
		return n
	}
	check := func(what, order string, ascending bool) {
		t.Helper()
		got := cells(tab, "callers", 2)
		ok := slices.IsSortedFunc(got, func(a, b string) int {
			if ascending {
				return number(a) - number(b)
			}
			return number(b) - number(a)
		})
		if !ok || len(got) != len(given) || sorted() != order {
			t.Errorf("after %s: aria-sort %q, requests %q, want %s", what, sorted(), got, order)
		}
	}
	tab.Click(table + ` th:nth-child(3) button`)
	check("a click", "descending", false)
	tab.Press(kb.Enter) // the button has the focus
	check("Enter", "ascending", true)
	tab.Press(" ")
	if diff := cmp.Diff(given, cells(tab, "callers", 2)); diff != "" || sorted() != "none" {
		t.Errorf("after the space bar: aria-sort %q, want none; rows (-as they were given +got):\n%s", sorted(), diff)
	}
	tab.Press(kb.Tab + kb.Enter)
	if got := cells(tab, "callers", 3); number(got[0]) < number(got[1]) {
		t.Errorf("after Tab and Enter deleted = %q, want the next column sorted", got)
	}
	// Bytes are sorted by their number, not by their text.
	tab.Click(`section[aria-labelledby="all-buckets"] th:nth-child(7) button`)
	values := chromium.Evaluate[[]float64](tab, `[...document.querySelectorAll('section[aria-labelledby="all-buckets"] tbody tr')].map(r => Number(r.cells[6].dataset.v))`)
	if !slices.IsSortedFunc(values, func(a, b float64) int { return int(b - a) }) {
		t.Errorf("bytes sorted = %v, want the most first", values)
	}

	tab.Type(`section[aria-labelledby="deletes"] .filter input`, "A/7.jpg  app-web")
	keys := cells(tab, "deletes", 2)
	if len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return k != "a/7.jpg" }) {
		t.Errorf("keys of deletes filtered by A/7.jpg and app-web = %q, want a/7.jpg alone", keys)
	}
	status := chromium.Evaluate[string](tab, `document.querySelector('section[aria-labelledby="deletes"] [role=status]').textContent`)
	if want := fmt.Sprintf("%d of 2,000 rows", len(keys)); status != want {
		t.Errorf("the filter says %q, want %q", status, want)
	}
	tab.Press(strings.Repeat(kb.Backspace, 30))
	if n := len(cells(tab, "deletes", 2)); n != 2000 {
		t.Errorf("%d deletes after the filter is empty again, want 2000", n)
	}
	checkQuiet(t, tab)
}

// Whatever callers send stays text, in a page that fits a phone.
func TestBrowserHostileTexts(t *testing.T) {
	browser := chromium.Start(t)
	for i, text := range hostileTexts {
		tab := opened(t, browser, hostile(text), phone)
		if n := chromium.Evaluate[int](tab, `document.scripts.length + document.querySelectorAll("[onmouseover], iframe, img, object, a[href^='javascript']").length`); n != 1 {
			t.Errorf("page with %.50q has %d scripts and other elements that do something, want 1 script", text, n)
		}
		if i < 5 { // those without characters that are replaced
			if keys := cells(tab, "objects", 1); len(keys) != 1 || keys[0] != text {
				t.Errorf("key %q is shown as %q", text, keys)
			}
		}
		checkWidth(t, tab, fmt.Sprintf("with %.50q", text))
		checkQuiet(t, tab)
		tab.Close()
	}
}

// checkWidth checks that the page as a whole needn't be scrolled sideways.
func checkWidth(t *testing.T, tab *chromium.Tab, what string) {
	t.Helper()
	if wide := chromium.Evaluate[[]string](tab, wideElements); len(wide) > 0 {
		t.Errorf("page %s is wider than the screen: %q", what, wide)
	}
}

// wideElements are the elements that make the page wider than the screen.
const wideElements = `(() => {
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= width) return [];
	return [...document.body.querySelectorAll("*")].filter(e => !e.closest(".scroll") && e.getBoundingClientRect().right > width + 1)
		.slice(0, 5).map(e => e.tagName + "." + (e.getAttribute("class") ?? "") + " " + e.getBoundingClientRect().right);
})()`

func TestBrowserWidths(t *testing.T) {
	browser := chromium.Start(t)
	for name, r := range map[string]*Report{"of vanished images": vanished(t), "of 300 buckets": large(300, 30), "of nothing": {}} {
		for _, v := range []chromium.View{{Width: 320, Height: 640}, phone, {Width: 768, Height: 1024}, laptop} {
			tab := opened(t, browser, r, v)
			checkWidth(t, tab, fmt.Sprintf("%s at %d pixels", name, v.Width))
			tab.Do(`for (const d of document.querySelectorAll("details")) d.open = true`)
			checkWidth(t, tab, fmt.Sprintf("%s at %d pixels, all opened,", name, v.Width))
			checkQuiet(t, tab)
			tab.Close()
		}
	}
}

// lowContrast are the elements whose own text doesn't stand out from what is behind it, as WCAG 2.2 AA wants (1.4.3): 4.5
// to 1, and 3 to 1 if it is large.
const lowContrast = `(() => {
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const luminance = c => {
		const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = e => {
		const layers = [];
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c[3] > 0) layers.push(c);
			if (c[3] === 1) break;
		}
		return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]);
	};
	const bad = [];
	let seen = 0;
	for (const e of document.body.querySelectorAll("*")) {
		if (e instanceof SVGElement && e.tagName !== "text") continue;
		if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim() !== "")) continue;
		if (["SCRIPT", "STYLE", "CAPTION"].includes(e.tagName)) continue;
		const style = getComputedStyle(e), background = behind(e);
		const a = luminance(over(parse(e.tagName === "text" ? style.fill : style.color), background)), b = luminance(background);
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && parseInt(style.fontWeight) >= 700;
		seen++;
		if (ratio < (large ? 3 : 4.5)) bad.push(e.tagName + "." + e.getAttribute("class") + " " + ratio.toFixed(2) + " " + e.textContent.trim().slice(0, 40));
	}
	if (seen < 20) bad.push("only " + seen + " elements with text");
	return [...new Set(bad)].slice(0, 20);
})()`

func TestBrowserContrast(t *testing.T) {
	browser := chromium.Start(t)
	everything := vanished(t)
	for i, severity := range []string{"LOW", "CRITICAL"} { // beside the MEDIUM and HIGH that are there
		a := everything.Anomalies[i]
		a.Severity, a.Anomaly = "", "Another"+severity
		if err := json.Unmarshal([]byte(`"`+severity+`"`), &a.Severity); err != nil {
			t.Fatal(err)
		}
		everything.Anomalies = append(everything.Anomalies, a)
	}
	for name, r := range map[string]*Report{"of vanished images": everything, "of nothing wrong": {Buckets: large(1, 3).Buckets}, "of failures": {Failures: []Failure{{"a", "b"}}}} {
		for _, v := range []chromium.View{laptop, dark(laptop), dark(phone)} {
			tab := opened(t, browser, r, v)
			tab.Do(`for (const d of document.querySelectorAll("details")) d.open = true`)
			if bad := chromium.Evaluate[[]string](tab, lowContrast); len(bad) > 0 {
				t.Errorf("page %s, dark %v: %q", name, v.Dark, bad)
			}
			background := chromium.Evaluate[string](tab, `getComputedStyle(document.body).backgroundColor`)
			if dark := background == "rgb(17, 22, 29)"; dark != v.Dark {
				t.Errorf("page %s, dark %v: background %s", name, v.Dark, background)
			}
			tab.Close()
		}
	}
}

// Without scripts everything is there, and nothing that wouldn't do anything.
func TestBrowserWithoutScript(t *testing.T) {
	browser := chromium.Start(t)
	r := vanished(t)
	v := laptop
	v.NoScript = true
	tab := opened(t, browser, r, v)
	if n := chromium.Evaluate[int](tab, `document.querySelectorAll("button, input").length`); n != 0 {
		t.Errorf("%d buttons and inputs, want none: nothing works them", n)
	}
	text := chromium.Evaluate[string](tab, `document.body.innerText`)
	for _, want := range []string{"all by role/app-web", "16 objects of photos were deleted by role/app-web", "Requests by kind", "a/7.jpg", "a month at $0.10 per 100,000"} {
		if !strings.Contains(text, want) {
			t.Errorf("without script the page lacks %q", want)
		}
	}
	if n := len(cells(tab, "deletes", 0)); n != 2000 {
		t.Errorf("%d rows of deletes, want 2000", n)
	}
	checkQuiet(t, tab)
}

// The page can be worked with a keyboard, and read to somebody.
func TestBrowserAccessible(t *testing.T) {
	browser := chromium.Start(t)
	tab := opened(t, browser, vanished(t), laptop)
	tab.Press(kb.Tab)
	if got := chromium.Evaluate[string](tab, `document.activeElement.textContent`); got != "Skip to the report" {
		t.Errorf("the first thing to get the focus is %q, want the link past the navigation", got)
	}
	if got := chromium.Evaluate[string](tab, `getComputedStyle(document.activeElement).outlineStyle`); got == "none" {
		t.Error("the focus can't be seen")
	}
	tab.Press(kb.Enter)
	if got := chromium.Evaluate[string](tab, `document.activeElement.id`); got != "main" {
		t.Errorf("the link past the navigation leads to %q, want main", got)
	}
	if bad := chromium.Evaluate[[]string](tab, `(() => {
		const bad = [];
		let last = 0;
		for (const h of document.querySelectorAll("h1, h2, h3, h4")) {
			const level = Number(h.tagName[1]);
			if (level > last + 1) bad.push("heading " + h.textContent + " of level " + level + " after " + last);
			last = level;
		}
		for (const mark of ["header", "nav", "main", "footer"]) if (document.querySelectorAll(mark).length !== 1) bad.push("not one " + mark);
		const charts = document.querySelectorAll("svg");
		if (charts.length < 5) bad.push(charts.length + " charts");
		for (const svg of charts) {
			const names = svg.getAttribute("aria-labelledby").split(" ").map(id => document.getElementById(id));
			if (svg.getAttribute("role") !== "img" || names.some(n => !n || n.textContent.length < 8 || n.closest("svg") !== svg)) bad.push("chart without words: " + svg.outerHTML.slice(0, 200));
		}
		for (const input of document.querySelectorAll("input")) if (input.labels.length !== 1) bad.push("input without a label");
		const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
		if (new Set(ids).size !== ids.length) bad.push("ids that aren't of one element");
		for (const a of document.querySelectorAll("a[href^='#']")) if (!document.querySelector(a.getAttribute("href"))) bad.push("a link to nothing: " + a.href);
		return bad;
	})()`); len(bad) > 0 {
		t.Errorf("faults: %q", bad)
	}
}

// axe-core looks for what makes a page hard to use for people who can't see it, or can't use a mouse.
func TestBrowserAxe(t *testing.T) {
	browser := chromium.Start(t)
	file := os.Getenv("BUCKETWATCH_AXE")
	if file == "" {
		t.Skip("needs axe-core: make test-browser fetches it and runs this test")
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	short := vanished(t) // its thousands of rows are all alike, and would take minutes
	short.Deletes = short.Deletes[:20]
	for i := range short.Buckets {
		b := &short.Buckets[i]
		b.Keys = b.Keys[:min(len(b.Keys), 5)]
	}
	for name, r := range map[string]*Report{"of vanished images": short, "of hostile texts": hostile(hostileTexts[0]), "of nothing": {}} {
		for _, v := range []chromium.View{laptop, dark(phone)} {
			tab := opened(t, browser, r, v)
			tab.Do(string(axe))
			found := chromium.Evaluate[[]string](tab, `axe.run().then(r => r.violations.map(v => v.id + " " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" | ")))`)
			if len(found) > 0 {
				t.Errorf("page %s, %d pixels wide, dark %v: %s", name, v.Width, v.Dark, strings.Join(found, "\n"))
			}
			if passed := chromium.Evaluate[int](tab, `axe.run().then(r => r.passes.length)`); passed < 20 {
				t.Errorf("page %s passes %d rules, want at least 20: was it looked at?", name, passed)
			}
		}
	}
}

// On paper the page is light, has its text, and is of a size that one prints.
func TestBrowserPrints(t *testing.T) {
	browser := chromium.Start(t)
	document := opened(t, browser, vanished(t), dark(laptop)).PDF()
	r, err := pdf.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	if n := r.NumPage(); n < 3 || n > 40 {
		t.Errorf("%d pages, want 3 to 40", n)
	}
	box := r.Page(1).V.Key("MediaBox")
	if w, h := box.Index(2).Float64(), box.Index(3).Float64(); w < 594 || w > 596 || h < 841 || h > 843 {
		t.Errorf("the paper is %.0f × %.0f points, want 595 × 842 (A4)", w, h)
	}
	plain, err := r.GetPlainText()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(plain); err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(text.String()), "")
	for _, want := range []string{"3 anomalies in photos", "Deleted soon after upload in photos", "Requests by kind", "backups", "a/7.jpg", "cost"} {
		if !strings.Contains(words, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the print lacks %q", want)
		}
	}
}
