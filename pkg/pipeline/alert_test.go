package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const testAlert = `{"bucketwatch":"test-alert"}`

func TestTestAlert(t *testing.T) {
	r := newRun(t, same(nil), "BUCKETWATCH_ALERTS_TOPIC="+topic, "AWS_LAMBDA_LOG_GROUP_NAME=bw-log", "AWS_REGION=us-east-1")
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err != nil {
		t.Fatalf("Handle(test alert) = %v", err)
	}
	if len(r.published) != 1 {
		t.Fatalf("%d messages were published, want 1", len(r.published))
	}
	m := r.published[0]
	if *m.TopicArn != topic || !strings.HasPrefix(*m.Subject, "TEST ") || !strings.HasPrefix(*m.Message, "TEST") {
		t.Errorf("published %q to %s: %s", *m.Subject, *m.TopicArn, *m.Message)
	}
	for _, part := range []string{"of account 111122223333", "Region us-east-1", "log group bw-log"} {
		if !strings.Contains(*m.Message, part) {
			t.Errorf("the message does not hold %q:\n%s", part, *m.Message)
		}
	}
	if r.metrics.Len() > 0 {
		t.Errorf("a test alert wrote metrics: %s", r.metrics.String())
	}
}

func TestTestAlertFails(t *testing.T) {
	r := newRun(t, same(nil))
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err == nil || !strings.Contains(err.Error(), "BUCKETWATCH_ALERTS_TOPIC") {
		t.Errorf("Handle(test alert without a topic) = %v, want an error that names the variable", err)
	}
	r = newRun(t, same(nil), "BUCKETWATCH_ALERTS_TOPIC="+topic)
	r.sns = publish(func(*sns.PublishInput) error { return errors.New("AuthorizationError") })
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err == nil || !strings.Contains(err.Error(), "AuthorizationError") {
		t.Errorf("Handle(test alert) = %v, want the error of publishing", err)
	}
}

// deleting is a log file: n objects of photos that who deletes in a minute after 10 o'clock.
func deleting(file, n, minute int, who string) delivery {
	var all []request
	for i := range n {
		all = append(all, request{at: clockOn(10, minute, i), who: who, operation: "DeleteObject", bucket: "photos", key: fmt.Sprintf("%d/%d.jpg", file, i)})
	}
	return deliver(file, clockOn(10, minute+3, 0), all...)
}

// suspension is a log file that shows an anomaly by itself.
func suspension(file, minute int, who string) delivery {
	return deliver(file, clockOn(10, minute+3, 0),
		request{at: clockOn(10, minute, 0), who: who, operation: "PutBucketVersioning", bucket: "photos", parameters: suspended})
}

// incidents are one of each severity.
var incidents = []struct {
	severity string
	files    []delivery
}{
	{"LOW", []delivery{deleting(1, 1, 0, intern)}},
	{"MEDIUM", []delivery{deleting(1, 15, 0, intern)}},
	{"HIGH", []delivery{deleting(1, 85, 0, intern)}},
	{"CRITICAL", []delivery{deleting(1, 85, 0, intern), suspension(2, 1, intern)}},
}

// The setting alone says which incidents people read of; all of them have their lines.
func TestAlertSeverity(t *testing.T) {
	for from, setting := range incidents {
		for is, incident := range incidents {
			t.Run(fmt.Sprintf("%s from %s on", incident.severity, setting.severity), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, afterCalmDays(t), "BUCKETWATCH_ALERT_SEVERITY="+setting.severity)
				w.read(t, incident.files...)
				w.take(t)
				w.tick(t, clockOn(10, 10, 0))
				health, anomalies := w.takeHealth(t)
				if len(anomalies) == 0 {
					t.Fatal("no anomaly line was written")
				}
				subjects := w.subjects()
				if want := is >= from; !want && len(subjects) > 0 {
					t.Errorf("messages %q, want none", subjects)
				} else if want && (len(subjects) != 1 || !strings.HasPrefix(subjects[0], "["+incident.severity+"] photos: ")) {
					t.Errorf("messages %q, want one of %s", subjects, incident.severity)
				}
				if got, want := sum([]line{health}, "AlertsPublished"), int64(len(subjects)); got != want {
					t.Errorf("AlertsPublished = %d, want %d", got, want)
				}
			})
		}
	}
}

