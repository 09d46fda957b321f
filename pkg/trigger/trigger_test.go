package trigger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bucketwatch/pkg/trigger"
)

// The innermost payloads of the tables, as short as they may be.
const (
	s3Created   = `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"a.gz"}}}]}`
	s3Removed   = `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"logs"},"object":{"key":"a.gz"}}}]}`
	testEvent   = `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`
	ebCreated   = `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"logs"},"object":{"key":"a.gz"}}}`
	trail       = `{"s3Bucket":"logs","s3ObjectKey":["a.gz","b.gz"]}`
	validation  = `CloudTrail validation message.`
	tickPayload = `{"bucketwatch":"tick","time":"2026-11-20T10:35:00Z"}`
)

// s3Record returns one record of an S3 notification; the key is written as it is.
func s3Record(eventName, bucket, key string) string {
	return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":%s,"s3":{"bucket":{"name":%s},"object":{"key":%s}}}`,
		quoted(eventName), quoted(bucket), quoted(key))
}

func records(rs ...string) string { return `{"Records":[` + strings.Join(rs, ",") + `]}` }

func snsEvent(message string) string {
	return records(`{"EventSource":"aws:sns","Sns":{"Type":"Notification","Message":` + quoted(message) + `}}`)
}

func snsEnvelope(message string) string {
	return `{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:111122223333:log-files","Message":` + quoted(message) + `}`
}

func sqsRecord(id, body string) string {
	return `{"messageId":` + quoted(id) + `,"eventSource":"aws:sqs","body":` + quoted(body) + `}`
}

func sqsEvent(body string) string { return records(sqsRecord("m1", body)) }

