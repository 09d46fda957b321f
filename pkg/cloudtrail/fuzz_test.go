package cloudtrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// chunks reads from r in pieces of random sizes, sometimes nothing at all, as a network may.
type chunks struct {
	r   io.Reader
	rnd *rand.Rand
	max int
}

func (c *chunks) Read(p []byte) (int, error) {
	return c.r.Read(p[:min(len(p), c.rnd.IntN(c.max+1))])
}

// pack compresses doc, cut at random places into members, some of them empty.
func pack(doc []byte, rnd *rand.Rand) []byte {
	var object bytes.Buffer
	z, err := gzip.NewWriterLevel(&object, rnd.IntN(3)) // none, fastest, …: stored and coded blocks
	if err != nil {
		panic(err)
	}
	for first := true; first || len(doc) > 0; first = false {
		n := len(doc)
		if rnd.IntN(2) == 0 {
			n = rnd.IntN(len(doc) + 1)
		}
		z.Reset(&object)
		z.Write(doc[:n])
		z.Close()
		doc = doc[n:]
	}
	return object.Bytes()
}

// seeds are documents near the edges of the format; testdata holds whole files.
var seeds = []string{
	``, ` `, `{}`, `[]`, `0`, `"Records"`, `null`, "\ufeff{}", "{}\x00", `[{"Records":[]}]`, `[[],{},"]",[{"a":[]}]]`,
	`{"Records":[]}`, `{"Records":[{}]}`, `{"Records":[{},{}]} `, ` { "Records" : [ { } , { } ] } `,
	`{"Records":null}`, `{"Records":{}}`, `{"records":[]}`, `{"Records":[],"Records":[]}`, `{"Records":[1],"a":[{"b":"]}"}]}`,
	`{"a":{"Records":[{}]},"R\u0065cords":[{"event\u004eame":"Get\u004Fbject"}],"z":"}"}`,
	`{"Records":[1,"a",null,true,false,[],[{"eventName":"a"}],-1.5e+3,1234,"abc"],"a":1234,"b":"cd","c":null}`,
	`{"Records":[{"eventTime":"2026-01-02T03:04:05Z","managementEvent":true,"resources":[{"type":"a","ARN":"b","accountId":"c"},0]}]}`,
	`{"Records":[{"eventTime":"2026-01-02T03:04:05+01:00"},{"eventTime":"2026-1-2"},{"eventTime":0},{"managementEvent":"true"}]}`,
	`{"Records":[{"requestParameters":{"bucketName":"b","key":"k","Key":"K","versionId":"v","x-amz-copy-source":"s"}}]}`,
	`{"Records":[{"requestParameters":{"key":"k"},"requestParameters":{}},{"requestParameters":{},"requestParameters":null}]}`,
	`{"Records":[{"userIdentity":{"type":"t","arn":"a","userName":"u","sessionContext":{"sessionIssuer":{"arn":"r"}}}}]}`,
	`{"Records":[{"userIdentity":{"sessionContext":{"sessionIssuer":{"arn":"r"},"sessionIssuer":0}},"userIdentity":[]}]}`,
	`{"Records":[{"additionalEventData":{"bytesTransferredIn":1e999,"bytesTransferredOut":791.0,"httpStatusCode":"200"}}]}`,
	`{"Records":[{"additionalEventData":{"startTime":1,"endTime":-0,"turnAroundTime":0.5E-3}},{"additionalEventData":7}]}`,
	`{"Records":[{"responseElements":{"x-amz-delete-marker":"true"},"addendum":{"reason":"UPDATED_DATA"}}]}`,
	`{"Records":[{"eventVersion":"1.11"},{"eventVersion":1.08},{"eventVersion":"1.0\u0037","eventVersion":"1.05"}]}`,
	`{"Records":[{"sessionCredentialFromConsole":"true"},{"sessionCredentialFromConsole":false},{"sessionCredentialFromConsole":"yes"},{"sessionCredentialFromConsole":[true]}]}`,
	`{"Records":[{"userIdentity":{"identityProvider":"p","sessionContext":{"webIdFederationData":{"federatedProvider":"f"},"webIdFederationData":{}}}}]}`,
	`{"Records":[{"requestParameters":{"x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-server-side-encryption-aws-kms-key-id":"k"}}]}`,
	`{"Records":[{"responseElements":{"x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-server-side-encryption-aws-kms-key-id":"k"},"additionalEventData":{"SSEApplied":"SSE_C"}}]}`,
	`{"Records":[{"eventName":"\ud83d\ude00\ud83d\u00e9\ud83d"},{"eventName":"` + "\xff\xc3\xed\xa0\x80" + `"},{"eventName":"\"\\\/\b\f\n\r\t"}]}`,
	`{"Records":[{"eventName":"a","eventName":"b"},{"eventName":"a","eventName":1},{"eventName":""}]}`,
	`{"Records":[{"eventName":"a",}]}`, `{"Records":[{},]}`, `{"Records":[{}],}`, `{"Records":[,]}`, `{"Records":[01]}`, `{"Records":[1.]}`,
	`{"Records":[{"a":tru}]}`, `{"Records":[{"a":nulll}]}`, `{"Records":[{"a":"\x"}]}`, `{"Records":[{"a":"\u00g0"}]}`, "{\"Records\":[{\"a\":\"\n\"}]}",
	`{"Records":[]}{"Records":[]}`, `{"Records":[]}x`, `{"Records":[{"a":1]}`, `{"Records":[{"a" 1}]}`, `{Records:[]}`, `{"Records":[-]}`,
}