// One message when an incident opens, one more each time that its severity rises, none for what comes besides.
func TestMessagesOfAnIncident(t *testing.T) {
	w := newWorld(t, afterCalmDays(t), "BUCKETWATCH_ALERT_SEVERITY=LOW")
	for _, step := range []struct {
		what string
		file delivery
		tick int    // minutes after 10 o'clock
		want string // is what the one message's subject begins with; "": there is none
	}{
		{"a first delete", deleting(1, 1, 0, intern), 5, "[LOW] photos: 1 object deleted by role/intern"},
		{"another", deleting(2, 1, 5, intern), 10, ""},
		{"a few", deleting(3, 10, 10, intern), 15, "[MEDIUM] photos: 12 objects deleted by role/intern"},
		{"many", deleting(4, 75, 15, intern), 20, "[HIGH] photos: 87 objects deleted by role/intern"},
		{"more", deleting(5, 30, 20, intern), 25, ""},
		{"a protection taken away", suspension(6, 25, intern), 30, "[CRITICAL] photos: likely attack by role/intern, 117 objects deleted"},
		{"and still more", deleting(7, 30, 30, intern), 35, ""},
		{"by somebody else", deleting(8, 85, 30, cleaner), 36, "[HIGH] photos: 85 objects deleted by role/cleaner"},
	} {
		w.read(t, step.file)
		w.tick(t, clockOn(10, step.tick, 0))
		if got := w.subjects(); (step.want != "") != (len(got) == 1) || !strings.HasPrefix(strings.Join(got, ""), step.want) {
			t.Errorf("%s: messages %q, want %q", step.what, got, step.want)
		}
		w.tick(t, clockOn(10, step.tick+1, 0))
		if got := w.subjects(); len(got) > 0 {
			t.Errorf("%s: the next tick sent %q, want nothing", step.what, got)
		}
	}
}

// What comes after six quiet hours is another incident.
func TestQuietHours(t *testing.T) {
	for minutes, want := range map[int]int{355: 0, 365: 1} {
		w := newWorld(t, afterCalmDays(t))
		w.read(t, deleting(1, 85, 0, appWeb))
		w.tick(t, clockOn(10, 5, 0))
		if got := w.subjects(); len(got) != 1 {
			t.Errorf("messages %q of the first incident, want one", got)
		}
		w.read(t, deleting(2, 85, minutes, appWeb))
		w.tick(t, clockOn(10, minutes+5, 0))
		if got := w.subjects(); len(got) != want {
			t.Errorf("messages %q after %d quiet minutes, want %d", got, minutes, want)
		}
	}
}

// Each change that took a protection away has a line, and the message names all of them, whatever log file they are in.
// Deletes in the log bucket, which each log file tells too, are named once.
func TestMessageNamesAllChanges(t *testing.T) {
	change := func(minute int, operation, bucket string) request {
		return request{at: clockOn(10, minute, 0), who: intern, operation: operation, bucket: bucket, parameters: suspended}
	}
	logFiles := func(minute int) []request {
		return of(3, request{at: clockOn(10, minute, 0), who: intern, operation: "DeleteObject", bucket: logBucket, key: fmt.Sprintf("AWSLogs/%d", minute)})
	}
	for _, test := range []struct {
		name      string
		files     [][]request
		sentences []string // and no other
	}{
		{"of a bucket", [][]request{
			{change(1, "PutBucketVersioning", "photos"), change(2, "DeleteBucketPolicy", "photos")},
			{change(3, "DeleteBucketReplication", "photos"), change(4, "DeleteBucketPolicy", "photos")},
		}, []string{
			"role/intern suspended versioning of photos at 10:01 UTC.", "role/intern deleted the bucket policy of photos at 10:02 UTC.",
			"role/intern deleted the replication rules of photos at 10:03 UTC.", "role/intern deleted the bucket policy of photos at 10:04 UTC.",
		}},
		{"of the log bucket", [][]request{logFiles(1), append(logFiles(2), change(3, "PutBucketVersioning", logBucket)), logFiles(4)}, []string{
			"role/intern deleted 9 objects from the log bucket " + logBucket + " between 10:01 and 10:04 UTC.",
			"role/intern suspended versioning of " + logBucket + " at 10:03 UTC.",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, afterCalmDays(t))
			for i, requests := range test.files {
				w.read(t, deliver(i, clockOn(10, 7, 0), requests...))
			}
			w.tick(t, clockOn(10, 10, 0))
			told := map[string]int{}
			for _, l := range ofType(w.take(t), "Anomaly") {
				told[l["Explanation"].(string)]++
			}
			for _, sentence := range test.sentences {
				if told[sentence] != 1 {
					t.Errorf("%d lines say %q, want 1", told[sentence], sentence)
				}
			}
			if len(w.published) != 1 {
				t.Fatalf("%d messages, want 1", len(w.published))
			}
			text := strings.Join(strings.Fields(*w.published[0].Message), " ")
			for _, sentence := range test.sentences {
				if n := strings.Count(text, sentence); n != 1 {
					t.Errorf("the message says %d times, want once: %s", n, sentence)
				}
			}
			if n := strings.Count(text, "[ProtectionRemoved, HIGH]"); n != len(test.sentences) {
				t.Errorf("the message has %d sentences, want %d:\n%s", n, len(test.sentences), *w.published[0].Message)
			}
		})
	}
}