func onFailure(payload string) string {
	return `{"version":"1.0","requestContext":{"condition":"RetriesExhausted"},"requestPayload":` + payload + `}`
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// one is the invocation of a payload that doesn't come from SQS.
func one(m trigger.Message) trigger.Invocation {
	return trigger.Invocation{Messages: []trigger.Message{m}}
}

// batch is the invocation of an SQS event.
func batch(ms ...trigger.Message) trigger.Invocation {
	return trigger.Invocation{Messages: ms, Batch: true}
}

func objects(keys ...string) trigger.Message {
	var m trigger.Message
	for _, key := range keys {
		m.Objects = append(m.Objects, trigger.Object{Bucket: "logs", Key: key})
	}
	return m
}

func ignored(bucket, key, reason string) trigger.Message {
	return trigger.Message{Ignored: []trigger.Ignored{{Object: trigger.Object{Bucket: bucket, Key: key}, Reason: reason}}}
}

func tick(t time.Time) trigger.Message { return trigger.Message{Tick: &trigger.Tick{Time: t}} }

func withID(id string, m trigger.Message) trigger.Message {
	m.ID = id
	return m
}

func TestParse(t *testing.T) {
	at1035 := time.Date(2026, 11, 20, 10, 35, 0, 0, time.UTC)
	validated := ignored("", "", "CloudTrail validation message")
	tests := []struct {
		name    string
		payload string
		want    trigger.Invocation
	}{
		// S3
		{"s3", s3Created, one(objects("a.gz"))},
		{"s3 multipart upload", records(s3Record("ObjectCreated:CompleteMultipartUpload", "logs", "a.gz")), one(objects("a.gz"))},
		{"s3 name with its prefix", records(s3Record("s3:ObjectCreated:Put", "logs", "a.gz")), one(objects("a.gz"))},
		{"s3 several records", records(s3Record("ObjectCreated:Put", "logs", "b"), s3Record("ObjectCreated:Copy", "logs", "a")),
			one(objects("b", "a"))},
		{"s3 same object twice", records(s3Record("ObjectCreated:Put", "logs", "b"), s3Record("ObjectCreated:Put", "logs", "a"), s3Record("ObjectCreated:Put", "logs", "b")),
			one(objects("b", "a"))},
		{"s3 same key in two buckets", records(s3Record("ObjectCreated:Put", "logs", "a"), s3Record("ObjectCreated:Put", "logs-2", "a")),
			one(trigger.Message{Objects: []trigger.Object{{Bucket: "logs", Key: "a"}, {Bucket: "logs-2", Key: "a"}}})},
		{"s3 key with plus for space", records(s3Record("ObjectCreated:Put", "logs", "a+b")), one(objects("a b"))},
		{"s3 key with escaped space", records(s3Record("ObjectCreated:Put", "logs", "a%20b")), one(objects("a b"))},
		{"s3 key with escaped plus", records(s3Record("ObjectCreated:Put", "logs", "a%2Bb")), one(objects("a+b"))},
		{"s3 key with escaped percent sign", records(s3Record("ObjectCreated:Put", "logs", "100%2525")), one(objects("100%25"))},
		{"s3 key in Korean", records(s3Record("ObjectCreated:Put", "logs", "%EB%A1%9C%EA%B7%B8/%EA%B0%80.gz")), one(objects("로그/가.gz"))},
		{"s3 key with equals sign", records(s3Record("ObjectCreated:Put", "logs", "y%3D2026/a")), one(objects("y=2026/a"))},
		{"s3 removed", s3Removed, one(ignored("logs", "a.gz", "ObjectRemoved:Delete"))},
		{"s3 removed in one record", records(s3Record("ObjectRestore:Completed", "logs", "a"), s3Record("ObjectCreated:Put", "logs", "b")),
			one(trigger.Message{
				Objects: []trigger.Object{{Bucket: "logs", Key: "b"}},
				Ignored: []trigger.Ignored{{Object: trigger.Object{Bucket: "logs", Key: "a"}, Reason: "ObjectRestore:Completed"}},
			})},
		{"s3 time without zone", `{"Records":[{"eventTime":"2026-11-20T10:36:12","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"a","size":"big"}}}]}`,
			one(objects("a"))},
		{"s3 members in another order", `{"Records":[{"s3":{"object":{"key":"a"},"bucket":{"name":"logs"}},"eventName":"ObjectCreated:Put","eventSource":"aws:s3"}]}`,
			one(objects("a"))},
		{"s3 test event", testEvent, one(ignored("logs", "", "s3:TestEvent"))},

		// EventBridge
		{"eventbridge", ebCreated, one(objects("a.gz"))},
		{"eventbridge key is plain", strings.Replace(ebCreated, "a.gz", "a+b %2B 로그.gz", 1), one(objects("a+b %2B 로그.gz"))},
		{"eventbridge deleted", strings.Replace(ebCreated, "Object Created", "Object Deleted", 1), one(ignored("logs", "a.gz", "Object Deleted"))},
		{"eventbridge tags", strings.Replace(ebCreated, "Object Created", "Object Tags Added", 1), one(ignored("logs", "a.gz", "Object Tags Added"))},

		// CloudTrail's own message
		{"trail", trail, one(objects("a.gz", "b.gz"))},
		{"trail key is plain", `{"s3Bucket":"logs","s3ObjectKey":["a+b %2B 로그.gz"]}`, one(objects("a+b %2B 로그.gz"))},
		{"trail same key twice", `{"s3ObjectKey":["a","b","a"],"s3Bucket":"logs"}`, one(objects("a", "b"))},

		// SNS
		{"sns s3", snsEvent(s3Created), one(objects("a.gz"))},
		{"sns s3 test event", snsEvent(testEvent), one(ignored("logs", "", "s3:TestEvent"))},
		{"sns trail", snsEvent(trail), one(objects("a.gz", "b.gz"))},
		{"sns validation", snsEvent(validation), one(validated)},
		{"sns eventbridge", snsEvent(ebCreated), one(objects("a.gz"))},
		{"sns envelope", snsEnvelope(trail), one(objects("a.gz", "b.gz"))},
		{"sns envelope validation", snsEnvelope(validation + "\n"), one(validated)},
		{"sns several records", records(
			`{"EventSource":"aws:sns","Sns":{"Message":`+quoted(trail)+`}}`, `{"EventSource":"aws:sns","Sns":{"Message":`+quoted(s3Created)+`}}`),
			one(objects("a.gz", "b.gz"))},

		// SQS
		{"sqs s3", sqsEvent(s3Created), batch(withID("m1", objects("a.gz")))},
		{"sqs s3 test event", sqsEvent(testEvent), batch(withID("m1", ignored("logs", "", "s3:TestEvent")))},
		{"sqs eventbridge", sqsEvent(ebCreated), batch(withID("m1", objects("a.gz")))},
		{"sqs trail", sqsEvent(trail), batch(withID("m1", objects("a.gz", "b.gz")))},
		{"sqs validation", sqsEvent(validation), batch(withID("m1", validated))},
		{"sqs tick", sqsEvent(tickPayload), batch(withID("m1", tick(at1035)))},
		{"sqs sns envelope", sqsEvent(snsEnvelope(s3Created)), batch(withID("m1", objects("a.gz")))},
		{"sqs sns event", sqsEvent(snsEvent(trail)), batch(withID("m1", objects("a.gz", "b.gz")))},
		{"sqs sqs event", sqsEvent(sqsEvent(s3Created)), batch(withID("m1", objects("a.gz")))},
		{"sqs on failure", sqsEvent(onFailure(s3Created)), batch(withID("m1", objects("a.gz")))},
		{"sqs on failure eventbridge", sqsEvent(onFailure(ebCreated)), batch(withID("m1", objects("a.gz")))},
		{"sqs on failure tick", sqsEvent(onFailure(tickPayload)), batch(withID("m1", tick(at1035)))},
		{"sqs same object in two messages", records(sqsRecord("m1", s3Created), sqsRecord("m2", s3Created)),
			batch(withID("m1", objects("a.gz")), withID("m2", objects("a.gz")))},
		{"sqs inner messages keep the outer id", sqsEvent(records(sqsRecord("inner 1", s3Created), sqsRecord("inner 2", trail))),
			batch(withID("m1", objects("a.gz", "b.gz")))},
		{"sqs without id", `{"Records":[{"eventSource":"aws:sqs","body":` + quoted(s3Created) + `}]}`, batch(objects("a.gz"))},

		// Three envelopes
		{"sqs three envelopes", sqsEvent(snsEnvelope(onFailure(snsEvent(s3Created)))), batch(withID("m1", objects("a.gz")))},
		{"sqs three other envelopes", sqsEvent(onFailure(sqsEvent(snsEnvelope(s3Created)))), batch(withID("m1", objects("a.gz")))},
		{"on failure three envelopes", onFailure(snsEvent(snsEnvelope(s3Created))), one(objects("a.gz"))},

		// OnFailure and tick
		{"on failure", onFailure(s3Created), one(objects("a.gz"))},
		{"on failure without context", `{"requestPayload":` + trail + `}`, one(objects("a.gz", "b.gz"))},
		{"tick", tickPayload, one(tick(at1035))},
		{"test alert", `{"bucketwatch":"test-alert"}`, one(trigger.Message{TestAlert: true})},
		{"tick in another zone", `{"bucketwatch":"tick","time":"2026-11-20T19:35:00+09:00"}`, one(tick(at1035))},
		{"tick without time", `{"bucketwatch":"tick"}`, one(tick(time.Time{}))},
		{"two ticks in one message", sqsEvent(records(sqsRecord("1", tickPayload), sqsRecord("2", `{"bucketwatch":"tick","time":"2026-11-20T10:30:00Z"}`))),
			batch(withID("m1", tick(at1035)))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := trigger.Parse([]byte(test.payload))
			if err != nil {
				t.Fatalf("Parse(%s) = error %v", test.payload, err)
			}
			for _, m := range got.Messages {
				if m.Err != nil {
					t.Errorf("Parse(%s) = message %q with error %v", test.payload, m.ID, m.Err)
				}
			}
			if diff := cmp.Diff(test.want, got, cmp.Comparer(sameError)); diff != "" {
				t.Errorf("Parse(%s) = (-want +got)\n%s", test.payload, diff)
			}
		})
	}
}

