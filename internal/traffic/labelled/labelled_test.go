package labelled_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"bucketwatch/internal/traffic"
	"bucketwatch/internal/traffic/labelled"
	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/s3event"
)

var monday = time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)

// options are a few days of a bucket of each kind, with all of its attacks.
func options(seed uint64) labelled.Options {
	return labelled.Options{Seed: seed, Account: "111122223333", From: monday, Learn: 2, Scored: 14, Kinds: labelled.Kinds, Attacks: true, Every: 20 * time.Minute}
}

// all makes all of it.
func all(t *testing.T, o labelled.Options) ([]traffic.File, *labelled.Labels) {
	t.Helper()
	s := labelled.New(o)
	var files []traffic.File
	for {
		day, ok, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return files, &s.Labels
		}
		files = append(files, day...)
	}
}

func TestTrafficIsDeterministic(t *testing.T) {
	o := options(7)
	o.Scored, o.Attacks = 2, false
	files, labels := all(t, o)
	again, labelsAgain := all(t, o)
	if !reflect.DeepEqual(files, again) || !reflect.DeepEqual(labels, labelsAgain) {
		t.Error("seed 7 gives different traffic the second time")
	}
	o.Seed = 8
	if other, _ := all(t, o); reflect.DeepEqual(files, other) {
		t.Error("seeds 7 and 8 give the same traffic")
	}
}

// The labels say what the log files say, as package cloudtrail reads them and package s3event understands them.
func TestLabelsAreWhatTheFilesSay(t *testing.T) {
	files, labels := all(t, options(1))
	got := map[string]*labelled.Bucket{}
	for _, b := range labels.Buckets {
		got[b.Name] = &labelled.Bucket{Objects: map[string]int{}, Hours: make([]int, len(b.Hours))}
	}
	read := map[string]bool{}
	twice, classes := 0, map[int]int{}
	for _, f := range files {
		key := cloudtrail.ParseKey(f.Key)
		if key.Kind != cloudtrail.LogFile || !key.Delivered.Equal(f.Delivered) {
			t.Fatalf("key %s is not that of a log file of %s", f.Key, f.Delivered)
		}
		if read[f.Key] {
			twice++
			continue
		}
		read[f.Key] = true
		count(t, f, labels, got, classes)
	}
	if twice == 0 {
		t.Error("no file is told of twice, want some")
	}
	for _, class := range []int{metric.RecordsCounted, metric.RecordsNotARequest, metric.RecordsDuplicate, metric.RecordsNotS3} {
		if classes[class] == 0 {
			t.Errorf("no record of class %d", class)
		}
	}
	compared := 0
	for _, b := range labels.Buckets {
		if b.Form == string(traffic.Old) {
			continue // objects without records
		}
		compared++
		if diff := gocmp.Diff(b.Hours, got[b.Name].Hours); diff != "" {
			t.Errorf("%s, objects deleted each hour (-labels +files):\n%s", b.Name, diff)
		}
		if b.Form != string(traffic.Full) {
			continue // who isn't in each record
		}
		if diff := gocmp.Diff(b.Objects, got[b.Name].Objects); diff != "" {
			t.Errorf("%s, objects by principal (-labels +files):\n%s", b.Name, diff)
		}
	}
	if compared < 7 {
		t.Errorf("%d buckets compared, want 7 at least", compared)
	}
}

// count counts the objects deleted in a file.
func count(t *testing.T, f traffic.File, labels *labelled.Labels, got map[string]*labelled.Bucket, classes map[int]int) {
	t.Helper()
	r := cloudtrail.NewReader(bytes.NewReader(f.Body))
	var record cloudtrail.Record
	var event s3event.Event
	seen := map[string]bool{}
	n := 0
	for {
		err := r.Read(&record)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Key, err)
		}
		n++
		s3event.Interpret(&record, &event)
		duplicate := seen[string(record.EventID)]
		seen[string(record.EventID)] = true
		classes[int(metric.Class(&event, duplicate, false))]++
		if duplicate || !event.ObjectDeleted() {
			continue
		}
		b := got[string(event.Bucket)]
		b.Hours[int(event.Time.Sub(labels.From)/time.Hour)]++
		b.Objects[string(s3event.AppendPrincipal(nil, &record.UserIdentity))]++
	}
	if n != f.Records {
		t.Errorf("%s has %d records, want %d", f.Key, n, f.Records)
	}
}

// Each bucket has one attack of each named class, none before the first scored day, and none that touches another.
func TestAttacks(t *testing.T) {
	o := options(2)
	o.Scored = 84
	o.Kinds = []labelled.Kind{labelled.Zero, labelled.Quiet}
	_, labels := all(t, o)
	last := map[string]time.Time{}
	named := map[string]int{}
	for _, a := range labels.Attacks {
		if a.Start.Before(labels.ScoredFrom) || a.End.After(labels.Until) || a.Until.Before(a.End) {
			t.Errorf("attack %+v is outside its time", a)
		}
		if before := last[a.Bucket]; a.Start.Sub(before) < 72*time.Hour && !before.IsZero() {
			t.Errorf("attack on %s at %s is %s after the one before", a.Bucket, a.Start, a.Start.Sub(before))
		}
		last[a.Bucket] = a.Start
		if a.By == labelled.UsualPrincipal && a.Objects == 1000 && a.Minutes == 5 && a.Case == "" {
			named[a.Bucket]++
		}
	}
	for _, b := range labels.Buckets {
		if named[b.Name] == 0 {
			t.Errorf("%s has no attack of 1,000 by the usual principal", b.Name)
		}
	}
}

func TestFleet(t *testing.T) {
	n := map[labelled.Kind]int{}
	for _, kind := range labelled.Fleet(300) {
		n[kind]++
	}
	want := map[labelled.Kind]int{"zero": 90, "quiet": 120, "app": 30, "nightly": 30, "busy": 6, "bursty": 6, "weekly": 6, "growing": 6, "ad hoc": 6}
	if diff := gocmp.Diff(want, n); diff != "" {
		t.Errorf("Fleet(300) (-want +got):\n%s", diff)
	}
}

func TestValidateFails(t *testing.T) {
	o := labelled.Options{Account: "1", Scored: 3, Attacks: true, Every: 7 * time.Minute}
	err := o.Validate()
	for _, want := range []string{"12 digits", "too few", "part of an hour", "no buckets"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want %q in it", err, want)
		}
	}
	o = options(1)
	if err := o.Validate(); err != nil {
		t.Errorf("Validate() = %v, want nil", err)
	}
}