// The message can't be sent. The anomalies have their lines all the same, once, and the message comes as soon as it can.
func TestFailedPublish(t *testing.T) {
	w := newWorld(t, afterCalmDays(t))
	works := w.sns
	w.sns = publish(func(*sns.PublishInput) error { return errors.New("AuthorizationError") })
	w.read(t, deleting(1, 85, 0, intern))
	w.take(t)
	for n := range 3 {
		w.tick(t, clockOn(10, 10+n, 0))
		failed := w.logged(t, "tick failed")
		if len(failed) != 1 || !strings.Contains(fmt.Sprint(failed[0]["error"]), `cannot send "[HIGH] photos: `) || !strings.Contains(fmt.Sprint(failed[0]["error"]), "AuthorizationError") {
			t.Errorf("tick %d: the log has %v, want what could not be sent and why", n, failed)
		}
		health, anomalies := w.takeHealth(t)
		if health["AlertsFailed"] != 1.0 || health["AlertsPublished"] != nil || health["TicksFailed"] != 1.0 || health["Ticks"] != nil {
			t.Errorf("tick %d gave %v, want AlertsFailed and TicksFailed alone", n, health)
		}
		if want := map[bool]int{true: 2}[n == 0]; len(anomalies) != want { // NewDeleter and DeleteSurge
			t.Errorf("tick %d wrote %q, want %d lines", n, shorts(anomalies), want)
		}
	}
	w.sns = works
	w.tick(t, clockOn(10, 15, 0))
	if health, anomalies := w.takeHealth(t); health["AlertsPublished"] != 1.0 || health["AlertsFailed"] != nil || health["Ticks"] != 1.0 || len(anomalies) > 0 {
		t.Errorf("the tick after that gave %v and %q, want AlertsPublished and the heartbeat", health, shorts(anomalies))
	}
	if got := w.subjects(); len(got) != 1 {
		t.Errorf("messages %q, want one", got)
	}
	w.tick(t, clockOn(10, 16, 0), clockOn(12, 0, 0), clockOn(12, 1, 0))
	if got := w.subjects(); len(got) > 0 {
		t.Errorf("messages %q after that, want none", got)
	}
}

// Without a topic there is nothing to send, and nothing fails.
func TestNoTopic(t *testing.T) {
	w := newWorld(t, afterCalmDays(t), "BUCKETWATCH_ALERTS_TOPIC=")
	w.read(t, deleting(1, 85, 0, intern))
	w.take(t)
	w.tick(t, clockOn(10, 10, 0))
	if health, anomalies := w.takeHealth(t); health["Ticks"] != 1.0 || health["AlertsFailed"] != nil || len(anomalies) == 0 {
		t.Errorf("the tick gave %v and %q, want the heartbeat and the anomalies", health, shorts(anomalies))
	}
	if got := w.subjects(); len(got) > 0 {
		t.Errorf("messages %q, want none", got)
	}
}