func sameError(a, b error) bool { return errors.Is(a, b) || errors.Is(b, a) }

// faults are payloads that are not understood, and what the error has to say of each.
var faults = []struct {
	name    string
	payload string
	want    error
	found   string
}{
	{"nothing", "", trigger.ErrUnknownShape, "found nothing;"},
	{"white space", " \n", trigger.ErrUnknownShape, "found nothing;"},
	{"text", "Hello from SNS!", trigger.ErrUnknownShape, `found text that isn't JSON and begins "Hello from SNS!";`},
	{"cut JSON", `{"Records":[{`, trigger.ErrUnknownShape, `found text that isn't JSON and begins "{\"Records\":[{";`},
	{"two documents", s3Created + s3Created, trigger.ErrUnknownShape, "found text that isn't JSON"},
	{"null", "null", trigger.ErrUnknownShape, "found null;"},
	{"number", "17", trigger.ErrUnknownShape, "found a JSON number;"},
	{"boolean", "true", trigger.ErrUnknownShape, "found a JSON bool;"},
	{"string", `"CloudTrail validation message."`, trigger.ErrUnknownShape, "found a JSON string;"},
	{"array", "[]", trigger.ErrUnknownShape, "found a JSON array;"},
	{"empty object", "{}", trigger.ErrUnknownShape, "found an empty JSON object;"},
	{"other members", `{"key1":1,"key2":{"key":2}}`, trigger.ErrUnknownShape, `found a JSON object of "key1", "key2";`},
	{"many members", `{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0}`, trigger.ErrUnknownShape, `"g", "h" and 2 more;`},
	{"no records", `{"Records":[]}`, trigger.ErrUnknownShape, `found a JSON object of "Records" (empty);`},
	{"records null", `{"Records":null}`, trigger.ErrUnknownShape, `found a JSON object of "Records";`},
	{"records of the wrong type", `{"Records":"aws:s3"}`, trigger.ErrUnknownShape, `found a JSON object of "Records";`},
	{"records of numbers", `{"Records":[1,2]}`, trigger.ErrUnknownShape, "found Records without eventSource;"},
	{"records of another source", `{"Records":[{"eventSource":"aws:kinesis"}]}`, trigger.ErrUnknownShape, `found Records with eventSource "aws:kinesis";`},
	{"a log file's own text", `{"Records":[{"eventSource":"s3.amazonaws.com","eventName":"GetObject"}]}`, trigger.ErrUnknownShape, `eventSource "s3.amazonaws.com"`},
	{"records of two sources", records(s3Record("ObjectCreated:Put", "logs", "a"), sqsRecord("m1", s3Created)), trigger.ErrUnknownShape,
		`found Records with eventSource "aws:s3" and, in record 2, "aws:sqs";`},
	{"records with a null", `{"Records":[` + s3Record("ObjectCreated:Put", "logs", "a") + `,null]}`, trigger.ErrUnknownShape, `and, in record 2, "";`},
	{"members of two shapes", `{"s3Bucket":"logs","s3ObjectKey":["a"],"bucketwatch":"tick"}`, trigger.ErrUnknownShape,
		`that could be CloudTrail message or BucketWatch request;`},

	{"s3 without name", `{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"logs"},"object":{"key":"a"}}}]}`, trigger.ErrUnknownShape, "record 1 of an S3 notification without eventName;"},
	{"s3 without bucket", records(s3Record("ObjectCreated:Put", "", "a")), trigger.ErrUnknownShape, "without s3.bucket.name;"},
	{"s3 without key", records(s3Record("ObjectCreated:Put", "logs", "a"), s3Record("ObjectCreated:Put", "logs", "")), trigger.ErrUnknownShape,
		"record 2 of an S3 notification without s3.object.key;"},
	{"s3 without s3", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}`, trigger.ErrUnknownShape, "without s3.bucket.name;"},
	{"s3 key that can't be decoded", records(s3Record("ObjectCreated:Put", "logs", "a%zz")), trigger.ErrUnknownShape, `(invalid URL escape "%zz");`},
	{"s3 key cut in an escape", records(s3Record("ObjectCreated:Put", "logs", "a%2")), trigger.ErrUnknownShape, `(invalid URL escape "%2");`},
	{"s3 key that is a number", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":123456}}}]}`,
		trigger.ErrUnknownShape, "found a JSON number as Records.s3.object.key;"},

	{"eventbridge of another source", `{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"bucket":"x"}}`, trigger.ErrUnknownShape,
		`an EventBridge event of source "aws.ec2" and detail-type "EC2 Instance State-change Notification";`},
	{"eventbridge by way of CloudTrail", `{"source":"aws.s3","detail-type":"AWS API Call via CloudTrail","detail":{"eventName":"PutObject"}}`, trigger.ErrUnknownShape,
		`detail-type "AWS API Call via CloudTrail";`},
	{"eventbridge without source", `{"detail-type":"Object Created","detail":{"bucket":{"name":"logs"},"object":{"key":"a"}}}`, trigger.ErrUnknownShape, `of source ""`},
	{"eventbridge without detail", `{"source":"aws.s3","detail-type":"Object Created"}`, trigger.ErrUnknownShape, "without detail.bucket.name;"},
	{"eventbridge without key", `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"logs"}}}`, trigger.ErrUnknownShape, "without detail.object.key;"},
	{"eventbridge bucket of the wrong type", `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":"logs"}}`, trigger.ErrUnknownShape, "found a JSON string as detail.bucket;"},

	{"trail without bucket", `{"s3ObjectKey":["a"]}`, trigger.ErrUnknownShape, "without s3Bucket;"},
	{"trail without keys", `{"s3Bucket":"logs"}`, trigger.ErrUnknownShape, "without s3ObjectKey;"},
	{"trail with no keys", `{"s3Bucket":"logs","s3ObjectKey":[]}`, trigger.ErrUnknownShape, "without s3ObjectKey;"},
	{"trail with an empty key", `{"s3Bucket":"logs","s3ObjectKey":["a",""]}`, trigger.ErrUnknownShape, "an empty s3ObjectKey 2;"},
	{"trail with a key that is no list", `{"s3Bucket":"logs","s3ObjectKey":"a"}`, trigger.ErrUnknownShape, "found a JSON string as s3ObjectKey;"},

	{"sns of text", snsEvent("Hello"), trigger.ErrUnknownShape, `cannot read Message of SNS event: found text that isn't JSON and begins "Hello";`},
	{"sns without message", `{"Records":[{"EventSource":"aws:sns","Sns":{}}]}`, trigger.ErrUnknownShape, "without Sns.Message;"},
	{"sns with one bad record", records(`{"EventSource":"aws:sns","Sns":{"Message":`+quoted(trail)+`}}`, `{"EventSource":"aws:sns","Sns":{"Message":"x"}}`), trigger.ErrUnknownShape, `begins "x";`},
	{"sns subscription to confirm", `{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe"}`, trigger.ErrUnknownShape, `an SNS message of Type "SubscriptionConfirmation";`},
	{"on failure of nothing", `{"requestPayload":null}`, trigger.ErrUnknownShape, "cannot read requestPayload of OnFailure record: found null;"},
	{"on success", `{"requestContext":{"condition":"Success"},"requestPayload":` + s3Created + `}`, trigger.ErrUnknownShape, "found an OnSuccess record"},

	{"on failure with context of the wrong type", `{"requestContext":"x","requestPayload":{}}`, trigger.ErrUnknownShape, "found a JSON string as requestContext;"},
	{"sns of the wrong type", `{"Records":[{"EventSource":"aws:sns","Sns":"x"}]}`, trigger.ErrUnknownShape, "found a JSON string as Records.Sns;"},
	{"s3 test event of a numbered bucket", `{"Event":"s3:TestEvent","Bucket":1}`, trigger.ErrUnknownShape, "found a JSON number as Bucket;"},

	{"another request", `{"bucketwatch":"tock"}`, trigger.ErrUnknownShape, `found bucketwatch "tock", where only "tick" and "test-alert" are known;`},
	{"request of the wrong type", `{"bucketwatch":true}`, trigger.ErrUnknownShape, "found a JSON bool as bucketwatch;"},
	{"tick with an empty time", `{"bucketwatch":"tick","time":""}`, trigger.ErrUnknownShape, `a tick whose time "" isn't RFC 3339;`},
	{"tick without zone", `{"bucketwatch":"tick","time":"2026-11-20T10:35:00"}`, trigger.ErrUnknownShape, "isn't RFC 3339;"},
	{"tick with a number", `{"bucketwatch":"tick","time":1795170900}`, trigger.ErrUnknownShape, "found a JSON number as time;"},

	{"four envelopes", snsEnvelope(onFailure(sqsEvent(snsEnvelope(s3Created)))), trigger.ErrTooDeep, "more than 3 envelopes"},
}

