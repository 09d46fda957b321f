package s3event_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/s3event"
)

const (
	bob   = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
	alice = "arn:aws:iam::111122223333:user/alice"
)

// a call is a DeleteObjects call on photos, and what else is changed of its record.
type call struct{ user, address, requestID, at, more string }

func (c call) record(t testing.TB) string {
	t.Helper()
	doc := record(t, "delete-objects", fmt.Sprintf(`{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/%s","sessionContext":"(absent)"},
		"sourceIPAddress":%q,"userAgent":"[aws-cli/2.31.0]","requestID":%q,"eventTime":"2026-11-20T%sZ","sessionCredentialFromConsole":"(absent)"}`, c.user, c.address, c.requestID, c.at))
	if c.more == "" {
		return doc
	}
	return patched(t, doc, c.more)
}

// add adds the DeleteObjects call that doc is a record of.
func add(t testing.TB, calls *s3event.Calls, doc string) {
	t.Helper()
	r := read(t, doc)
	var e s3event.Event
	s3event.Interpret(r, &e)
	if !e.IsDeleteObjects() {
		t.Fatalf("%s is no DeleteObjects call", compact(doc))
	}
	calls.Add(r, &e, string(s3event.AppendPrincipal(nil, &r.UserIdentity)))
}

func TestCallerOf(t *testing.T) {
	by := func(user, address string) s3event.Caller {
		return s3event.Caller{Principal: "arn:aws:iam::111122223333:user/" + user, SourceIPAddress: address, UserAgent: "[aws-cli/2.31.0]"}
	}
	unattributed := s3event.Caller{Principal: s3event.Unattributed}
	const (
		photos    = ``
		backups   = `{"requestParameters":{"bucketName":"backups"},"resources":null}`
		denied    = `{"errorCode":"AccessDenied"}`
		malformed = `{"additionalEventData":{"httpStatusCode":400}}`
	)
	tests := []struct {
		name      string
		calls     []call
		bucket    string
		requestID string
		at        string
		want      s3event.Caller
	}{
		{"no calls", nil, "photos", "R1", "14:00:00", unattributed},
		{"no calls and no request id", nil, "photos", "", "14:00:00", unattributed},
		{"same request", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "R1", "14:00:00", by("alice", "192.0.2.1")},
		{"same request, hours apart", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "R1", "16:00:00", by("alice", "192.0.2.1")},
		{"same request, others at the same time", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"carol", "192.0.2.2", "R2", "14:00:00", photos},
			{"dave", "192.0.2.3", "R3", "14:00:00", photos},
		}, "photos", "R2", "14:00:00", by("carol", "192.0.2.2")},
		{"same request, though the call is said to be denied", []call{{"alice", "192.0.2.1", "R1", "14:00:00", denied}}, "photos", "R1", "14:00:00", by("alice", "192.0.2.1")},

		{"other request, same second", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "R9", "14:00:00", by("alice", "192.0.2.1")},
		{"no request id, same second", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		{"no request id on either", []call{{"alice", "192.0.2.1", "", "14:00:00", photos}}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		{"two seconds before", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "", "13:59:58", by("alice", "192.0.2.1")},
		{"two seconds after", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "", "14:00:02", by("alice", "192.0.2.1")},
		{"three seconds before", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "", "13:59:57", unattributed},
		{"three seconds after", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "photos", "", "14:00:03", unattributed},
		{"several calls of one", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"alice", "192.0.2.1", "R2", "14:00:01", photos},
			{"alice", "192.0.2.1", "R3", "14:00:02", photos},
		}, "photos", "", "14:00:01", by("alice", "192.0.2.1")},
		{"several calls of one, the nearest", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"alice", "192.0.2.2", "R2", "14:00:01", photos},
			{"alice", "192.0.2.0", "R3", "14:00:03", photos},
		}, "photos", "", "14:00:01", by("alice", "192.0.2.2")},
		{"several calls of one at the same time", []call{
			{"alice", "192.0.2.2", "R1", "14:00:00", photos},
			{"alice", "192.0.2.1", "R2", "14:00:00", photos},
			{"alice", "192.0.2.3", "R3", "14:00:00", photos},
		}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		{"two callers", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"carol", "192.0.2.2", "R2", "14:00:02", photos},
		}, "photos", "", "14:00:00", unattributed},
		{"two callers, one too early", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"carol", "192.0.2.2", "R2", "14:00:04", photos},
		}, "photos", "", "14:00:03", by("carol", "192.0.2.2")},
		{"two callers, one on another bucket", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"carol", "192.0.2.2", "R2", "14:00:00", backups},
		}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		{"two callers, one denied", []call{
			{"alice", "192.0.2.1", "R1", "14:00:00", photos},
			{"carol", "192.0.2.2", "R2", "14:00:00", denied},
		}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		// A refused call deletes nothing: to name its caller would accuse the one who certainly did not do it.
		{"a call denied", []call{{"alice", "192.0.2.1", "R1", "14:00:00", denied}}, "photos", "", "14:00:00", unattributed},
		{"a call that failed", []call{{"alice", "192.0.2.1", "R1", "14:00:00", malformed}}, "photos", "R9", "14:00:00", unattributed},
		{"a call that failed inside S3", []call{{"alice", "192.0.2.1", "R1", "14:00:00", `{"errorCode":"InternalError"}`}}, "photos", "", "14:00:00", by("alice", "192.0.2.1")},
		{"a call on another bucket", []call{{"alice", "192.0.2.1", "R1", "14:00:00", backups}}, "photos", "", "14:00:00", unattributed},
		{"bucket unknown", []call{{"alice", "192.0.2.1", "R1", "14:00:00", photos}}, "", "", "14:00:00", unattributed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at, err := time.Parse(time.TimeOnly, test.at)
			if err != nil {
				t.Fatal(err)
			}
			at = at.AddDate(2026, 10, 19) // the 20th of November
			// The records of a file are in no order: every order of the calls gives the same caller.
			for _, order := range permutations(test.calls) {
				var calls s3event.Calls
				for _, c := range order {
					add(t, &calls, c.record(t))
				}
				got := calls.CallerOf(test.bucket, test.requestID, at)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("CallerOf(%q, %q, %s) of %v (-want +got):\n%s", test.bucket, test.requestID, test.at, order, diff)
				}
			}
		})
	}
}

