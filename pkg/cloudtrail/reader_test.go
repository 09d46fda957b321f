package cloudtrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/gzip"
)

// testFile returns a file of testdata.
func testFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// names reads doc and returns the names of its events, separated by spaces; "-" for a record without.
func names(t *testing.T, doc string) string {
	t.Helper()
	d := NewReader(strings.NewReader(doc))
	var got []string
	var record Record
	for {
		switch err := d.Read(&record); {
		case err == io.EOF:
			return strings.Join(got, " ")
		case err != nil:
			t.Fatalf("Read(%.200s) = error %v", doc, err)
		case len(record.EventName) == 0:
			got = append(got, "-")
		default:
			got = append(got, string(record.EventName))
		}
	}
}

func TestReadDocuments(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  string
		want string // names of the events
	}{
		{"one record", `{"Records":[{"eventName":"GetObject"}]}`, "GetObject"},
		{"two records", `{"Records":[{"eventName":"GetObject"},{"eventName":"PutObject"}]}`, "GetObject PutObject"},
		{"no records", `{"Records":[]}`, ""},
		{"no records, white space", " {\t\"Records\"\n:\r[ \n ] } \n", ""},
		{"empty records", `{"Records":[{},{ }]}`, "- -"},
		{
			"white space everywhere",
			" \n{ \"Records\" \r\n:\t[ { \"eventName\" : \"GetObject\" , \"a\" : [ 1 , { } , [ ] ] } , { } ] , \"b\" : 1 } \r\n\t ",
			"GetObject -",
		},
		{"a member before", `{"version":1,"Records":[{"eventName":"GetObject"}]}`, "GetObject"},
		{"a member after", `{"Records":[{"eventName":"GetObject"}],"version":"1"}`, "GetObject"},
		{"members before and after", `{"a":null,"b":true,"Records":[{"eventName":"GetObject"}],"c":false,"d":-0.0e0}`, "GetObject"},
		{"Records in a nested object", `{"a":{"Records":[{"eventName":"No"}]},"Records":[{"eventName":"Yes"}],"b":[{"Records":[{}]}]}`, "Yes"},
		{"Records in a record", `{"Records":[{"Records":[{"eventName":"No"}],"eventName":"Yes"}]}`, "Yes"},
		{"brackets in strings before", `{"a":"}]\"}","b":"{\"Records\":[","Records":[{"eventName":"Yes"}]}`, "Yes"},
		{"brackets in strings of a record", `{"Records":[{"a":"}]}","b":"\\","eventName":"Yes","c":"\\\"}"},{"eventName":"]"}]}`, "Yes ]"},
		{"other spellings of Records", `{"records":[{"eventName":"No"}],"RECORDS":0,"Record":1,"Records ":2,"Records":[{"eventName":"Yes"}]}`, "Yes"},
		{"other spellings of members", `{"Records":[{"EventName":"No","eventname":"No"}]}`, "-"},
		{"escaped Records", `{"R\u0065cords":[{"eventName":"GetObject"}]}`, "GetObject"},
		{"all of Records escaped", `{"\u0052\u0065\u0063\u006f\u0072\u0064\u0073":[{"eventName":"GetObject"}]}`, "GetObject"},
		{"escaped member", `{"Records":[{"event\u004eame":"GetObject"}]}`, "GetObject"},
		{"escaped backslash in a member", `{"Records":[{"event\\u004eame":"GetObject"}]}`, "-"},
		{"escaped value", `{"Records":[{"eventName":"Get\u004fbject"}]}`, "GetObject"},
		{"elements that are no objects", `{"Records":[1,"GetObject",null,true,false,[{"eventName":"GetObject"}],-1.5e-3,{"eventName":"GetObject"}]}`, "- - - - - - - GetObject"},
		{"nested arrays", `{"Records":[[[[]]],[],{"eventName":"GetObject"}]}`, "- - GetObject"},
		{"last of two wins", `{"Records":[{"eventName":"No","eventName":"Yes"}]}`, "Yes"},
		{"last of two wins, escaped", `{"Records":[{"eventName":"No","eventNam\u0065":"Yes"}]}`, "Yes"},
		{"last of two wins, null", `{"Records":[{"eventName":"No","eventName":null}]}`, "-"},
		{"last of two wins, wrong type", `{"Records":[{"eventName":"No","eventName":["No"]}]}`, "-"},
		{"nothing of the record before", `{"Records":[{"eventName":"GetObject"},{},{"eventName":7}]}`, "GetObject - -"},
		{"empty name", `{"":{"":0},"Records":[{"":"","eventName":"GetObject"}]}`, "GetObject"},
		{"delete character", "{\"Records\":[{\"eventName\":\"a\x7fb\"}]}", "a\x7fb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := names(t, tt.doc); got != tt.want {
				t.Errorf("events of %s = %q, want %q", tt.doc, got, tt.want)
			}
			records, err := readAll(NewReader(strings.NewReader(tt.doc)))
			wantRecords, wantErr := oracle([]byte(tt.doc))
			checkRead(t, records, err, wantRecords, wantErr)
		})
	}
}

// read1 reads the only record, given as the JSON of its element.
func read1(t *testing.T, element string) Record {
	t.Helper()
	var record Record
	d := NewReader(strings.NewReader(`{"Records":[` + element + `]}`))
	if err := d.Read(&record); err != nil {
		t.Fatalf("Read(%s) = error %v", element, err)
	}
	return record
}