// Outside SQS an error is Parse's, and inside it is the message's: the same faults, the same words.
func TestParseErrors(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			got, err := trigger.Parse([]byte(test.payload))
			checkFault(t, err, test.want, test.found)
			if got.Messages != nil || got.Batch {
				t.Errorf("Parse(%s) = %+v beside the error, want nothing", test.payload, got)
			}

			got, err = trigger.Parse([]byte(records(sqsRecord("bad", test.payload), sqsRecord("good", s3Created))))
			if err != nil || len(got.Messages) != 2 {
				t.Fatalf("Parse(SQS event of two) = %+v, %v, want two messages", got, err)
			}
			bad, good := got.Messages[0], got.Messages[1]
			checkFault(t, bad.Err, test.want, test.found)
			if bad.ID != "bad" || bad.Objects != nil || bad.Ignored != nil || bad.Tick != nil || bad.TestAlert {
				t.Errorf("bad message = %+v, want its id and the error alone", bad)
			}
			if diff := cmp.Diff(withID("good", objects("a.gz")), good); diff != "" {
				t.Errorf("message beside a bad one (-want +got)\n%s", diff)
			}
		})
	}
}

func checkFault(t *testing.T, err, want error, found string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want one that is %q", err, want)
	}
	if !strings.Contains(err.Error(), found) {
		t.Errorf("error = %v, want one that says %q", err, found)
	}
}

