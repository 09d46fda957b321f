package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bucketwatch/internal/traffic"
	"bucketwatch/pkg/state"
)

// entry is a log file as a digest names it.
type entry struct {
	Bucket    string `json:"s3Bucket"`
	Key       string `json:"s3Object"`
	Hash      string `json:"hashValue"`
	Algorithm string `json:"hashAlgorithm"`
}

// entryOf is how a digest names a delivery.
func entryOf(d delivery) entry {
	sum := sha256.Sum256(d.body)
	return entry{logBucket, d.key, hex.EncodeToString(sum[:]), "SHA-256"}
}

// digestAt is the digest of a Region that covers the hour before a time.
func digestAt(region string, end time.Time, entries ...entry) delivery {
	return digestOf(traffic.DigestKey("111122223333", region, end), end.Add(-time.Hour), end, logBucket, entries...)
}

func digestOf(key string, start, end time.Time, bucket string, entries ...entry) delivery {
	if entries == nil {
		entries = []entry{}
	}
	body, err := json.Marshal(map[string]any{
		"awsAccountId": "111122223333", "digestStartTime": start, "digestEndTime": end,
		"digestS3Bucket": bucket, "digestS3Object": key, "previousDigestS3Bucket": nil, "logFiles": entries,
	})
	if err != nil {
		panic(err)
	}
	return delivery{key: key, at: end, body: body}
}

// newDigestWorld returns a world in which the trail's first digest, until 10:00, has been read.
func newDigestWorld(t *testing.T, store state.Store) *world {
	t.Helper()
	w := newWorld(t, store)
	w.read(t, digestAt("us-east-1", clockOn(10, 0, 0)))
	if health, _ := w.takeHealth(t); health["DigestsNotCompared"] != 1.0 || health["DigestFiles"] != 1.0 {
		t.Fatalf("the first digest gave %v, want that it isn't compared", health)
	}
	return w
}

// quietTicks ticks, and wants neither lines nor messages of it.
func (w *world) quietTicks(t *testing.T, times ...time.Time) {
	t.Helper()
	w.tick(t, times...)
	if found := ofType(w.take(t), "Anomaly"); len(found) > 0 || len(w.published) > 0 {
		t.Errorf("the ticks of %v gave %q and %q, want nothing", times, shorts(found), w.subjects())
	}
}

// A log file that a digest names and that nobody read is told once, two hours after the digest: a line, then a message.
func TestMissingLogFile(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	read, lost := oneDelete(1), deliver(2, clockOn(10, 20, 0))
	w.read(t, read)
	digest := digestAt("us-east-1", clockOn(11, 0, 0), entryOf(read), entryOf(lost))
	w.take(t)
	w.read(t, digest)
	if health, found := w.takeHealth(t); len(found) > 0 || health["DigestsNotCompared"] != nil || health["AlteredLogFiles"] != nil {
		t.Errorf("the digest gave %v and %q, want nothing yet", health, shorts(found))
	}
	w.tick(t, clockOn(10, 59, 0))
	w.subjects()
	w.take(t)
	w.quietTicks(t, clockOn(11, 1, 0), clockOn(13, 0, 0))

	w.tick(t, clockOn(13, 1, 0))
	health, found := w.takeHealth(t)
	if len(found) != 1 || health["MissingLogFiles"] != 1.0 || health["Ticks"] != 1.0 {
		t.Fatalf("the tick gave %v and %q, want one log file missing", health, shorts(found))
	}
	for name, want := range map[string]any{
		"BucketName": logBucket, "Anomaly": "MissingLogFiles", "Severity": "HIGH", "Principal": "UNATTRIBUTED", "AccountId": "111122223333",
		"Count": 1.0, "KeysInAll": 1.0, "WindowStart": "2026-11-20T10:00:00Z", "WindowEnd": "2026-11-20T11:00:00Z", "HighSeverityAnomalies": 1.0,
		"Explanation": "1 of the 2 log files delivered to " + logBucket + " from us-east-1 between 10:00 and 11:00 UTC has not been processed 2 hours after " +
			"the digest that names them; the function was never told of it.",
	} {
		if found[0][name] != want {
			t.Errorf("%s = %v, want %v", name, found[0][name], want)
		}
	}
	if keys := fmt.Sprint(found[0]["Keys"]); keys != "["+lost.key+"]" {
		t.Errorf("Keys = %s, want %s", keys, lost.key)
	}
	w.tick(t, clockOn(13, 2, 0))
	if len(w.published) != 1 {
		t.Fatalf("the messages are %q, want one", w.subjects())
	}
	if body := *w.published[0].Message; !strings.Contains(body, "aws cloudtrail validate-logs --region us-east-1") || !strings.Contains(body, lost.key) {
		t.Errorf("the message names neither the command nor the file:\n%s", body)
	}
	if subjects := w.subjects(); subjects[0] != "[HIGH] "+logBucket+": 1 log file missing, 10:00-11:00 UTC" {
		t.Errorf("the subject is %q", subjects)
	}
	w.take(t)

	// Neither ticks, nor the digest once more, nor the file itself tell it again.
	w.quietTicks(t, clockOn(13, 3, 0), clockOn(16, 0, 0))
	w.read(t, digest)
	if health, _ := w.takeHealth(t); health["SkipReason"] != "AlreadyProcessed" || health["DigestFiles"] != 1.0 {
		t.Errorf("the digest announced again gave %v, want a heartbeat and nothing else", health)
	}
	w.quietTicks(t, clockOn(17, 0, 0), clockOn(19, 0, 0))
}