func TestReadValues(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text := func(b []byte) string {
		if b == nil {
			return "absent"
		}
		return fmt.Sprintf("%q", b)
	}
	number := func(n Number) string {
		if n == (Number{}) {
			return "absent"
		}
		return fmt.Sprint(n.Value, n.Set)
	}
	eventTime := func(r Record) string {
		if r.EventTime.IsZero() {
			return "absent"
		}
		if !r.EventTime.Equal(t0) {
			return r.EventTime.String()
		}
		return "t0 " + r.EventTime.Location().String()
	}
	for _, tt := range []struct {
		element string
		value   func(Record) string
		want    string
	}{
		{`{"eventName":"a"}`, func(r Record) string { return text(r.EventName) }, `"a"`},
		{`{"eventName":""}`, func(r Record) string { return text(r.EventName) }, `""`},
		{`{"eventName":null}`, func(r Record) string { return text(r.EventName) }, "absent"},
		{`{"eventName":{"a":"b"}}`, func(r Record) string { return text(r.EventName) }, "absent"},
		{`{}`, func(r Record) string { return text(r.EventName) }, "absent"},
		{`{"eventName":"\"\\\/\b\f\n\r\t"}`, func(r Record) string { return text(r.EventName) }, `"\"\\/\b\f\n\r\t"`},
		{`{"eventName":"\u00e9\u00E9\u0041\uFFFD\u0000"}`, func(r Record) string { return text(r.EventName) }, `"ééA�\x00"`},
		{`{"eventName":"\ud83d\ude00"}`, func(r Record) string { return text(r.EventName) }, `"😀"`},
		{`{"eventName":"\uD83D\uDE00\uDBFF\uDFFF"}`, func(r Record) string { return text(r.EventName) }, `"😀\U0010ffff"`},
		{`{"eventName":"\ude00\ud83d"}`, func(r Record) string { return text(r.EventName) }, `"��"`},
		{`{"eventName":"\ud83d\ud83d\ude00"}`, func(r Record) string { return text(r.EventName) }, `"�😀"`},
		{`{"eventName":"\ud83dx\ud83d\n\ud83d"}`, func(r Record) string { return text(r.EventName) }, `"�x�\n�"`},
		{"{\"eventName\":\"a\xffb\xc3\"}", func(r Record) string { return text(r.EventName) }, `"a�b�"`},
		{"{\"eventName\":\"\xed\xa0\x80\"}", func(r Record) string { return text(r.EventName) }, `"���"`},
		{"{\"eventName\":\"\xff\\n\"}", func(r Record) string { return text(r.EventName) }, `"�\n"`},

		{`{"eventTime":"2026-01-02T03:04:05Z"}`, eventTime, "t0 UTC"},
		{`{"eventTime":"2026-01-02T03:04:05+00:00"}`, eventTime, "t0 UTC"},
		{`{"eventTime":"2026-01-02T12:04:05+09:00"}`, eventTime, "t0 UTC"},
		{`{"eventTime":"2026-01-02T03:04:05.000Z"}`, eventTime, "t0 UTC"},
		{`{"eventTime":"2026\u002D01-02T03:04:05Z"}`, eventTime, "t0 UTC"},
		{`{"eventTime":"2026-01-02 03:04:05"}`, eventTime, "absent"},
		{`{"eventTime":"2026-02-29T03:04:05Z"}`, eventTime, "absent"},
		{`{"eventTime":"2026-01-02T03:04:05"}`, eventTime, "absent"},
		{`{"eventTime":"2026-01-02T03:04:05Z "}`, eventTime, "absent"},
		{`{"eventTime":""}`, eventTime, "absent"},
		{`{"eventTime":1767323045}`, eventTime, "absent"},
		{`{"eventTime":"2026-01-02T03:04:05Z","eventTime":"yesterday"}`, eventTime, "absent"},

		{`{"managementEvent":true}`, func(r Record) string { return fmt.Sprint(r.ManagementEvent) }, fmt.Sprint(True)},
		{`{"managementEvent":false}`, func(r Record) string { return fmt.Sprint(r.ManagementEvent) }, fmt.Sprint(False)},
		{`{"managementEvent":"true"}`, func(r Record) string { return fmt.Sprint(r.ManagementEvent) }, fmt.Sprint(Absent)},
		{`{"managementEvent":true,"managementEvent":null}`, func(r Record) string { return fmt.Sprint(r.ManagementEvent) }, fmt.Sprint(Absent)},

		{`{"additionalEventData":{"bytesTransferredIn":791.0}}`, func(r Record) string { return number(r.AdditionalEventData.BytesTransferredIn) }, "791 true"},
		{`{"additionalEventData":{"bytesTransferredIn":0}}`, func(r Record) string { return number(r.AdditionalEventData.BytesTransferredIn) }, "0 true"},
		{`{"additionalEventData":{"bytesTransferredOut":-1.5e+3}}`, func(r Record) string { return number(r.AdditionalEventData.BytesTransferredOut) }, "-1500 true"},
		{`{"additionalEventData":{"startTime":1767323045012}}`, func(r Record) string { return number(r.AdditionalEventData.StartTime) }, "1.767323045012e+12 true"},
		{`{"additionalEventData":{"endTime":9007199254740993}}`, func(r Record) string { return number(r.AdditionalEventData.EndTime) }, "9.007199254740992e+15 true"},
		{`{"additionalEventData":{"httpStatusCode":"200"}}`, func(r Record) string { return number(r.AdditionalEventData.HTTPStatusCode) }, "absent"},
		{`{"additionalEventData":{"turnAroundTime":1e999}}`, func(r Record) string { return number(r.AdditionalEventData.TurnAroundTime) }, "absent"},
		{`{"additionalEventData":{"turnAroundTime":7,"turnAroundTime":-1e999}}`, func(r Record) string { return number(r.AdditionalEventData.TurnAroundTime) }, "absent"},
		{`{"additionalEventData":{"turnAroundTime":7},"additionalEventData":{}}`, func(r Record) string { return number(r.AdditionalEventData.TurnAroundTime) }, "absent"},
		{`{"additionalEventData":{"turnAroundTime":7},"additionalEventData":"x"}`, func(r Record) string { return number(r.AdditionalEventData.TurnAroundTime) }, "absent"},

		{`{"requestParameters":{"key":"a"}}`, func(r Record) string { return text(r.RequestParameters.Key) }, `"a"`},
		{`{"requestParameters":{"Key":"a"}}`, func(r Record) string { return text(r.RequestParameters.Key) }, `"a"`},
		{`{"requestParameters":{"KEY":"a"}}`, func(r Record) string { return text(r.RequestParameters.Key) }, "absent"},
		{`{"requestParameters":{"key":["a"]}}`, func(r Record) string { return text(r.RequestParameters.Key) }, "absent"},
		{`{"requestParameters":{"key":"a"},"requestParameters":{"versionId":"v"}}`, func(r Record) string { return text(r.RequestParameters.Key) }, "absent"},
		{`{"requestParameters": { "key" : "a" , "n":[{}] } }`, func(r Record) string { return text(r.RequestParameters.Raw) }, `"{ \"key\" : \"a\" , \"n\":[{}] }"`},
		{`{"requestParameters":{}}`, func(r Record) string { return text(r.RequestParameters.Raw) }, `"{}"`},
		{`{"requestParameters":null}`, func(r Record) string { return text(r.RequestParameters.Raw) }, "absent"},
		{`{"requestParameters":{},"requestParameters":[]}`, func(r Record) string { return text(r.RequestParameters.Raw) }, "absent"},

		{`{"userIdentity":{"type":"Root","type":"IAMUser"}}`, func(r Record) string { return text(r.UserIdentity.Type) }, `"IAMUser"`},
		{`{"userIdentity":{"type":"Root"},"userIdentity":{"arn":"a"}}`, func(r Record) string { return text(r.UserIdentity.Type) }, "absent"},
		{`{"userIdentity":{"sessionContext":{"sessionIssuer":{"arn":"a"}}}}`, func(r Record) string { return text(r.UserIdentity.SessionContext.SessionIssuer.ARN) }, `"a"`},
		{`{"userIdentity":{"sessionContext":{"sessionIssuer":{"arn":"a"}},"sessionContext":{}}}`, func(r Record) string { return text(r.UserIdentity.SessionContext.SessionIssuer.ARN) }, "absent"},
		{`{"userIdentity":{"sessionContext":{"sessionIssuer":{"arn":"a"},"sessionIssuer":null}}}`, func(r Record) string { return text(r.UserIdentity.SessionContext.SessionIssuer.ARN) }, "absent"},

		{`{"resources":[{},{"ARN":"a"},7,{"arn":"b"}]}`, func(r Record) string { return fmt.Sprintf("%d %q", len(r.Resources), r.Resources) }, `4 [{"" "" ""} {"" "a" ""} {"" "" ""} {"" "" ""}]`},
		{`{"resources":[{"type":"t","ARN":"a","accountId":"1"},{}]}`, func(r Record) string { return fmt.Sprintf("%q", r.Resources) }, `[{"t" "a" "1"} {"" "" ""}]`},
		{`{"resources":[{"ARN":"a"}],"resources":[{},{}]}`, func(r Record) string { return fmt.Sprintf("%q", r.Resources) }, `[{"" "" ""} {"" "" ""}]`},
		{`{"resources":[{"ARN":"a"}],"resources":null}`, func(r Record) string { return fmt.Sprint(len(r.Resources)) }, "0"},
		{`{"resources":[]}`, func(r Record) string { return fmt.Sprint(len(r.Resources)) }, "0"},
		{`{"resources":{"ARN":"a"}}`, func(r Record) string { return fmt.Sprint(len(r.Resources)) }, "0"},

		{`{"responseElements":{"x-amz-delete-marker":"true"}}`, func(r Record) string { return text(r.ResponseElements.DeleteMarker) }, `"true"`},
		{`{"responseElements":{"x-amz-delete-marker":true}}`, func(r Record) string { return text(r.ResponseElements.DeleteMarker) }, "absent"},
		{`{"responseElements":{"x-amz-delete-marker":"true"},"responseElements":{}}`, func(r Record) string { return text(r.ResponseElements.DeleteMarker) }, "absent"},
		{`{"responseElements":{"x-amz-delete-marker":"true"},"responseElements":null}`, func(r Record) string { return text(r.ResponseElements.DeleteMarker) }, "absent"},
		{`{"addendum":{"reason":"UPDATED_DATA"},"addendum":{}}`, func(r Record) string { return text(r.Addendum.Reason) }, "absent"},
		{`{"addendum":{"updatedFields":"key","reason":"UPDATED_DATA","originalEventID":"1"}}`, func(r Record) string { return text(r.Addendum.Reason) }, `"UPDATED_DATA"`},
		{`{"addendum":{"reason":"UPDATED_DATA"}}`, func(r Record) string { return text(r.Addendum.Reason) }, `"UPDATED_DATA"`},
	} {
		t.Run(tt.element, func(t *testing.T) {
			if got := tt.value(read1(t, tt.element)); got != tt.want {
				t.Errorf("Read(%s) gave %s, want %s", tt.element, got, tt.want)
			}
		})
	}
}