func TestParseSQSRecordErrors(t *testing.T) {
	good := sqsRecord("good", s3Created)
	tests := []struct {
		name, record string
		found        string
	}{
		{"no body", `{"messageId":"bad","eventSource":"aws:sqs"}`, "found a record of an SQS event without body;"},
		{"null body", `{"messageId":"bad","eventSource":"aws:sqs","body":null}`, "without body;"},
		{"body of the wrong type", `{"eventSource":"aws:sqs","body":{"Records":[]},"messageId":"bad"}`, "found a JSON object as body;"},
		{"five SQS events", sqsRecord("bad", sqsEvent(sqsEvent(sqsEvent(sqsEvent(s3Created))))), "more than 3 envelopes"},
		{"inner message without body", sqsRecord("bad", `{"Records":[{"eventSource":"aws:sqs"}]}`), "record 1 of an SQS event without body;"},
		{"inner body of the wrong type", sqsRecord("bad", `{"Records":[{"eventSource":"aws:sqs","body":1}]}`), "found a JSON number as Records.body;"},
		{"one inner message bad", sqsRecord("bad", records(sqsRecord("1", s3Created), sqsRecord("2", "x"))), `begins "x";`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := trigger.Parse([]byte(records(good, test.record)))
			if err != nil || len(got.Messages) != 2 || !got.Batch {
				t.Fatalf("Parse = %+v, %v, want two messages of a batch", got, err)
			}
			if diff := cmp.Diff(withID("good", objects("a.gz")), got.Messages[0]); diff != "" {
				t.Errorf("message beside a bad one (-want +got)\n%s", diff)
			}
			bad := got.Messages[1]
			if bad.ID != "bad" || bad.Err == nil || !strings.Contains(bad.Err.Error(), test.found) {
				t.Errorf("message = %+v, want id %q and an error that says %q", bad, "bad", test.found)
			}
			if bad.Objects != nil {
				t.Errorf("bad message asks for %v, want nothing", bad.Objects)
			}
		})
	}
}

