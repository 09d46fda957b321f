package chromium

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const loud = `<!DOCTYPE html><title>A page</title><body><p id="p">before</p><button>Go</button><input>
<script>
console.error("oh");
fetch("http://127.0.0.1:1/data").catch(() => {});
document.querySelector("button").onclick = () => { document.querySelector("p").textContent = "after"; };
setTimeout(() => { throw new Error("late") }, 0);
</script>`

func write(t *testing.T, page string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a page.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// What goes wrong in a page is noticed: otherwise a test that nothing does would show nothing.
func TestBrowserNotices(t *testing.T) {
	tab := Start(t).Open(write(t, loud), View{Width: 400, Height: 300})
	if got := Evaluate[int](tab, `new Promise(done => setTimeout(() => done(innerWidth), 50))`); got != 400 {
		t.Errorf("width = %d, want 400", got)
	}
	tab.Click("button")
	tab.Type("input", "word")
	if got := Evaluate[string](tab, `document.querySelector("p").textContent + document.querySelector("input").value`); got != "afterword" {
		t.Errorf("after a click and typing the page has %q, want afterword", got)
	}
	complaints := strings.Join(tab.Complaints(), "\n")
	for _, want := range []string{"console.error", "exception"} {
		if !strings.Contains(complaints, want) {
			t.Errorf("complaints = %s, want one with %q", complaints, want)
		}
	}
	requests := tab.Requests()
	if len(requests) == 0 || !strings.HasSuffix(requests[0], "/a%20page.html") || !slices.Contains(requests, "http://127.0.0.1:1/data") {
		t.Errorf("requests = %q, want the page and http://127.0.0.1:1/data", requests)
	}
}

func TestBrowserViews(t *testing.T) {
	page := write(t, `<!DOCTYPE html><p>without</p><script>document.querySelector("p").textContent = "with"</script>`)
	browser := Start(t)
	for _, view := range []View{{Width: 360, Height: 640}, {Width: 800, Height: 600, Dark: true}, {Width: 800, Height: 600, NoScript: true}} {
		tab := browser.Open(page, view)
		if got := Evaluate[bool](tab, `matchMedia("(prefers-color-scheme: dark)").matches`); got != view.Dark {
			t.Errorf("%+v: dark = %v", view, got)
		}
		want := "with"
		if view.NoScript {
			want = "without"
		}
		if got := Evaluate[string](tab, `document.querySelector("p").textContent`); got != want {
			t.Errorf("%+v: the page has %q, want %q", view, got, want)
		}
		if picture := tab.Picture(float64(view.Width), 100); !strings.HasPrefix(string(picture), "\x89PNG") {
			t.Errorf("%+v: the picture begins %q, want a PNG", view, picture[:min(len(picture), 8)])
		}
		if document := tab.PDF(); !strings.HasPrefix(string(document), "%PDF-") {
			t.Errorf("%+v: the print begins %q, want a PDF", view, document[:min(len(document), 8)])
		}
	}
}