func permutations(calls []call) [][]call {
	if len(calls) < 2 {
		return [][]call{calls}
	}
	var all [][]call
	for i := range calls {
		for _, rest := range permutations(slices.Delete(slices.Clone(calls), i, i+1)) {
			all = append(all, append([]call{calls[i]}, rest...))
		}
	}
	return all
}

// The whole way: a per-key record without identity gets the caller of its call, full and minimal records alike.
func TestCallerOfPerKeyRecord(t *testing.T) {
	var calls s3event.Calls
	add(t, &calls, record(t, "delete-objects", ""))
	for _, patch := range []string{`{}`, `{"userIdentity":"(absent)"}`, `{"userIdentity":null,"requestID":"(absent)"}`} {
		r := read(t, record(t, "delete-object-per-key-minimal", patch))
		var e s3event.Event
		s3event.Interpret(r, &e)
		if e.Identified {
			t.Errorf("Interpret(delete-object-per-key-minimal %s).Identified = true, want false", patch)
		}
		want := s3event.Caller{
			Principal:       bob,
			Human:           true,
			SourceIPAddress: "203.0.113.50",
			UserAgent:       "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10 OpenJDK_64-Bit_Server_VM/25.412-b09 java/1.8.0_412]",
		}
		if diff := cmp.Diff(want, calls.CallerOf(string(e.Bucket), string(r.RequestID), e.Time)); diff != "" {
			t.Errorf("CallerOf(delete-object-per-key-minimal %s) (-want +got):\n%s", patch, diff)
		}
	}
	if doc := record(t, "delete-object-per-key", ""); !interpret(t, doc).Identified || principal(t, doc) != bob {
		t.Errorf("AppendPrincipal(delete-object-per-key) = %s, want %s", principal(t, doc), bob)
	}
}

// What Calls keeps must not be the record's memory, which the next record overwrites.
func TestCallsKeepsCopies(t *testing.T) {
	var calls s3event.Calls
	r := read(t, call{"alice", "192.0.2.1", "R1", "14:00:00", ""}.record(t))
	var e s3event.Event
	s3event.Interpret(r, &e)
	calls.Add(r, &e, alice)
	for _, b := range [][]byte{r.SourceIPAddress, r.UserAgent, r.RequestID, e.Bucket} {
		for i := range b {
			b[i] = 'x'
		}
	}
	for _, requestID := range []string{"R1", ""} {
		got := calls.CallerOf("photos", requestID, e.Time)
		if want := (s3event.Caller{Principal: alice, SourceIPAddress: "192.0.2.1", UserAgent: "[aws-cli/2.31.0]"}); got != want {
			t.Errorf("CallerOf(photos, %q) = %+v, want %+v", requestID, got, want)
		}
	}
}

// What the objects of one call say of it is one origin, and its caller is found whatever stands between.
func TestOrigin(t *testing.T) {
	perKey := func(requestID, bucket, at string) string {
		return record(t, "delete-object-per-key-minimal", fmt.Sprintf(`{"requestID":%q,"eventTime":"2026-11-20T%sZ","resources":[
			{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::%s","accountId":"111122223333"}]}`, requestID, at, bucket))
	}
	var calls s3event.Calls // the zero value is ready
	origin := func(doc string) *s3event.Origin {
		r := read(t, doc)
		var e s3event.Event
		s3event.Interpret(r, &e)
		return calls.Origin(r, &e)
	}
	first, again := origin(perKey("R1", "photos", "14:00:00")), origin(perKey("R1", "photos", "14:00:00"))
	byTime, other := origin(perKey("R2", "photos", "14:00:01")), origin(perKey("R3", "invoices", "14:00:00"))
	add(t, &calls, call{"alice", "192.0.2.1", "R1", "14:00:00", ``}.record(t))
	calls.Ascribe()
	if first != again {
		t.Errorf("Origin of two objects of a call = %p and %p, want one", first, again)
	}
	for name, test := range map[string]struct {
		got  *s3event.Origin
		want string
	}{"by the request id": {first, alice}, "by the time": {byTime, alice}, "of another bucket": {other, s3event.Unattributed}} {
		if test.got.Caller.Principal != test.want {
			t.Errorf("Ascribe() found %q as the caller %s, want %q", test.got.Caller.Principal, name, test.want)
		}
	}
}