// What is processed late, within the two hours, isn't missing.
func TestLateLogFileIsNotMissing(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	late := deliver(2, clockOn(10, 20, 0))
	w.read(t, digestAt("us-east-1", clockOn(11, 0, 0), entryOf(late)))
	w.read(t, late)
	w.take(t)
	w.tick(t, clockOn(13, 1, 0), clockOn(13, 2, 0))
	if found := ofType(w.take(t), "Anomaly"); len(found) > 0 || len(w.published) > 0 {
		t.Errorf("the ticks gave %q and %q, want nothing", shorts(found), w.subjects())
	}
}

// A log file with another content than its digest says is told at once, or when it has come.
func TestAlteredLogFile(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprint("late ", late), func(t *testing.T) {
			w := newDigestWorld(t, state.NewMemory())
			altered := deliver(2, clockOn(10, 20, 0))
			original := entryOf(altered)
			altered.body = append(bytes.TrimSpace(altered.body), "  "...) // it reads the same
			digest := digestAt("us-east-1", clockOn(11, 0, 0), original)
			tick := clockOn(11, 1, 0)
			if late {
				w.read(t, digest, altered)
				w.take(t)
				tick = clockOn(13, 1, 0)
				w.tick(t, tick)
			} else {
				w.read(t, altered)
				w.take(t)
				w.read(t, digest)
			}
			health, found := w.takeHealth(t)
			if health["AlteredLogFiles"] != 1.0 || len(found) != 1 || short(found[0]) != "HIGH AlteredLogFiles of UNATTRIBUTED in "+logBucket {
				t.Errorf("the file gave %v and %q, want it altered", health, shorts(found))
			}
			w.tick(t, tick.Add(time.Minute), tick.Add(2*time.Minute))
			if got := w.subjects(); len(got) != 1 || got[0] != "[HIGH] "+logBucket+": 1 log file altered, 10:00-11:00 UTC" {
				t.Errorf("the messages are %q, want one", got)
			}
		})
	}
}

// Damage is told apart from silence.
func TestFailedLogFileIsMissing(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	failed, lost := deliver(2, clockOn(10, 20, 0)), deliver(3, clockOn(10, 25, 0))
	cut := failed
	cut.body = cut.body[:10]
	if err := w.announce(t, cut); err == nil {
		t.Fatal("a cut log file was read")
	}
	w.read(t, digestAt("us-east-1", clockOn(11, 0, 0), entryOf(failed), entryOf(lost)))
	w.take(t)
	w.tick(t, clockOn(13, 1, 0))
	_, found := w.takeHealth(t)
	if len(found) != 1 || !strings.Contains(found[0]["Explanation"].(string), "; 1 was begun, and failed, of 1 the function was never told.") {
		t.Errorf("the tick gave %v", found)
	}
}

// Each Region's digest is judged for itself, and one message tells of all.
func TestMissingLogFilesOfTwoRegions(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	w.read(t, digestAt("eu-west-1", clockOn(10, 0, 0)))
	for n, region := range []string{"us-east-1", "eu-west-1"} {
		w.read(t, digestAt(region, clockOn(11, 0, 0), entryOf(deliver(2+n, clockOn(10, 20, 0)))))
	}
	w.take(t)
	w.tick(t, clockOn(13, 1, 0))
	if health, found := w.takeHealth(t); health["MissingLogFiles"] != 2.0 || len(found) != 2 {
		t.Errorf("the tick gave %v and %q, want two", health, shorts(found))
	}
	w.tick(t, clockOn(13, 2, 0))
	if len(w.published) != 1 {
		t.Fatalf("the messages are %q, want one", w.subjects())
	}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		if body := *w.published[0].Message; !strings.Contains(body, "validate-logs --region "+region) {
			t.Errorf("the message has no command for %s:\n%s", region, body)
		}
	}
}