// An error goes into a log line; it must not take the payload with it.
func TestParseErrorsAreBounded(t *testing.T) {
	long := strings.Repeat("길다+%2B ", 20_000)
	digits := strings.Repeat("7", 50_000)
	payloads := map[string]string{
		"text":         long,
		"member names": `{` + quoted(long) + `:1,` + quoted(long+"2") + `:2}`,
		"event source": `{"Records":[{"eventSource":` + quoted(long) + `}]}`,
		"sources":      `{"Records":[{"eventSource":` + quoted(long) + `},{"eventSource":` + quoted(long+"2") + `}]}`,
		"key":          records(s3Record("ObjectCreated:Put", "logs", long+"%"+long)),
		"number":       `{"s3Bucket":` + digits + `,"s3ObjectKey":["a"]}`,
		"detail type":  `{"source":` + quoted(long) + `,"detail-type":` + quoted(long) + `}`,
		"SNS type":     `{"Message":"","Type":` + quoted(long) + `}`,
		"request":      `{"bucketwatch":` + quoted(long) + `}`,
		"tick's time":  `{"bucketwatch":"tick","time":` + quoted(long) + `}`,
		"nested text":  onFailure(snsEvent(long)),
	}
	for name, payload := range payloads {
		t.Run(name, func(t *testing.T) {
			_, err := trigger.Parse([]byte(payload))
			if err == nil {
				t.Fatal("Parse = no error, want one")
			}
			if got, want := len(err.Error()), 1000; got > want {
				t.Errorf("error of %d bytes, want at most %d", got, want)
			}
		})
	}
}