// FuzzReader holds the Reader against encoding/json: any bytes as document, in a window of any size, read in pieces of
// any size, plain and packed.
func FuzzReader(f *testing.F) {
	for i, doc := range seeds {
		f.Add([]byte(doc), uint16(i), uint64(i))
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc, uint16(1<<i), uint64(i))
	}
	f.Fuzz(func(t *testing.T, doc []byte, window uint16, seed uint64) {
		wantRecords, wantErr := oracle(doc)
		rnd := rand.New(rand.NewPCG(seed, 0))

		d := NewReader(&chunks{bytes.NewReader(pack(doc, rnd)), rnd, 1 + rnd.IntN(100)})
		d.window = make([]byte, 1+int(window))
		setFew(d, rnd.IntN(maxDistinct+1))
		records, err := readAll(d)
		checkRead(t, records, err, wantRecords, wantErr)
		checkCounts(t, d, doc, err, len(records))
		checkOffset(t, doc, err)

		if bytes.HasPrefix(doc, []byte{0x1f, 0x8b}) {
			return // taken for gzip: FuzzObject
		}
		if len(doc) == 0 {
			wantErr = ErrEmpty
		}
		// The same Reader, whatever state it was left in. What it remembers of the document must not change what it reads:
		// identities after the second time, and one step more of a shape each time.
		for range 4 {
			d.Reset(&chunks{bytes.NewReader(doc), rnd, 1 + rnd.IntN(100)})
			records, err = readAll(d)
			checkRead(t, records, err, wantRecords, wantErr)
			checkCounts(t, d, doc, err, len(records))
			checkOffset(t, doc, err)
		}
	})
}

