package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/expected"
)

func html(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// vanished is the report of the vanished images: quiet weeks, and an afternoon.
func vanished(t testing.TB) *Report {
	t.Helper()
	story := traffic.Vanished(1, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	file := filepath.Join(t.TempDir(), "expected-deletes.yaml")
	if err := os.WriteFile(file, []byte(story.ExpectedDeletes), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := expected.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	p := trail(story.Before, story.During)
	m := Maker{Expected: list, Open: p.open, Now: func() time.Time { return story.Judged }}
	r, err := m.Make(t.Context(), p.files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var svgs = regexp.MustCompile(`(?s)<svg.*?</svg>`)

// What the page says, and in which order, without charts, style and script.
func TestPageGolden(t *testing.T) {
	page := html(t, reportOf(t, fixture(t), Query{}))
	page = svgs.ReplaceAllString(page, "<svg/>")
	page = regexp.MustCompile(`(?s)<(style|script)>.*?</`).ReplaceAllString(page, "<$1></")
	page = regexp.MustCompile(`sha256-.*?&#39;`).ReplaceAllString(page, "sha256-…&#39;")
	const file = "testdata/report.golden.html"
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
	}
}

// Somebody who opens the page must see in its first lines who deleted what, and when.
func TestPageBeginsWithWhatIsWrong(t *testing.T) {
	page := html(t, vanished(t))
	main := page[strings.Index(page, "<main"):]
	for _, want := range []string{
		`id="wrong"`, "3 anomalies in photos (2 HIGH, 1 MEDIUM), all by role/app-web, 20 November 2026, 14:12 to 15:45 UTC.",
		"Deleted soon after upload in photos", "16 objects of photos were deleted by role/app-web", "10.0.2.61", "a/7.jpg", "Read after delete in photos",
		"Timeline of the anomalies", `id="buckets"`, "Requests by kind", "Objects deleted in the busiest of 6 hours", "Objects deleted each hour around 20 November",
		"<figcaption>Errors", "<figcaption>Bytes", "Callers, by requests", `id="deletes"`, `id="deleted-by"`, `id="objects"`, "uploaded", `id="callers"`, `id="operations"`,
		`id="errors"`, `id="all-buckets"`, `id="cost"`, "a month at $0.10 per 100,000.",
	} {
		_, rest, ok := strings.Cut(main, want)
		if !ok {
			t.Fatalf("after what came before it, the page lacks %q", want)
		}
		main = rest
	}
}

// hostile is a report whose every text is what somebody wrote who means harm.
func hostile(text string) *Report {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	counts := map[string]int64{text: 7}
	return &Report{
		Schema: Schema, First: at, Last: at.Add(time.Hour), Records: map[string]int64{"RecordsRead": 3},
		Query: Query{Buckets: []string{text}, Keys: []string{text}, Principals: []string{text}, Operations: []string{text}},
		Buckets: []Bucket{{
			Bucket: text, First: at, Last: at, BusiestHour: Hour{Start: at, Metrics: map[string]int64{"AllRequests": 7}},
			Metrics: map[string]int64{"AllRequests": 7, "DeletedObjects": 3}, Operations: counts, ErrorCodes: counts, KeysInAll: 1,
			Callers: []Caller{{Principal: text, Kind: anomaly.Human, Requests: 7, DeletedObjects: 3, First: at, Last: at, Operations: counts,
				SourceIPAddresses: counts, UserAgents: counts}},
			Keys: []Key{{Key: text, Requests: 7, DeletedObjects: 1, History: []Step{
				{What: Deleted, Operation: text, Time: at, Count: 1, Principal: text, SourceIPAddress: text, VersionID: text, Status: 204},
				{What: Other, Operation: text, Time: at, Count: 1, Principal: text, Status: 403, ErrorCode: text},
			}}},
			Hours: []Hour{{Start: at, Metrics: map[string]int64{"AllRequests": 7, "DeletedObjects": 3}}},
		}},
		Anomalies: []Anomaly{{
			Bucket: text, Anomaly: text, Severity: anomaly.High, Principal: text, Kind: anomaly.Persons, Persons: []string{text}, First: at, Last: at, Count: 3,
			Explanation: text, Keys: []string{text}, KeysInAll: 1, SourceIPAddresses: []string{text}, UserAgents: []string{text}, EventIDs: []string{text}, LogFiles: []string{text},
		}},
		DeletedBy: []DeletedBy{{Bucket: text, Principal: text, Kind: anomaly.Human, SourceIPAddress: text, UserAgent: text, DeletedObjects: 3, First: at, Last: at}},
		Deletes: []Delete{{Time: at, Bucket: text, Key: text, VersionID: text, Principal: text, SourceIPAddress: text, UserAgent: text, EventID: text},
			{Time: at, Bucket: text, Key: text, Principal: text, ErrorCode: text}},
		Notes: []string{text}, Failures: []Failure{{File: text, Error: text}},
	}
}

var hostileTexts = []string{
	`<script>alert(1)</script>`, `</title></style></svg><script>alert(1)</script>`, `"onmouseover="alert(1)`, `'onmouseover='alert(1)`, `javascript:alert(1)`,
	"\u202egpj.exe", "\x1b[31m\x00\r\n\u2028", "]]><!--", "{{.Policy}}", "&lt;b&gt;&amp;", "\xff\xfe not UTF-8", strings.Repeat("W", 1024), strings.Repeat("<i>", 400),
}

// What callers send stays text: the page has the elements and attributes that it has with harmless texts, whatever they are.
func TestHostileTexts(t *testing.T) {
	want := skeleton(t, html(t, hostile("harmless")))
	for _, text := range hostileTexts {
		page := html(t, hostile(text))
		if diff := cmp.Diff(want, skeleton(t, page)); diff != "" {
			t.Errorf("elements of the page with %.50q (-want +got):\n%s", text, diff)
		}
		for _, r := range page {
			if r < ' ' && r != '\n' && r != '\t' || r == '\u202e' || r == '\u2028' {
				t.Errorf("the page with %.50q has the character %U", text, r)
				break
			}
		}
	}
}

// skeleton is a page's elements with their attributes' names, without those of charts, which depend on how long a text is.
func skeleton(t *testing.T, page string) []string {
	t.Helper()
	_, page, _ = strings.Cut(page, "</style>")
	page, _, _ = strings.Cut(page, "<script>")
	page = "<html>" + page + "</html>"
	page = strings.Replace(page, "</head>\n", "", 1)
	page = strings.ReplaceAll(page, `tabindex="-1"`, "")
	d := xml.NewDecoder(strings.NewReader(page + "</body>"))
	d.Strict = false
	d.AutoClose, d.Entity = xml.HTMLAutoClose, xml.HTMLEntity
	var list []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			return append(list, err.Error())
		}
		if e, ok := token.(xml.StartElement); ok {
			one := e.Name.Local
			for _, a := range e.Attr {
				one += " " + a.Name.Local
			}
			list = append(list, one)
		}
	}
}

// The page may run its own script and show its own style, and nothing else: the policy's hashes are those of what is in it.
func TestPolicy(t *testing.T) {
	page := html(t, hostile("x"))
	for _, element := range []string{"style", "script"} {
		parts := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(parts) != 1 {
			t.Fatalf("%d elements %s, want 1", len(parts), element)
		}
		sum := sha256.Sum256([]byte(parts[0][1]))
		if want := fmt.Sprintf("%s-src &#39;sha256-%s&#39;", element, base64.StdEncoding.EncodeToString(sum[:])); !strings.Contains(page, strings.ReplaceAll(want, "+", "&#43;")) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") {
		t.Error("the policy lets by default something be fetched")
	}
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script>")]
	if found := regexp.MustCompile(`(?i)\s(style|src|href|on[a-z]+)="[^#"]`).FindString(body); found != "" {
		t.Errorf("the page has %q, which its policy forbids, or which leads out of it", found)
	}
}

// large is a report of as many buckets as it has days of hours.
func large(buckets, days int) *Report {
	first := time.Date(2026, 10, 21, 0, 0, 0, 0, time.UTC)
	r := &Report{Schema: Schema, First: first, Last: first.AddDate(0, 0, days).Add(-time.Second), Records: map[string]int64{}}
	for i := range buckets {
		b := Bucket{
			Bucket: fmt.Sprintf("bucket-%03d", i), First: r.First, Last: r.Last, Metrics: map[string]int64{}, Operations: map[string]int64{}, ErrorCodes: map[string]int64{},
			KeysInAll: 5000,
		}
		for h := range days * 24 {
			metrics := map[string]int64{
				"AllRequests": int64(100 + (h*37+i)%50), "GetRequests": int64(60 + h%17), "PutRequests": int64(20 + i%5), "DeleteRequests": int64(h % 7),
				"DeletedObjects": int64(h % 24 * (i % 9)), "4xxErrors": int64(h % 3), "BytesDownloaded": int64(h * 1e6), "BytesUploaded": int64(i * 1e6),
			}
			for name, n := range metrics {
				b.Metrics[name] += n
			}
			b.Hours = append(b.Hours, Hour{Start: first.Add(time.Duration(h) * time.Hour), Metrics: metrics})
		}
		b.BusiestHour = b.Hours[0]
		for j := range 20 {
			principal := fmt.Sprintf("arn:aws:iam::111122223333:role/service/app-%d", j)
			b.Operations[fmt.Sprintf("Operation%d", j)] = int64(1000 - j)
			b.Callers = append(b.Callers, Caller{Principal: principal, Kind: anomaly.Machine, Requests: int64(1000 - j), First: r.First, Last: r.Last,
				SourceIPAddresses: map[string]int64{"10.0.0.1": 5, "10.0.0.2": 4}, UserAgents: map[string]int64{"aws-sdk-go-v2/1.41.1": 9}})
		}
		for j := range 40 {
			b.Keys = append(b.Keys, Key{Key: fmt.Sprintf("some/folder/object-%05d.jpg", j), Requests: int64(j), DeletedObjects: int64(j % 2), History: []Step{
				{What: Uploaded, Operation: "PutObject", Time: r.First, Count: 1, Principal: b.Callers[0].Principal, Status: 200},
				{What: Deleted, Operation: "DeleteObject", Time: r.First.Add(time.Hour), Count: 1, Principal: b.Callers[0].Principal, Status: 204},
			}})
		}
		r.Buckets = append(r.Buckets, b)
		r.DeletedBy = append(r.DeletedBy, DeletedBy{Bucket: b.Bucket, Principal: b.Callers[0].Principal, Kind: anomaly.Machine, SourceIPAddress: "10.0.0.1",
			UserAgent: "aws-sdk-go-v2/1.41.1", DeletedObjects: int64(buckets - i), First: r.First, Last: r.Last})
		if i%2 == 0 {
			at := first.Add(time.Duration(i) * time.Hour)
			r.Anomalies = append(r.Anomalies, Anomaly{Bucket: b.Bucket, Anomaly: "DeleteSurge", Severity: anomaly.Medium, Principal: b.Callers[0].Principal,
				Kind: anomaly.Machine, First: at, Last: at.Add(30 * time.Minute), Count: 500, Threshold: 40, Explanation: "500 objects deleted from it by role/app-0."})
		}
	}
	for i := range maxDeletes {
		r.Deletes = append(r.Deletes, Delete{Time: r.Last.Add(time.Duration(i-maxDeletes) * time.Second), Bucket: r.Buckets[i%buckets].Bucket,
			Key: fmt.Sprintf("some/folder/object-%05d.jpg", i), Principal: "arn:aws:iam::111122223333:role/service/app-0", Kind: anomaly.Machine, SourceIPAddress: "10.0.0.1",
			UserAgent: "aws-sdk-go-v2/1.41.1", EventID: "8d8a4b8e-6a3f-4a54-9c1e-8c4f5b8f2c11"})
	}
	r.fill()
	return r
}

// A page of hundreds of buckets and a month opens at once, and says what isn't in it.
func TestLargePage(t *testing.T) {
	page := html(t, large(300, 30))
	if n := len(page); n > 4_000_000 {
		t.Errorf("page of 300 buckets and 30 days has %d bytes, want 4 MB at the most", n)
	}
	if n := strings.Count(page, `class="bucket"`); n != maxCharted {
		t.Errorf("%d buckets have charts, want %d", n, maxCharted)
	}
	for _, want := range []string{
		"12 of 300 buckets", "2,000 of 10,000: the newest", "1,000 of 6,000: those of the buckets that matter most", "500 of 1,500,000 objects",
		"The 14 most severe kinds are drawn; the table has 136 more anomalies.", "1,000 of 6,000", "bucket-299",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
}

func BenchmarkLargePage(b *testing.B) {
	r := large(300, 30)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.WriteHTML(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// Nothing at all, or next to nothing, gives a page, too.
func TestSmallPages(t *testing.T) {
	for name, r := range map[string]*Report{
		"nothing": {}, "a failure": {Failures: []Failure{{"a.json", "unexpected EOF"}}},
		"a bucket without hours": {Buckets: []Bucket{{Bucket: "b", First: evening, Last: evening, Metrics: map[string]int64{"AllRequests": 1}}}},
		"centuries": {Buckets: []Bucket{{Bucket: "b", First: time.Unix(0, 0).UTC(), Last: evening, Metrics: map[string]int64{"AllRequests": 2}, Hours: []Hour{
			{Start: time.Unix(0, 0).UTC().AddDate(-200, 0, 0), Metrics: map[string]int64{"AllRequests": 1, "DeletedObjects": 1}},
			{Start: evening, Metrics: map[string]int64{"AllRequests": 1, "DeletedObjects": 1}},
		}}}},
	} {
		page := html(t, r)
		if !strings.Contains(page, "found") || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("page of %s lacks a verdict, or its end", name)
		}
	}
}