// When in doubt nothing is missing: each of these would be a false alarm.
func TestDigestNotCompared(t *testing.T) {
	lost := entryOf(deliver(2, clockOn(10, 20, 0)))
	elsewhere, foreign := lost, lost
	elsewhere.Bucket = "another-bucket"
	foreign.Key = "other-trail/" + lost.Key
	at := clockOn(11, 0, 0)
	key := traffic.DigestKey("111122223333", "us-east-1", at)
	copied := digestAt("us-east-1", at, lost)
	copied.key = "copies/" + copied.key
	for _, tt := range []struct {
		name   string
		digest delivery
		reason string
	}{
		{"the trail's first", digestAt("eu-west-1", at, lost), "before the trail's first digest"},
		{"before the first", digestAt("us-east-1", clockOn(10, 59, 0), lost), "before the trail's first digest"},
		{"copied", copied, "it isn't where CloudTrail put it"},
		{"of another bucket", digestOf(key, at.Add(-time.Hour), at, "another-bucket", lost), "it isn't where CloudTrail put it"},
		{"its times turned round", digestOf(key, at, at.Add(-time.Hour), logBucket, lost), "its times can't be right"},
		{"of the future", digestOf(key, at.Add(time.Hour), at.Add(2*time.Hour), logBucket, lost), "its times can't be right"},
		{"old", digestOf(key, at.Add(-9*24*time.Hour), at.Add(-8*24*time.Hour), logBucket, lost), "it is too old"},
		{"another form of key", digestOf("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/x.json.gz", at.Add(-time.Hour), at, logBucket, lost), "its key isn't one"},
		{"log files in another bucket", digestAt("us-east-1", at, elsewhere), "it names log files in another place"},
		{"log files of another prefix", digestAt("us-east-1", at, foreign), "it names log files in another place"},
		{"no logFiles", delivery{key: key, body: []byte(`{"awsAccountId":"111122223333"}`)}, "it has no logFiles"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newDigestWorld(t, state.NewMemory())
			w.read(t, tt.digest)
			if logged := w.logged(t, "digest not compared, or not all of it"); len(logged) != 1 || !strings.Contains(logged[0]["reason"].(string), tt.reason) {
				t.Errorf("the log has %v, want the reason %q", logged, tt.reason)
			}
			if health, found := w.takeHealth(t); health["DigestsNotCompared"] != 1.0 || health["DigestFiles"] != 1.0 || len(found) > 0 {
				t.Errorf("the digest gave %v and %q, want it not compared", health, shorts(found))
			}
			w.quietTicks(t, clockOn(13, 1, 0), clockOn(13, 30, 0), clockOn(13, 31, 0))
		})
	}
}

// What isn't a log file is never processed, and what was processed by an earlier version has no hash.
func TestDigestNamesOthers(t *testing.T) {
	store := state.NewMemory()
	w := newDigestWorld(t, store)
	insight, old := entryOf(deliver(2, clockOn(10, 20, 0))), oneDelete(1)
	insight.Key = strings.Replace(insight.Key, "/CloudTrail/", "/CloudTrail-Insight/", 1)
	claims := state.Claims{Store: store}
	held, err := claims.Claim(t.Context(), "s3://"+logBucket+"/"+old.key, state.Claim{Owner: "an earlier version", Now: time.Now(), Lease: time.Minute})
	if err := errors.Join(err, claims.Done(t.Context(), held, time.Now())); err != nil {
		t.Fatal(err)
	}
	unknown := oneDelete(3)
	w.read(t, unknown)
	w.take(t)
	other := entryOf(unknown)
	other.Hash, other.Algorithm = "00", "SHA-512"
	w.read(t, digestAt("us-east-1", clockOn(11, 0, 0), insight, entryOf(old), other))
	if health, found := w.takeHealth(t); health["DigestsNotCompared"] != nil || len(found) > 0 {
		t.Errorf("the digest gave %v and %q, want nothing", health, shorts(found))
	}
	w.tick(t, clockOn(13, 1, 0))
	if health, found := w.takeHealth(t); health["MissingLogFiles"] != nil || len(named(found, "MissingLogFiles")) > 0 {
		t.Errorf("the tick gave %v and %q, want nothing missing", health, shorts(found))
	}
}

