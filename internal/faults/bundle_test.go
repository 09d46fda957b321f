package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// invokeBundle tries several invocations of files as the messages of one SQS event, whose files run side by side. Each
// gets an attempt of its own: what was written and marked about its file, and what befell any of them.
func (e *environment) invokeBundle(t testing.TB, bundle []*invocation) []*attempt {
	t.Helper()
	var records []any
	for i, it := range bundle {
		it.tries++
		records = append(records, map[string]any{"eventSource": "aws:sqs", "messageId": fmt.Sprint(i), "body": string(e.w.scenario.payload(it))})
	}
	payload, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	all := &attempt{invocation: bundle[0]}
	answer := e.serveOne(t, all, payload)
	failed := map[string]bool{}
	if all.err == nil {
		var response struct {
			BatchItemFailures []struct{ ItemIdentifier string }
		}
		if err := json.Unmarshal(answer, &response); err != nil {
			t.Errorf("an SQS event was answered with %q", answer)
		}
		for _, f := range response.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}
	}
	var attempts []*attempt
	told := map[int]bool{}
	for i, it := range bundle {
		a := &attempt{invocation: it, err: all.err, log: all.log, befallen: all.befallen, killed: all.killed, failed: all.failed}
		if failed[fmt.Sprint(i)] {
			a.err = errors.New("it is among the batchItemFailures")
		}
		uri := e.w.scenario.uri(it.file)
		for _, mark := range all.marks {
			a.marked = a.marked || strings.Contains(mark, uri+" ")
		}
		if !told[it.file] { // a file that comes twice is told of once
			a.lines = all.ofFile[uri]
			told[it.file] = true
		}
		attempts = append(attempts, a)
	}
	return attempts
}

// byFile sorts lines by the log file that they are about. Those of one file stand together on each stream, and end on
// standard output with its Health line. Of a process that was killed the last ones may lack that: then they are of the
// file that the other stream has told of last.
func byFile(metrics, others []line) map[string][]line {
	files := map[string][]line{}
	last := ""
	for _, l := range others {
		if file, ok := l["LogFile"].(string); ok {
			files[file] = append(files[file], l)
			last = file
		}
	}
	from := 0
	for i, l := range metrics {
		if file, ok := l["LogFile"].(string); ok && l["Type"] == "Health" {
			files[file] = append(files[file], metrics[from:i+1]...)
			from = i + 1
		}
	}
	files[last] = append(files[last], metrics[from:]...)
	return files
}