// FuzzRemembered holds a Reader that has read other records against one that hasn't: the document is read after a log file
// whose records are much like its own.
func FuzzRemembered(f *testing.F) {
	known := logFile(20)
	record := func(i int) []byte { return oracleElements(oracleValues(known)["Records"])[i] }
	for i := range 20 {
		f.Add(record(i))
	}
	for _, change := range [][2]string{
		{`"shop-app"},"attributes"`, `"shop\u002dapp"},"attributes"`},
		{`"eventTime"`, `"eventTime" `},
		{`,"eventTime"`, ` ,"eventTime"`},
		{`,"eventTime"`, `,,"eventTime"`},
		{`,"eventTime"`, `"eventTime"`},
		{`"eventTime":"`, `"eventTime":0,"eventTime":"`},
		{`Z"`, `z"`},
		{`Z"`, `+01:00"`},
		{`T0`, `T2`},
		{`T0`, `T9`},
		{`"ec2RoleDelivery":"2.0"}}`, `"ec2RoleDelivery":"2.0"}`},
		{`"ec2RoleDelivery":"2.0"}}`, `"ec2RoleDelivery":"2.0"},"userName":"a"}`},
		{`{"type":"AssumedRole"`, `{"type":"AssumedRole","type":"IAMUser"`},
		{`"managementEvent":false`, `"managementEvent":"false"`},
		{`"resources":[{`, `"resources":[1,{`},
		{`"httpStatusCode":200`, `"httpStatusCode":0200`},
		{`"httpStatusCode":200`, `"httpStatusCode":200.5`},
		{`"httpStatusCode":200`, `"httpStatusCode":-`},
		{`"requestID":"`, "\"requestID\":\"\x1f"},
		{`"requestID":"`, `"requestID":"é`},
	} {
		f.Add(bytes.Replace(record(1), []byte(change[0]), []byte(change[1]), 1))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		doc := []byte(`{"Records":[`)
		doc = append(append(append(append(doc, record...), ','), record...), `]}`...)
		wantRecords, wantErr := oracle(doc)
		for few := range maxDistinct + 1 {
			d := NewReader(nil)
			setFew(d, few)
			for range 3 {
				count(t, d, new(Record), bytes.NewReader(known))
			}
			for range 2 {
				d.Reset(bytes.NewReader(doc))
				records, err := readAll(d)
				checkRead(t, records, err, wantRecords, wantErr)
				checkOffset(t, doc, err)
			}
		}
	})
}

// setFew sets how many values in the same place a Reader takes for ones that come again; with none, all texts are short.
func setFew(d *Reader, few int) { d.scan.records.few, d.scan.identities.shapes.few = few, few }

// checkCounts checks what the Reader says about how much it has read.
func checkCounts(t *testing.T, d *Reader, doc []byte, err error, records int) {
	t.Helper()
	if got := d.Records(); got != int64(records) {
		t.Errorf("Records() = %d after %d records", got, records)
	}
	if got := d.DocumentBytes(); err == io.EOF && got != int64(len(doc)) || got > int64(len(doc)) {
		t.Errorf("DocumentBytes() = %d of a document of %d bytes, Read = %v", got, len(doc), err)
	}
}

// checkOffset checks that an error about the JSON names the byte that encoding/json stumbles at too.
func checkOffset(t *testing.T, doc []byte, err error) {
	t.Helper()
	var damaged *Error
	if !errors.As(err, &damaged) {
		return
	}
	if damaged.Object || damaged.Offset < 0 || damaged.Offset > int64(len(doc)) {
		t.Fatalf("Read = error %v of a document of %d bytes", err, len(doc))
	}
	for _, earlier := range []string{"Records", "an object", "nested deeper"} {
		if strings.Contains(err.Error(), earlier) {
			return // refused whether the rest is right or not, or (too deep) one byte later
		}
	}
	wantErr, want := ErrSyntax, int64(0)
	var syntax *json.SyntaxError
	if err := json.NewDecoder(bytes.NewReader(doc)).Decode(new(json.RawMessage)); err == io.EOF || err == io.ErrUnexpectedEOF {
		wantErr, want = io.ErrUnexpectedEOF, int64(len(doc))
	} else if errors.As(json.Unmarshal(doc, new(json.RawMessage)), &syntax) {
		want = syntax.Offset - 1
	} else {
		t.Fatalf("Read = error %v, encoding/json has none", err)
	}
	if !errors.Is(err, wantErr) || damaged.Offset != want {
		t.Fatalf("Read = error %v, want %v at byte %d", err, wantErr, want)
	}
}

// FuzzObject holds the Reader against the standard library's gzip and encoding/json: any bytes as object.
func FuzzObject(f *testing.F) {
	for i, doc := range seeds {
		f.Add(pack([]byte(doc), rand.New(rand.NewPCG(uint64(i), 0))))
	}
	files, err := filepath.Glob("testdata/*.gz")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		object, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(object)
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		wantRecords, wantErr := oracleObject(object)
		d := NewReader(bytes.NewReader(object))
		records, err := readAll(d)
		if errors.Is(err, gzip.ErrHeader) {
			return // stricter than the standard library, which takes headers with reserved flags
		}
		checkRead(t, records, err, wantRecords, wantErr)
		if got := d.ObjectBytes(); got > int64(len(object)) || err == io.EOF && got != int64(len(object)) {
			t.Errorf("ObjectBytes() = %d of an object of %d bytes, Read = %v", got, len(object), err)
		}
	})
}