// A damaged digest is a failed invocation, and read when it is whole.
func TestDamagedDigest(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	digest := digestAt("us-east-1", clockOn(11, 0, 0), entryOf(deliver(2, clockOn(10, 20, 0))))
	cut := digest
	cut.body = cut.body[:len(cut.body)-5]
	err := w.announce(t, cut)
	if err == nil || !strings.Contains(err.Error(), "s3://"+logBucket+"/"+digest.key) || !strings.Contains(err.Error(), "at byte ") {
		t.Errorf("Handle(a cut digest) = %v, want an error with its name and the byte", err)
	}
	if all := w.take(t); len(all) > 0 {
		t.Errorf("a cut digest gave %v, want nothing", all)
	}
	w.read(t, delivery{key: digest.key}) // announced before its content is there
	w.read(t, digest)
	w.take(t)
	w.tick(t, clockOn(13, 1, 0))
	if health, _ := w.takeHealth(t); health["MissingLogFiles"] != 1.0 {
		t.Errorf("the tick gave %v, want one missing", health)
	}
}

// However many are missing, an item and a line hold their names, and what isn't looked for is told.
func TestManyMissingLogFiles(t *testing.T) {
	w := newDigestWorld(t, state.NewMemory())
	var entries []entry
	for n := range 3000 {
		d := deliver(n, clockOn(10, 20, 0))
		if n%2 == 0 { // as long as keys may be, and beyond what JSON writes as it is
			d.key = strings.Replace(d.key, "/us-east-1/", "/us-east-1/"+strings.Repeat("\x01", 800), 1)
		}
		entries = append(entries, entryOf(d))
	}
	w.read(t, digestAt("us-east-1", clockOn(11, 0, 0), entries...))
	if health, _ := w.takeHealth(t); health["DigestsNotCompared"] != 1.0 {
		t.Errorf("the digest gave %v, want that not all of it is looked for", health)
	}
	w.tick(t, clockOn(13, 1, 0))
	health, found := w.takeHealth(t)
	if n, _ := health["MissingLogFiles"].(float64); n < 100 || n > maxWaiting || len(found) != 1 || found[0]["Count"] != n {
		t.Fatalf("the tick gave %v and %v", health, found)
	}
	if keys := found[0]["Keys"].([]any); len(keys) == 0 || len(keys) > 10 {
		t.Errorf("the line has %d keys", len(keys))
	}
	if n := len(fmt.Sprint(found[0])); n > 60<<10 {
		t.Errorf("the line has %d bytes", n)
	}
}

// Whichever call to the store fails while a digest is read or looked at again: nothing is lost, and one message is sent.
func TestStoreFailsForADigest(t *testing.T) {
	for n := 0; ; n++ {
		store := &unreliable{Store: state.NewMemory()}
		w := newDigestWorld(t, store)
		altered, lost := deliver(2, clockOn(10, 20, 0)), deliver(3, clockOn(10, 25, 0))
		original := entryOf(altered)
		altered.body = append(bytes.TrimSpace(altered.body), ' ')
		w.read(t, altered)
		w.take(t)
		digest := digestAt("us-east-1", clockOn(11, 0, 0), original, entryOf(lost))
		calls, failed := 0, false
		store.fails = func(call) bool {
			calls++
			failed = failed || calls == n+1
			return calls == n+1
		}
		for range 3 {
			if err := w.announce(t, digest); err == nil || errors.Is(err, state.ErrClaimed) {
				break
			}
		}
		endLeases(t, store.Store, digest)
		for _, hour := range []int{11, 13} {
			for minute := range 5 {
				w.tick(t, clockOn(hour, 1+minute, 0))
				endLeases(t, store.Store)
			}
		}
		all := w.take(t)
		if len(named(all, "AlteredLogFiles")) == 0 || len(named(all, "MissingLogFiles")) == 0 {
			t.Errorf("with %v failed the lines are %q, want both", store.failed, shorts(ofType(all, "Anomaly")))
		}
		if got := w.subjects(); len(got) == 0 || len(got) > 2 {
			t.Errorf("with %v failed the messages are %q, want one or, if it was not marked as sent, two", store.failed, got)
		}
		if !failed {
			if n < 20 {
				t.Errorf("only %d calls were made", n)
			}
			return
		}
	}
}