// TestReadDamagedDocuments: offsets and messages are part of what an operator searches for.
func TestReadDamagedDocuments(t *testing.T) {
	for _, tt := range []struct {
		name   string
		doc    string
		err    error
		offset int64
	}{
		{"white space", "  ", io.ErrUnexpectedEOF, 2},
		{"opening brace", `{`, io.ErrUnexpectedEOF, 1},
		{"cut in a name", `{"Rec`, io.ErrUnexpectedEOF, 5},
		{"cut before the array", `{"Records":`, io.ErrUnexpectedEOF, 11},
		{"cut before the first record", `{"Records":[`, io.ErrUnexpectedEOF, 12},
		{"cut in a record", `{"Records":[{"eventName":"GetO`, io.ErrUnexpectedEOF, 30},
		{"cut in an escape", `{"Records":[{"eventName":"\u00`, io.ErrUnexpectedEOF, 30},
		{"cut in a number", `{"Records":[-`, io.ErrUnexpectedEOF, 13},
		{"cut in a literal", `{"Records":[tru`, io.ErrUnexpectedEOF, 15},
		{"cut between two records", `{"Records":[{}`, io.ErrUnexpectedEOF, 14},
		{"cut after a comma", `{"Records":[{},`, io.ErrUnexpectedEOF, 15},
		{"cut after the records", `{"Records":[{}]`, io.ErrUnexpectedEOF, 15},
		{"cut in a later member", `{"Records":[{}],"a":{"b":1}`, io.ErrUnexpectedEOF, 27},
		{"NUL before", "\x00{}", ErrSyntax, 0},
		{"NUL after", "{\"Records\":[]}\x00", ErrSyntax, 14},
		{"NUL between records", "{\"Records\":[{}\x00,{}]}", ErrSyntax, 14},
		{"NUL in a string", "{\"Records\":[{\"a\":\"\x00\"}]}", ErrSyntax, 18},
		{"byte order mark", "\ufeff{\"Records\":[]}", ErrSyntax, 0},
		{"no-break space", "{\u00a0\"Records\":[]}", ErrSyntax, 1},
		{"form feed", "{\f\"Records\":[]}", ErrSyntax, 1},
		{"trailing comma in Records", `{"Records":[{},]}`, ErrSyntax, 15},
		{"trailing comma in the document", `{"Records":[{}],}`, ErrSyntax, 16},
		{"trailing comma in a record", `{"Records":[{"a":1,}]}`, ErrSyntax, 19},
		{"trailing comma in a skipped array", `{"a":[1,],"Records":[]}`, ErrSyntax, 8},
		{"leading comma", `{"Records":[,{}]}`, ErrSyntax, 12},
		{"two commas", `{"Records":[{},,{}]}`, ErrSyntax, 15},
		{"no comma", `{"Records":[{} {}]}`, ErrSyntax, 15},
		{"no colon", `{"Records"[]}`, ErrSyntax, 10},
		{"comma for colon", `{"Records",[]}`, ErrSyntax, 10},
		{"wrong bracket", `{"Records":[{}}]}`, ErrSyntax, 14},
		{"wrong bracket of a record", `{"Records":[{"a":1]]}`, ErrSyntax, 18},
		{"name without quotes", `{Records:[]}`, ErrSyntax, 1},
		{"single quotes", `{'Records':[]}`, ErrSyntax, 1},
		{"number as name", `{1:[]}`, ErrSyntax, 1},
		{"comment", `{/**/"Records":[]}`, ErrSyntax, 1},
		{"leading zero", `{"Records":[{"a":01}]}`, ErrSyntax, 18},
		{"plus sign", `{"Records":[{"a":+1}]}`, ErrSyntax, 17},
		{"point without digits", `{"Records":[{"a":1.}]}`, ErrSyntax, 19},
		{"point before digits", `{"Records":[{"a":.5}]}`, ErrSyntax, 17},
		{"exponent without digits", `{"Records":[{"a":1e+}]}`, ErrSyntax, 20},
		{"minus alone", `{"Records":[{"a":-}]}`, ErrSyntax, 18},
		{"hexadecimal", `{"Records":[{"a":0x1}]}`, ErrSyntax, 18},
		{"NaN", `{"Records":[{"a":NaN}]}`, ErrSyntax, 17},
		{"misspelled literal", `{"Records":[{"a":nil}]}`, ErrSyntax, 18},
		{"literal with a tail", `{"Records":[{"a":nulls}]}`, ErrSyntax, 21},
		{"unknown escape", `{"Records":[{"a":"\x"}]}`, ErrSyntax, 19},
		{"escape with a wrong digit", `{"Records":[{"a":"\u00g0"}]}`, ErrSyntax, 22},
		{"capital U", `{"Records":[{"a":"\U0041"}]}`, ErrSyntax, 19},
		{"line break in a string", "{\"Records\":[{\"a\":\"b\nc\"}]}", ErrSyntax, 19},
		{"control character in a name", "{\"Records\":[{\"a\tb\":1}]}", ErrSyntax, 15},
		{"control character among eight", "{\"Records\":[{\"a\":\"12345678abc\x1fdefgh\"}]}", ErrSyntax, 29},
		{"two documents", `{"Records":[]}{"Records":[]}`, ErrSyntax, 14},
		{"two documents in two lines", "{\"Records\":[]}\n{\"Records\":[]}\n", ErrSyntax, 15},
		{"text after the document", `{"Records":[]} x`, ErrSyntax, 15},
		{"comma after the document", `{"Records":[]},`, ErrSyntax, 14},
		{"second Records", `{"Records":[{}],"Records":[{}]}`, ErrSyntax, 26},
		{"second Records, nothing", `{"Records":[{}],"a":0,"Records":null}`, ErrSyntax, 32},
		{"second Records, escaped", `{"Records":[{}],"R\u0065cords":[]}`, ErrSyntax, 31},
		{"Records null", `{"Records":null}`, ErrSyntax, 11},
		{"Records an object", `{"Records":{"a":{}}}`, ErrSyntax, 11},
		{"Records a string", `{"Records":"[]"}`, ErrSyntax, 11},
		{"Records a number", `{"Records": 7}`, ErrSyntax, 12},
		{"string", `"Records"`, ErrSyntax, 0},
		{"number", ` 7`, ErrSyntax, 1},
		{"null", `null`, ErrSyntax, 0},
		{"array that is cut", `[{"Records":[]}`, io.ErrUnexpectedEOF, 15},
		{"two arrays", `[][]`, ErrSyntax, 2},
		{"XML", `<Error/>`, ErrSyntax, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, object := range [][]byte{[]byte(tt.doc), gzipped([]byte(tt.doc))} {
				_, err := readAll(NewReader(bytes.NewReader(object)))
				damaged := checkDamaged(t, err)
				if !errors.Is(err, tt.err) || damaged.Offset != tt.offset || damaged.Object {
					t.Errorf("Read(%q) = error %v, want %v at byte %d", tt.doc, err, tt.err, tt.offset)
				}
			}
		})
	}
}