// S3 encodes a key like a form's field, except that it leaves slashes alone; decoding must undo both ways of writing.
func TestParseKeyRoundTrip(t *testing.T) {
	const seed = 20261120
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	alphabet := []rune("abcXYZ019/+ %&=?#;:@~!*'()_-.,\"\\<>\n\t\x7f가나다로그é漢🙂")
	for range 1000 {
		key := make([]rune, 1+random.IntN(60))
		for i := range key {
			key[i] = alphabet[random.IntN(len(alphabet))]
		}
		want := string(key)
		escaped := url.QueryEscape(want)
		for _, encoded := range []string{escaped, strings.ReplaceAll(escaped, "%2F", "/"), strings.ReplaceAll(escaped, "+", "%20")} {
			got, err := trigger.Parse([]byte(records(s3Record("ObjectCreated:Put", "logs", encoded))))
			if err != nil {
				t.Fatalf("Parse(notification of key %q) = error %v", encoded, err)
			}
			if diff := cmp.Diff(one(objects(want)), got); diff != "" {
				t.Fatalf("Parse(notification of key %q) = (-want +got)\n%s", encoded, diff)
			}
		}
		for _, plain := range []string{
			`{"s3Bucket":"logs","s3ObjectKey":[` + quoted(want) + `]}`,
			`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"logs"},"object":{"key":` + quoted(want) + `}}}`,
		} {
			got, err := trigger.Parse([]byte(plain))
			if err != nil {
				t.Fatalf("Parse(%s) = error %v", plain, err)
			}
			if diff := cmp.Diff(one(objects(want)), got); diff != "" {
				t.Fatalf("Parse(%s) = (-want +got)\n%s", plain, diff)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, payload := range map[string]string{"s3": s3Created, "sqs three envelopes": sqsEvent(snsEnvelope(onFailure(snsEvent(s3Created))))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				got, err := trigger.Parse([]byte(payload))
				if err != nil || len(got.Messages) != 1 || len(got.Messages[0].Objects) != 1 {
					b.Fatalf("Parse(%s) = %+v, %v, want one object", payload, got, err)
				}
			}
		})
	}
}
