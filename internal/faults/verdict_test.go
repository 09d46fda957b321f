package faults

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/emftest"
)

// line is one that the function wrote, the log's left out.
type line map[string]any

// parse reads the lines of a stream. Of a process that was killed the last one may be cut.
func parse(t testing.TB, text []byte, metrics, killed bool) []line {
	t.Helper()
	var lines []line
	for raw := range bytes.Lines(text) {
		if raw[len(raw)-1] != '\n' {
			if !killed {
				t.Errorf("a line was not ended by a process that lives: %q", raw)
			}
			break
		}
		if metrics {
			if err := emftest.Check(raw); err != nil {
				t.Errorf("CloudWatch would not take a line: %v\n%s", err, raw)
			}
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Errorf("a line isn't JSON: %v\n%s", err, raw)
			continue
		}
		if _, ok := l["Type"]; ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// result is what a subscriber and a dashboard would have seen.
type result struct {
	counted   map[string]int64  // the metrics of buckets, by bucket and name
	anomalies map[string]string // bucket, name, principal and window: the highest severity, and the persons
	opened    map[string]int64  // how often an anomaly was told as new
	messages  map[message]int
	processed int   // FilesProcessed
	taken     int64 // FilesTakenOver
}

func newResult() result {
	return result{counted: map[string]int64{}, anomalies: map[string]string{}, opened: map[string]int64{}, messages: map[message]int{}}
}

// add counts lines, n times.
func (r *result) add(lines []line, n int64) {
	for _, l := range lines {
		bucket, _ := l["BucketName"].(string)
		switch l["Type"] {
		case "Bucket":
			for name, v := range l {
				switch v := v.(type) {
				case float64:
					if name != "Schema" {
						r.counted[bucket+" "+name] += n * int64(v)
					}
				case []any:
					if name == "TotalRequestLatency" {
						r.counted[bucket+" timed"] += n * int64(len(v))
					}
				}
			}
		case "Health":
			r.processed += int(n * l.number("FilesProcessed"))
			r.taken += n * l.number("FilesTakenOver")
		case "Anomaly":
			key := strings.Join([]string{bucket, l["Anomaly"].(string), l["Principal"].(string), l["WindowStart"].(string), l["WindowEnd"].(string)}, " ")
			persons, _ := json.Marshal(l["Persons"])
			value := l["Severity"].(string) + " " + string(persons)
			if before := r.anomalies[key]; rank(value) > rank(before) || rank(value) == rank(before) && len(value) > len(before) {
				r.anomalies[key] = value
			}
			r.opened[key] += n * l.number("Anomalies")
		}
	}
	maps.DeleteFunc(r.counted, func(_ string, n int64) bool { return n == 0 })
}

func (l line) number(name string) int64 {
	n, _ := l[name].(float64)
	return int64(n)
}

func rank(severity string) int {
	name, _, _ := strings.Cut(severity, " ")
	return slices.Index([]string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}, name)
}

// told adds up everything that was written and sent.
func (w *world) told() result {
	r := newResult()
	for _, a := range w.attempts {
		r.add(a.lines, 1)
	}
	for _, m := range w.sns.Messages() {
		r.messages[readMessage(w.t, m.Subject)]++
	}
	return r
}

// message is what one is about. Its words depend on what was known when it was sent.
type message struct{ bucket, principal, severity string }

var parts = regexp.MustCompile(`^\[(\w+)\] ([^:]+):.*?\b((?:role|user)/[\w-]+)`)

func readMessage(t testing.TB, subject string) message {
	m := parts.FindStringSubmatch(subject)
	if m == nil {
		t.Errorf("a message has the subject %q", subject)
		return message{}
	}
	return message{bucket: m[2], principal: m[3], severity: m[1]}
}

// worst returns the highest severity of the messages about the same as m.
func (r *result) worst(m message) string {
	worst := ""
	for other := range r.messages {
		if other.bucket == m.bucket && other.principal == m.principal && rank(other.severity) > rank(worst) {
			worst = other.severity
		}
	}
	return worst
}

// wroteLines tells whether metric lines about what is in the file have left the process; if complete, all of them. That a
// file was skipped or refused is said of each attempt.
func (a *attempt) wroteLines() (some, complete bool) {
	for _, l := range a.lines {
		if _, ok := l["_aws"]; ok && l.number("FilesSkipped")+l.number("FilesRefused") == 0 {
			some = true
		}
		complete = complete || l.number("FilesProcessed") > 0
	}
	return some, complete
}

// tally is what became of the log files of a run, or of many.
type tally struct {
	runs, files, invocations, kills, deadLettered, lost int
	doubled, partly                                     int // files written twice: wholly, or in part
	linesTwice, messagesTwice                           int // of anomalies
	takenOver                                           int64
	late                                                int // runs with a file that was read too late for the judgement
	faults                                              map[fault]int
	writing, marking                                    []time.Duration // the two parts of the window, seen from outside
}

// judge says what became of the files, and what is wrong with it. It is called when all faults are over and the
// dead-letter list was redriven.
func (w *world) judge(t *testing.T, deadLettered int, late bool) tally {
	t.Helper()
	sum := tally{runs: 1, files: len(w.scenario.Files), invocations: len(w.attempts), deadLettered: deadLettered, faults: w.faults}
	if late {
		sum.late = 1
	}
	got := w.told()
	sum.takenOver = got.taken
	once := w.told() // without what was written twice
	for _, a := range w.attempts {
		if a.killed {
			sum.kills++ // of several files as many times
		}
		if len(a.befallen) == 0 && a.marked && !a.wrote.IsZero() { // not of several files
			sum.writing = append(sum.writing, a.markAsked.Sub(a.wrote))
			sum.marking = append(sum.marking, a.markDone.Sub(a.markAsked))
		}
	}
	surplus := int64(0)
	for i := range w.scenario.Files {
		sum.addFile(t, w, i, &once, &surplus)
	}
	if got.taken < surplus {
		t.Errorf("FilesTakenOver = %d, and the lines of %d invocations were written again", got.taken, surplus)
	}
	want := w.scenario.undisturbed
	if want.counted == nil {
		return sum // this is the undisturbed run
	}
	if !maps.Equal(once.counted, want.counted) {
		for _, name := range slices.Sorted(maps.Keys(want.counted)) {
			if once.counted[name] != want.counted[name] {
				t.Errorf("%s: counted %d, the truth is %d", name, once.counted[name], want.counted[name])
			}
		}
	}
	for key, severity := range want.anomalies {
		if got.anomalies[key] != severity && !(late && rank(got.anomalies[key]) >= rank(severity)) {
			t.Errorf("anomaly %s: %q, undisturbed %q", key, got.anomalies[key], severity)
		}
	}
	disturbed := 0
	for _, a := range w.attempts {
		disturbed += a.sentTwice
		if a.file < 0 && (a.failed || a.killed) {
			disturbed++
		}
	}
	for key, n := range got.opened {
		if _, ok := want.anomalies[key]; !ok && !late {
			t.Errorf("anomaly %s was told, and not without faults", key)
		}
		if n > 1 {
			sum.linesTwice += int(n - 1)
			if w.explained(key) < n-1 {
				t.Errorf("anomaly %s was told as new %d times, and only %d of them by an invocation that was disturbed afterwards", key, n, w.explained(key))
			}
		}
	}
	// Of an incident that becomes more severe, some may be told only when it has.
	for m := range want.messages {
		if worst := got.worst(m); worst != want.worst(m) && !(late && rank(worst) > rank(want.worst(m))) {
			t.Errorf("about %v the most severe message is %q, undisturbed %q", m, worst, want.worst(m))
		}
	}
	for m, n := range got.messages {
		if want.worst(m) == "" && !late {
			t.Errorf("a message about %v, and none without faults", m)
		}
		if n > 1 {
			sum.messagesTwice += n - 1
			if n-1 > disturbed {
				t.Errorf("a message about %v came %d times, and %d ticks were disturbed", m, n, disturbed)
			}
		}
	}
	return sum
}

// explained returns how many invocations told of an anomaly and died, or failed to take down that they had.
func (w *world) explained(key string) int64 {
	var n int64
	for _, a := range w.attempts {
		r := newResult()
		r.add(a.lines, 1)
		if r.opened[key] > 0 && (a.killed || a.failed) {
			n++
		}
	}
	return n
}

// addFile judges one log file, and takes out of once what was written more than once.
func (s *tally) addFile(t *testing.T, w *world, file int, once *result, surplus *int64) {
	t.Helper()
	var writers []*attempt
	last := -1 // that wrote all
	for _, a := range w.attempts {
		if a.file != file {
			continue
		}
		some, complete := a.wroteLines()
		if !some {
			continue
		}
		if complete {
			last = len(writers)
		}
		writers = append(writers, a)
	}
	if last < 0 {
		s.lost++
		t.Errorf("file %d is LOST: of %d invocations none wrote its lines", file, len(w.attempts))
		return
	}
	for i, a := range writers {
		if i == last {
			continue
		}
		_, complete := a.wroteLines()
		if complete {
			s.doubled++
		} else {
			s.partly++
		}
		once.add(a.lines, -1)
		if i > last {
			t.Errorf("file %d: %v wrote lines after all were written", file, a)
		}
		// The window: it had begun to write, and the mark that it had did not reach the table.
		if a.marked || !a.killed {
			t.Errorf("file %d: %v wrote its lines, though they were to be written again; marked %v, killed %v, its faults %q", file, a, a.marked, a.killed, a.befallen)
		}
		*surplus++
		if next := writers[i+1]; i+1 == last && takenOver(next) == 0 {
			t.Errorf("file %d: %v wrote lines again without FilesTakenOver", file, next)
		}
	}
}

func takenOver(a *attempt) int64 {
	r := newResult()
	r.add(a.lines, 1)
	return r.taken
}