func TestReadNoRecords(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  string
	}{
		{"empty object", `{}`},
		{"empty object, white space", " { } \n"},
		{"digest", `{"awsAccountId":"111122223333","logFiles":[{"s3Object":"a"}],"previousDigestSignature":null}`},
		{"other case", `{"records":[{}]}`},
		{"Records deeper", `{"a":{"Records":[{}]}}`},
		{"empty array", `[]`},
		{"array", ` [{"Records":[{}]}] `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, object := range [][]byte{[]byte(tt.doc), gzipped([]byte(tt.doc))} {
				d := NewReader(bytes.NewReader(object))
				if records, err := readAll(d); err != ErrNoRecords || len(records) > 0 {
					t.Errorf("Read(%s) = error %v after %d records, want ErrNoRecords", tt.doc, err, len(records))
				}
				if err := d.Read(new(Record)); err != ErrNoRecords {
					t.Errorf("Read(%s) again = error %v, want ErrNoRecords", tt.doc, err)
				}
			}
		})
	}
	if _, err := readAll(NewReader(strings.NewReader(""))); err != ErrEmpty {
		t.Errorf("Read(nothing) = error %v, want ErrEmpty", err)
	}
}

// TestReadCut cuts files at every byte: none may pass for a whole one.
func TestReadCut(t *testing.T) {
	two := testFile(t, "two-records.ok.json")
	half := len(two) / 2
	stored := new(bytes.Buffer)
	z, _ := gzip.NewWriterLevel(stored, gzip.NoCompression)
	z.Header = gzip.Header{Name: "records.json", Comment: "two records", Extra: []byte("x")}
	z.Write(two)
	z.Close()
	for _, tt := range []struct {
		name   string
		object []byte
		whole  []int // lengths at which it isn't cut
	}{
		{"plain", two, nil},
		{"plain with members around", testFile(t, "key-before-records.ok.json"), nil},
		{"plain with escapes", testFile(t, "escaped-names.ok.json"), nil},
		{"gzip", gzipped(two), nil},
		{"gzip, stored, with a long header", stored.Bytes(), nil},
		{"two members", gzipped(two[:half], two[half:]), nil},
		{"two members with long headers", append(gzipped([]byte(" ")), stored.Bytes()...), nil},
		{"empty member last", gzipped(two, nil), []int{len(gzipped(two))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := NewReader(strings.NewReader(""))
			object := bytes.TrimRight(tt.object, "\n")
			for n := range len(object) {
				d.Reset(bytes.NewReader(object[:n]))
				_, err := readAll(d)
				switch {
				case n == 0:
					if err != ErrEmpty {
						t.Errorf("Read(nothing) = error %v, want ErrEmpty", err)
					}
				case slices.Contains(tt.whole, n):
					if err != io.EOF {
						t.Errorf("Read(the first %d bytes, which are whole) = error %v", n, err)
					}
				default:
					damaged := checkDamaged(t, err)
					if errors.Is(err, io.ErrUnexpectedEOF) && damaged.Offset != int64(n) && (damaged.Object || object[0] == '{') {
						t.Errorf("Read(the first %d bytes) = error %v", n, err)
					}
					if n > 1 && !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("Read(the first %d bytes) = error %v, want io.ErrUnexpectedEOF", n, err)
					}
				}
			}
		})
	}
}

