// Package chromium looks at pages in a real Chromium, for tests.
//
// The browser is driven by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/. What it doesn't
// show: other browsers.
package chromium

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Variable names the browser's program. Where it is empty, tests that need a browser are skipped.
const Variable = "BUCKETWATCH_CHROMIUM"

// View is how a page is looked at.
type View struct {
	Width, Height int64
	Dark          bool // the system prefers it
	NoScript      bool // the page's scripts don't run
}

// Tab is a browser's tab that shows a page.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu                   sync.Mutex
	complaints, requests []string
}

// patience is how long anything may take.
const patience = time.Minute

// Browser is a running Chromium, with nothing of a user's.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Start starts a browser, which ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	program := os.Getenv(Variable)
	if program == "" {
		t.Skip("needs Chromium: make test-browser looks for it and runs this test")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program))
	if os.Geteuid() == 0 { // Chromium has no sandbox for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for its end
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("cannot start %s: %v", program, err)
	}
	return &Browser{t, ctx}
}

// Open opens a file, by file://, in a tab of its own, which is closed with the test.
func (b *Browser) Open(file string, view View) *Tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	tab := &Tab{t: b.t, ctx: ctx}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		b.t.Fatalf("cannot open a tab: %v", err)
	}
	preferred := "light"
	if view.Dark {
		preferred = "dark"
	}
	call(tab, network.Enable, network.EnableParams{})
	call(tab, log.Enable, cdp.Empty{})
	call(tab, runtime.Enable, cdp.Empty{})
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: preferred}}})
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: view.NoScript})
	tab.do("set the size", chromedp.EmulateViewport(view.Width, view.Height))
	path, err := filepath.Abs(file)
	if err != nil {
		b.t.Fatal(err)
	}
	tab.do("open "+file, chromedp.Navigate((&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()))
	return tab
}

// Close closes the tab.
func (tab *Tab) Close() {
	tab.t.Helper()
	if err := chromedp.Cancel(tab.ctx); err != nil {
		tab.t.Errorf("Chromium cannot close a tab: %v", err)
	}
}

func call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		tab.t.Fatalf("Chromium refuses %s: %v", command.Method, err)
	}
	return result
}

func (tab *Tab) do(what string, step chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	run(tab, what, step)
}

func run[T any](tab *Tab, what string, action chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		tab.t.Fatalf("Chromium cannot %s: %v", what, err)
	}
	return result
}

// hear notes what the browser tells of the page.
func (tab *Tab) hear(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		tab.requests = append(tab.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		tab.complaints = append(tab.complaints, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		tab.complaints = append(tab.complaints, fmt.Sprintf("console.%s", e.Type))
	case *log.EventEntryAdded:
		tab.complaints = append(tab.complaints, fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text))
	}
}

// Complaints returns what was written to the console until now: exceptions, what the page's policy refused, and all else.
func (tab *Tab) Complaints() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.complaints)
}

// Requests returns the URLs that were asked for until now, the page's own among them.
func (tab *Tab) Requests() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.requests)
}

// Evaluate returns what a JavaScript expression gives in the page; a promise's value, if it gives one.
func Evaluate[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	return run(tab, fmt.Sprintf("evaluate %.200s", expression), chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Click clicks the first element of a CSS selector.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Type types into the first element of a CSS selector.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.do("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses keys, which go to what has the focus.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.do("press "+keys, chromedp.KeyEvent(keys))
}

// PDF prints the page, on A4 or as it says itself.
func (tab *Tab) PDF() []byte {
	tab.t.Helper()
	return run(tab, "print", chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFOutlineAndTagged()))
}

// Picture returns a PNG of the page's first so many pixels, as wide as the view is.
func (tab *Tab) Picture(width, height float64) []byte {
	tab.t.Helper()
	beyond := true
	shot := call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, Clip: &page.Viewport{Width: width, Height: height, Scale: 1}, CaptureBeyondViewport: &beyond,
	})
	return shot.Data
}

// Do runs JavaScript in the page.
func (tab *Tab) Do(script string) {
	tab.t.Helper()
	tab.do(fmt.Sprintf("run %.100s", script), chromedp.Evaluate[chromedp.Void](script))
}