// FuzzString holds the decoding of strings against encoding/json, at all distances from a window's end.
func FuzzString(f *testing.F) {
	for _, text := range []string{
		``, `a`, `"`, `abcdefgh`, `abcdefg"`, `\"`, `\\`, `\`, `\u`, `\u00e9`, `\u00E9é`, `\ud83d\ude00`, `\ude00\ud83d`, `\ud83d`, `\ud83dx`,
		`\ud83d\u`, `\ud83d\n`, `\ud83d\ud83d\ude00`, `\u0000`, `\b\f\n\r\t\/`, `\x`, `\u12g4`, "\x00", "\x1f", "\x7f", "\x80", "\xff", "\xc3\xa9", "\xc3",
		"\xed\xa0\xbd\xed\xb8\x80", "\xf4\x90\x80\x80", "\xef\xbf\xbd", "사진/여름.jpg", "1234567\x1f", "1234567\\\"89", "\xa0\xa2\xdc\x9f!#[]",
	} {
		f.Add([]byte(text), uint8(len(text)))
	}
	f.Fuzz(func(t *testing.T, text []byte, before uint8) {
		i := int(before)
		value := append(append([]byte{'"'}, text...), '"')
		s := scanner{b: append(bytes.Repeat([]byte{'x'}, i), value...)}
		var got []byte
		next := s.string(i, &got)

		// The value ends with the first quote that isn't escaped; what stands after it isn't part of it.
		var raw json.RawMessage
		err := json.NewDecoder(bytes.NewReader(value)).Decode(&raw)
		switch {
		case err == nil:
			if want := oracleText(raw); next != i+len(raw) || !bytes.Equal(got, want) || got == nil {
				t.Errorf("string(%q) = %q, next %d, want %q, %d", value, got, next, want, i+len(raw))
			}
			if !utf8.Valid(got) {
				t.Errorf("string(%q) = %q, which is no valid UTF-8", value, got)
			}
			for end := i + 1; end < i+len(raw); end++ {
				s := scanner{b: s.b[:end:end]}
				if next := s.string(i, &got); next != short {
					t.Errorf("string(%q), cut at %d, = %d, want short", value, end-i, next)
				}
			}
		case errors.Is(err, io.ErrUnexpectedEOF):
			if next != short {
				t.Errorf("string(%q) = %q, next %d, want short", value, got, next)
			}
		default:
			if next != bad || !errors.Is(s.err, ErrSyntax) {
				t.Errorf("string(%q) = %q, next %d, want bad: %v", value, got, next, err)
			}
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, tt := range keyTests {
		f.Add(tt.key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got := ParseKey(key)
		switch got.Kind {
		case LogFile, Digest, Insight, NetworkActivity, Aggregated:
			if folder := "/" + cloudTrailFolders[got.Kind] + "/"; !strings.Contains("/"+key, folder) {
				t.Errorf("ParseKey(%q) = %+v, but there is no folder %s", key, got, folder)
			}
		case Folder, Foreign:
		default:
			t.Errorf("ParseKey(%q) = %+v, which is no Kind", key, got)
		}
		if (got.Kind == Folder) != strings.HasSuffix(key, "/") {
			t.Errorf("ParseKey(%q) = %+v", key, got)
		}
		for _, part := range []string{got.AccountID, got.Region} {
			if !strings.Contains(key, part) || strings.Contains(part, "/") {
				t.Errorf("ParseKey(%q) = %+v, not of the key", key, got)
			}
		}
		if t0 := got.Delivered; !t0.IsZero() && !strings.Contains(key, t0.Format("20060102T1504Z")) {
			t.Errorf("ParseKey(%q) = %+v, not of the key", key, got)
		}
		// Where the trail's files stand in the bucket makes no difference.
		if below := ParseKey("backup/2026/" + key); strings.HasPrefix(key, "AWSLogs/") && below != got {
			t.Errorf("ParseKey(%q below a prefix) = %+v, want %+v", key, below, got)
		}
	})
}