// TestReadLaterHeaderCut: gzip.Reader alone takes an object for whole that ends inside the file name or the comment
// of a later member.
func TestReadLaterHeaderCut(t *testing.T) {
	var later bytes.Buffer
	z := gzip.NewWriter(&later)
	z.Header = gzip.Header{Name: "records.json", Comment: "nothing in it", Extra: []byte("extra")}
	z.Close()
	first := gzipped(testFile(t, "two-records.ok.json"))
	for n := 1; n < later.Len(); n++ {
		object := append(slices.Clone(first), later.Bytes()[:n]...)
		records, err := readAll(NewReader(bytes.NewReader(object)))
		damaged := checkDamaged(t, err)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !damaged.Object || damaged.Offset != int64(len(object)) {
			t.Errorf("Read(a member and %d bytes of the next) = error %v after %d records", n, err, len(records))
		}
	}
	records, err := readAll(NewReader(bytes.NewReader(append(first, later.Bytes()...))))
	if err != io.EOF || len(records) != 2 {
		t.Errorf("Read(two members) = error %v after %d records, want 2", err, len(records))
	}
}

// TestReadFlippedTrailer flips every bit of the checksum and the length, of the last member and of the first.
func TestReadFlippedTrailer(t *testing.T) {
	two := testFile(t, "two-records.ok.json")
	first := gzipped(two[:100])
	for _, object := range [][]byte{gzipped(two), append(slices.Clone(first), gzipped(two[100:])...)} {
		trailers := []int{len(object) - 8}
		if bytes.HasPrefix(object, first) {
			trailers = append(trailers, len(first)-8)
		}
		for _, trailer := range trailers {
			for bit := range 64 {
				damaged := slices.Clone(object)
				damaged[trailer+bit/8] ^= 1 << (bit % 8)
				_, err := readAll(NewReader(bytes.NewReader(damaged)))
				if e := checkDamaged(t, err); !errors.Is(err, gzip.ErrChecksum) || !e.Object || e.Offset != int64(trailer+8) {
					t.Errorf("Read(bit %d of the trailer at %d flipped) = error %v, want gzip.ErrChecksum at byte %d", bit, trailer, err, trailer+8)
				}
			}
		}
	}
}

// TestReadFlipped flips every bit of an object. What can't be noticed (the header's time) must not change a record.
func TestReadFlipped(t *testing.T) {
	object := gzipped(testFile(t, "two-records.ok.json"))
	wantRecords, wantErr := oracleObject(object)
	d := NewReader(strings.NewReader(""))
	for bit := range 8 * len(object) {
		damaged := slices.Clone(object)
		damaged[bit/8] ^= 1 << (bit % 8)
		d.Reset(bytes.NewReader(damaged))
		if records, err := readAll(d); err == io.EOF {
			checkRead(t, records, err, wantRecords, wantErr)
		} else {
			checkDamaged(t, err)
		}
	}
}

// TestReadGzipMembers packs a document in two members, cut at each byte.
func TestReadGzipMembers(t *testing.T) {
	doc := testFile(t, "key-before-records.ok.json")
	wantRecords, wantErr := oracle(doc)
	d := NewReader(strings.NewReader(""))
	for cut := range len(doc) + 1 {
		d.Reset(bytes.NewReader(gzipped(doc[:cut], doc[cut:])))
		records, err := readAll(d)
		checkRead(t, records, err, wantRecords, wantErr)
	}
	var single [][]byte // one byte in each member
	for i := range doc {
		single = append(single, doc[i:i+1])
	}
	d.Reset(bytes.NewReader(gzipped(single...)))
	records, err := readAll(d)
	checkRead(t, records, err, wantRecords, wantErr)
}

// TestReadWindows reads with windows of all sizes, so that each byte of the document is the last of a window once.
func TestReadWindows(t *testing.T) {
	for _, doc := range seeds {
		wantRecords, wantErr := oracle([]byte(doc))
		for size := 1; size <= len(doc)+1; size++ {
			d := NewReader(strings.NewReader(doc))
			d.window = make([]byte, size)
			records, err := readAll(d)
			if doc == "" {
				wantErr = ErrEmpty
			}
			checkRead(t, records, err, wantRecords, wantErr)
			checkOffset(t, []byte(doc), err)
		}
	}
	for _, name := range []string{"odd-types.ok.json", "key-before-records.ok.json", "escaped-names.ok.json", "shapes.ok.json"} {
		doc := testFile(t, name)
		wantRecords, wantErr := oracle(doc)
		step := 1 + len(doc)/300
		for size := 1; size <= len(doc)+1; size += step {
			d := NewReader(bytes.NewReader(doc))
			d.window = make([]byte, size)
			records, err := readAll(d)
			checkRead(t, records, err, wantRecords, wantErr)
			if got := d.DocumentBytes(); got != int64(len(doc)) {
				t.Errorf("%s, window of %d: DocumentBytes() = %d, want %d", name, size, got, len(doc))
			}
			cut := NewReader(bytes.NewReader(doc[:len(doc)-2]))
			cut.window = make([]byte, size)
			_, err = readAll(cut)
			if damaged := checkDamaged(t, err); damaged.Offset != int64(len(doc)-2) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s cut, window of %d: Read = error %v", name, size, err)
			}
		}
	}
}

// TestReadPieces reads from sources that give a little at a time.
func TestReadPieces(t *testing.T) {
	doc := testFile(t, "shapes.ok.json")
	wantRecords, wantErr := oracle(doc)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, object := range [][]byte{doc, gzipped(doc), gzipped(doc[:1000], nil, doc[1000:])} {
		for _, tt := range []struct {
			name   string
			source io.Reader
		}{
			{"OneByteReader", iotest.OneByteReader(bytes.NewReader(object))},
			{"HalfReader", iotest.HalfReader(bytes.NewReader(object))},
			{"DataErrReader", iotest.DataErrReader(bytes.NewReader(object))},
			{"DataErrReader of OneByteReader", iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(object)))},
			{"chunks", &chunks{bytes.NewReader(object), rnd, 700}},
			{"small chunks", &chunks{bytes.NewReader(object), rnd, 3}},
			{"bytes.Buffer", bytes.NewBuffer(slices.Clone(object))},
		} {
			t.Run(tt.name, func(t *testing.T) {
				d := NewReader(tt.source)
				records, err := readAll(d)
				checkRead(t, records, err, wantRecords, wantErr)
				if got := d.ObjectBytes(); got != int64(len(object)) {
					t.Errorf("ObjectBytes() = %d, want %d", got, len(object))
				}
			})
		}
	}
}

// TestReadSourceFails: the connection breaks after any number of bytes, even after the last.
func TestReadSourceFails(t *testing.T) {
	broken := errors.New("connection reset by peer")
	two := testFile(t, "two-records.ok.json")
	for _, object := range [][]byte{two, gzipped(two)} {
		for n := range len(object) + 1 {
			for _, dataErr := range []bool{false, true} {
				source := io.MultiReader(bytes.NewReader(object[:n]), iotest.ErrReader(broken))
				if dataErr {
					source = iotest.DataErrReader(source)
				}
				d := NewReader(source)
				_, err := readAll(d)
				damaged := checkDamaged(t, err)
				if !errors.Is(err, broken) || !damaged.Object || damaged.Offset != int64(n) {
					t.Errorf("Read(%d bytes, then %q) = error %v, want it at byte %d of the object", n, broken, err, n)
				}
				if again := d.Read(new(Record)); again != err {
					t.Errorf("Read again = error %v, want the same", again)
				}
			}
		}
	}
	d := NewReader(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(two))))
	if _, err := readAll(d); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("Read = error %v, want %v", err, iotest.ErrTimeout)
	}
	// What the SDK's body returns if the connection ends early.
	d.Reset(io.MultiReader(bytes.NewReader(gzipped(two)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if _, err := readAll(d); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Read = error %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

// noProgress never gives anything.
type noProgress struct{}

func (noProgress) Read([]byte) (int, error) { return 0, nil }

func TestReadNoProgress(t *testing.T) {
	two := testFile(t, "two-records.ok.json")
	for _, object := range [][]byte{nil, two[:1], two, gzipped(two)[:5], gzipped(two)[:50], gzipped(two)} {
		_, err := readAll(NewReader(io.MultiReader(bytes.NewReader(object), noProgress{})))
		if checkDamaged(t, err); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("Read(%d bytes, then nothing for ever) = error %v, want %v", len(object), err, io.ErrNoProgress)
		}
	}
}

func TestReadDepth(t *testing.T) {
	nest := func(n int, inner string) string { return strings.Repeat("[", n) + inner + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, tt := range []struct {
		name string
		doc  string
		ok   bool
	}{
		// The document and Records are two levels.
		{"arrays in Records", `{"Records":[` + nest(9998, "") + `]}`, true},
		{"one array too many", `{"Records":[` + nest(9999, "") + `]}`, false},
		{"numbers in arrays", `{"Records":[` + nest(9998, "1") + `]}`, true},
		{"objects in Records", `{"Records":[` + objects(9998) + `]}`, true},
		{"one object too many", `{"Records":[` + objects(9999) + `]}`, false},
		{"in a member that is read", `{"Records":[{},{"requestParameters":{"tagging":` + nest(9996, "") + `}}]}`, true},
		{"too deep in a member that is read", `{"Records":[{},{"requestParameters":{"tagging":` + nest(9997, "") + `}}]}`, false},
		{"in resources", `{"Records":[{"resources":[{"a":` + nest(9995, "") + `}]}]}`, true},
		{"too deep in resources", `{"Records":[{"resources":[{"a":` + nest(9996, "") + `}]}]}`, false},
		{"before Records", `{"a":` + nest(9999, "") + `,"Records":[]}`, true},
		{"too deep before Records", `{"a":` + nest(10000, "") + `,"Records":[]}`, false},
		{"after Records", `{"Records":[],"a":` + nest(9999, "") + `}`, true},
		{"too deep after Records", `{"Records":[],"a":` + nest(10000, "") + `}`, false},
		{"many side by side in a record", `{"Records":[{"a":[` + strings.Repeat("[],", 12000) + `{}]}]}`, true},
		{"many objects side by side in a record", `{"Records":[{"a":[` + strings.Repeat(`{"b":{}},`, 12000) + `{}]}]}`, true},
		{"many side by side", `{"Records":[` + strings.Repeat(nest(3, "")+",{},", 4000) + `{}]}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := json.Valid([]byte(tt.doc)); got != tt.ok {
				t.Fatalf("json.Valid = %t, want %t", got, tt.ok)
			}
			for _, window := range []int{1000, windowSize} {
				d := NewReader(strings.NewReader(tt.doc))
				d.window = make([]byte, window)
				_, err := readAll(d)
				if tt.ok && err != io.EOF {
					t.Errorf("Read = error %v, want io.EOF", err)
				}
				if !tt.ok && (!errors.Is(err, ErrSyntax) || checkDamaged(t, err) == nil) {
					t.Errorf("Read = error %v, want ErrSyntax", err)
				}
			}
		})
	}
	for depth, want := range map[int]error{10000: ErrNoRecords, 10001: ErrSyntax} {
		if _, err := readAll(NewReader(strings.NewReader(nest(depth, "")))); !errors.Is(err, want) {
			t.Errorf("Read(an array %d deep) = error %v, want %v", depth, err, want)
		}
	}
}

// padded returns a record of size bytes.
func padded(size int) string {
	const rest = `{"eventName":"GetObject","p":""}`
	return rest[:len(rest)-2] + strings.Repeat("x", size-len(rest)) + rest[len(rest)-2:]
}

func TestReadLargeRecords(t *testing.T) {
	for _, tt := range []struct {
		name    string
		max     int
		records []int // sizes
		want    int   // records read; fewer if one is too large
	}{
		{"around the window's size", 0, []int{windowSize - 1, windowSize, windowSize + 1, 100, windowSize - 13, windowSize - 12, windowSize - 11}, 7},
		{"growing", 0, []int{100, 200 << 10, 100, 900 << 10, 100, 3 << 20, 100, 100}, 8},
		{"just below the default", 0, []int{DefaultMaxRecordSize - 100, DefaultMaxRecordSize - 100}, 2},
		{"the default", 0, []int{100, DefaultMaxRecordSize - 1, 100, DefaultMaxRecordSize - 1}, 4}, // less the comma
		{"beyond the default", 0, []int{100, DefaultMaxRecordSize + 100, 100}, 1},
		{"just what is allowed", 300 << 10, []int{100, 300<<10 - 1, 300<<10 - 1, 100}, 4},
		{"first beyond", 300 << 10, []int{300<<10 + 1}, 0},
		{"second beyond", 300 << 10, []int{100, 300<<10 + 1, 100}, 1},
		{"limit below the window's size", windowSize / 4, []int{100, windowSize / 2, 100}, 3},
		{"beyond the window", windowSize / 4, []int{100, windowSize + 1, 100}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var doc strings.Builder
			for i, size := range tt.records {
				doc.WriteString([]string{`{"Records":[`, ","}[min(i, 1)])
				doc.WriteString(padded(size))
			}
			doc.WriteString("]}")
			d := NewReader(strings.NewReader(doc.String()))
			d.MaxRecordSize = tt.max
			records, err := readAll(d)
			switch {
			case len(records) != tt.want:
				t.Errorf("Read gave %d records, want %d; error %v", len(records), tt.want, err)
			case tt.want == len(tt.records) && err != io.EOF:
				t.Errorf("Read = error %v, want io.EOF", err)
			case tt.want < len(tt.records) && !errors.Is(err, ErrRecordTooLarge):
				t.Errorf("Read = error %v, want ErrRecordTooLarge", err)
			case tt.want < len(tt.records):
				checkDamaged(t, err)
			}
		})
	}
}

// TestReadLargeMembers: what stands beside the records is bounded too, and white space after the document isn't.
func TestReadLargeMembers(t *testing.T) {
	large := strings.Repeat("x", 300<<10)
	for _, tt := range []struct {
		name string
		doc  string
		err  error
	}{
		{"before", `{"a":"` + large + `","Records":[{}]}`, ErrRecordTooLarge},
		{"after", `{"Records":[{}],"a":"` + large + `"}`, ErrRecordTooLarge},
		{"array", `["` + large + `"]`, ErrRecordTooLarge},
		{"string that doesn't end", `{"Records":[{"a":"` + large, ErrRecordTooLarge},
		{"many members", `{"Records":[{}]` + strings.Repeat(`,"a":"b"`, 100<<10) + `}`, io.EOF},
		{"white space after", `{"Records":[{}]}` + strings.Repeat(" ", 3<<20), io.EOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := NewReader(strings.NewReader(tt.doc))
			d.MaxRecordSize = 200 << 10
			if _, err := readAll(d); !errors.Is(err, tt.err) {
				t.Errorf("Read = error %v, want %v", err, tt.err)
			}
		})
	}
}

// TestReadMemory: names that must be decoded take no memory beyond their member's.
func TestReadMemory(t *testing.T) {
	doc := `{"Records":[{}]` + strings.Repeat(`,"\u0061\u0062\u0063\u0064\u0065\u0066":{"\u0061\u0062\u0063":0}`, 300_000) + `}`
	d := NewReader(strings.NewReader(doc))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readAll(d); err != io.EOF {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
		t.Errorf("reading %d bytes of escaped names took %d bytes of memory", len(doc), got)
	}
}

func TestReaderReset(t *testing.T) {
	two := testFile(t, "two-records.ok.json")
	wantRecords, wantErr := oracle(two)
	d := NewReader(bytes.NewReader(two))
	for _, tt := range []struct {
		name   string
		source io.Reader
		reads  int // records read of it; -1 for all
	}{
		{"nothing before", strings.NewReader(""), 0},
		{"success, plain", bytes.NewReader(two), -1},
		{"success, gzip", bytes.NewReader(gzipped(two)), -1},
		{"unread", bytes.NewReader(gzipped(two)), 0},
		{"half read, plain", bytes.NewReader(two), 1},
		{"half read, gzip", bytes.NewReader(gzipped(two)), 1},
		{"empty", strings.NewReader(""), -1},
		{"cut, plain", bytes.NewReader(two[:300]), -1},
		{"cut, gzip", bytes.NewReader(gzipped(two)[:100]), -1},
		{"cut in the gzip header", bytes.NewReader(gzipped(two)[:4]), -1},
		{"wrong checksum", bytes.NewReader(flipped(gzipped(two), -8)), -1},
		{"wrong header", bytes.NewReader(flipped(gzipped(two), 2)), -1},
		{"invalid JSON deep inside", strings.NewReader(`{"Records":[{"a":[[[[{"b":x`), -1},
		{"no Records", strings.NewReader(`{"logFiles":[]}`), -1},
		{"broken source", iotest.ErrReader(errors.New("broken")), -1},
		{"large record", strings.NewReader(`{"Records":[` + padded(3<<20) + `]}`), -1},
		{"too large record", strings.NewReader(`{"Records":[` + padded(5<<20) + `]}`), -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, next := range [][]byte{two, gzipped(two)} {
				d.Reset(tt.source)
				for n := 0; n != tt.reads && d.Read(new(Record)) == nil; n++ {
				}
				d.Reset(bytes.NewReader(next))
				if d.Records() != 0 || d.ObjectBytes() != 0 || d.DocumentBytes() != 0 {
					t.Errorf("after Reset: Records() = %d, ObjectBytes() = %d, DocumentBytes() = %d, want 0",
						d.Records(), d.ObjectBytes(), d.DocumentBytes())
				}
				records, err := readAll(d)
				checkRead(t, records, err, wantRecords, wantErr)
				if len(d.window) > 4*windowSize {
					t.Errorf("the window still has %d bytes", len(d.window))
				}
			}
		})
	}
}

// TestReadAliases holds the rule who owns the memory: what was copied stays, the slices are overwritten.
func TestReadAliases(t *testing.T) {
	const n = 2000
	var doc strings.Builder
	doc.WriteString(`{"Records":[`)
	for i := range n {
		if i > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `{"eventID":"id-%04d","eventName":"N\u0061me%04d","requestParameters":{"key":"key-%04d"},"resources":[{"ARN":"arn-%04d"}],"userAgent":%q}`,
			i, i, i, i, strings.Repeat("x", i%300))
	}
	doc.WriteString(`]}`)

	d := NewReader(strings.NewReader(doc.String()))
	var record Record
	var copies []string
	var first Record
	for {
		if err := d.Read(&record); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(copies) == 0 {
			first = record
		}
		copies = append(copies, fmt.Sprintf("%s %s %s %s", record.EventID, record.EventName, record.RequestParameters.Key, record.Resources[0].ARN))
	}
	if len(copies) != n {
		t.Fatalf("Read gave %d records, want %d", len(copies), n)
	}
	for i, got := range copies {
		if want := fmt.Sprintf("id-%04d Name%04d key-%04d arn-%04d", i, i, i, i); got != want {
			t.Fatalf("record %d = %q, want %q", i, got, want)
		}
	}
	if got := string(first.EventID); got == "id-0000" {
		t.Errorf("the first record's slices still hold its values: the Reader doesn't reuse its memory")
	}
}

// TestReadCap: appending to a value must not write into the Reader's memory behind it, whether the record is new to it or not.
func TestReadCap(t *testing.T) {
	const one = `{"eventName":"a","requestParameters":{"key":"k"},"eventID":"\u0062","requestID":"\u0063"},`
	d := NewReader(strings.NewReader(`{"Records":[` + strings.Repeat(one, 4) + `{"eventName":"next"}]}`))
	var record Record
	for range 4 {
		if err := d.Read(&record); err != nil {
			t.Fatal(err)
		}
		for _, value := range [][]byte{record.EventName, record.EventID, record.RequestParameters.Key, record.RequestParameters.Raw} {
			_ = append(value, '#') // where there is room
			_ = append(value, "#############################################################################################"...)
		}
		if got := string(record.EventName) + string(record.EventID) + string(record.RequestID); got != "abc" {
			t.Errorf("values after append = %q, want abc", got)
		}
	}
	if err := d.Read(&record); err != nil || string(record.EventName) != "next" {
		t.Errorf("Read after append = %q, error %v, want next", record.EventName, err)
	}
}

func TestReaderCounts(t *testing.T) {
	two := testFile(t, "two-records.ok.json")
	for _, object := range [][]byte{two, gzipped(two), gzipped(two[:5], two[5:])} {
		d := NewReader(bytes.NewReader(object))
		if d.Records() != 0 || d.ObjectBytes() != 0 || d.DocumentBytes() != 0 {
			t.Errorf("before Read: Records() = %d, ObjectBytes() = %d, DocumentBytes() = %d, want 0", d.Records(), d.ObjectBytes(), d.DocumentBytes())
		}
		var record Record
		for want := int64(1); want <= 2; want++ {
			if err := d.Read(&record); err != nil || d.Records() != want {
				t.Errorf("Records() = %d, error %v, want %d", d.Records(), err, want)
			}
		}
		for range 2 { // the second time nothing changes
			if err := d.Read(&record); err != io.EOF {
				t.Fatalf("Read = error %v, want io.EOF", err)
			}
			if d.Records() != 2 || d.ObjectBytes() != int64(len(object)) || d.DocumentBytes() != int64(len(two)) {
				t.Errorf("at the end: Records() = %d, ObjectBytes() = %d, DocumentBytes() = %d, want 2, %d, %d",
					d.Records(), d.ObjectBytes(), d.DocumentBytes(), len(object), len(two))
			}
		}
	}
	d := NewReader(strings.NewReader(`{"Records":[1,null,{},"a"`))
	if records, _ := readAll(d); len(records) != 4 || d.Records() != 4 {
		t.Errorf("Records() = %d of a cut document, want 4: whatever they hold", d.Records())
	}
}

func TestErrorUnwraps(t *testing.T) {
	err := fmt.Errorf("cannot read s3://photos/key: %w", &Error{Offset: 7, Object: true, Err: gzip.ErrChecksum})
	var damaged *Error
	if !errors.As(err, &damaged) || damaged.Offset != 7 || !errors.Is(err, gzip.ErrChecksum) {
		t.Errorf("the parts of %q can't be found", err)
	}
	if got, want := err.Error(), "cannot read s3://photos/key: gzip: invalid checksum at byte 7 of the object"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

// A record may list any number of resources: only so many are kept, since their memory stays.
func TestReadManyResources(t *testing.T) {
	doc := `{"Records":[{"eventID":"1","resources":[` + strings.Repeat(`0,`, 100_000) + `0]},{"eventID":"2","resources":[{"type":"T"}]}]}`
	r := NewReader(strings.NewReader(doc))
	var record Record
	if err := r.Read(&record); err != nil {
		t.Fatal(err)
	}
	if got := len(record.Resources); got != maxResources || cap(record.Resources) > 4*maxResources {
		t.Errorf("%d resources were read, in memory for %d, want %d", got, cap(record.Resources), maxResources)
	}
	if err := r.Read(&record); err != nil || len(record.Resources) != 1 || string(record.EventID) != "2" {
		t.Errorf("the next record reads as %+v, %v", record, err)
	}
}
