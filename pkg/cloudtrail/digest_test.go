package cloudtrail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sum = "9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6"

// The document's shape is that of AWS's documentation, written by hand.
var documentedDigest = `{
  "awsAccountId": "111122223333", "digestStartTime": "2015-08-17T14:01:31Z", "digestEndTime": "2015-08-17T15:01:31Z",
  "digestS3Bucket": "logs",
  "digestS3Object": "AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
  "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff", "digestSignatureAlgorithm": "SHA256withRSA",
  "newestEventTime": "2015-08-17T14:52:27Z", "oldestEventTime": "2015-08-17T14:42:27Z",
  "previousDigestS3Bucket": null, "previousDigestS3Object": null, "previousDigestHashValue": null,
  "previousDigestHashAlgorithm": null, "previousDigestSignature": null,
  "logFiles": [
    {"s3Bucket": "logs", "s3Object": "a", "hashValue": "` + strings.ToUpper(sum) + `", "hashAlgorithm": "SHA-256",
     "newestEventTime": "2015-08-17T14:52:27Z", "oldestEventTime": "2015-08-17T14:42:27Z"},
    {"s3Bucket": "logs", "s3Object": "b", "hashValue": "` + sum + `", "hashAlgorithm": "SHA-512"},
    {"s3Bucket": "logs", "s3Object": "c", "hashValue": "00", "hashAlgorithm": "SHA-256"},
    {"s3Bucket": "logs", "s3Object": "d"}
  ]
}
`

func TestReadDigest(t *testing.T) {
	want := &DigestFile{
		AccountID: "111122223333",
		Start:     time.Date(2015, 8, 17, 14, 1, 31, 0, time.UTC), End: time.Date(2015, 8, 17, 15, 1, 31, 0, time.UTC),
		Bucket: "logs", Key: "AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_main_us-east-2_20150817T150131Z.json.gz",
		LogFiles: []DigestLogFile{{"logs", "a", sum}, {"logs", "b", ""}, {"logs", "c", ""}, {"logs", "d", ""}},
	}
	for name, object := range map[string][]byte{"plain": []byte(documentedDigest), "packed": gzipped([]byte(documentedDigest))} {
		got, err := ReadDigest(iotest.OneByteReader(bytes.NewReader(object)))
		if err != nil {
			t.Fatalf("ReadDigest(%s) = %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ReadDigest(%s) (-want +got):\n%s", name, diff)
		}
	}
}

// An hour in which nothing happened.
func TestReadEmptyDigest(t *testing.T) {
	got, err := ReadDigest(strings.NewReader(`{"awsAccountId":"111122223333","newestEventTime":null,"logFiles":[]}`))
	if err != nil || len(got.LogFiles) != 0 {
		t.Errorf("ReadDigest = %v, %v, want one without log files", got, err)
	}
}

func TestReadDigestRefuses(t *testing.T) {
	many := `{"logFiles":[` + strings.Repeat(`{"s3Bucket":"b","s3Object":"k"},`, maxDigestFiles) + `{"s3Bucket":"b","s3Object":"k"}]}`
	packed := gzipped([]byte(documentedDigest))
	for _, tt := range []struct {
		name   string
		object []byte
		want   error
	}{
		{"nothing", nil, ErrEmpty},
		{"no logFiles", []byte(`{"awsAccountId":"1"}`), ErrNoDigest},
		{"a log file", []byte(`{"Records":[{}]}`), ErrNoDigest},
		{"another case", []byte(`{"LogFiles":[]}`), ErrNoDigest},
		{"no logFiles, and cut", []byte(`{"awsAccountId":"1"`), io.ErrUnexpectedEOF},
		{"logFiles twice", []byte(`{"logFiles":[],"logFiles":[]}`), ErrSyntax},
		{"logFiles null", []byte(`{"logFiles":null}`), ErrSyntax},
		{"no object", []byte(`[]`), ErrSyntax},
		{"bytes behind", []byte(documentedDigest + "{}"), ErrSyntax},
		{"without a key", []byte(`{"logFiles":[{"s3Bucket":"b"}]}`), ErrSyntax},
		{"cut", []byte(documentedDigest[:700]), io.ErrUnexpectedEOF},
		{"packed and cut", packed[:len(packed)-9], io.ErrUnexpectedEOF},
		{"too many log files", gzipped([]byte(many)), ErrDocumentTooLarge},
		{"too large", gzipped([]byte(`{"a":"` + strings.Repeat("a", maxDigestSize) + `"}`)), ErrDocumentTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ReadDigest(bytes.NewReader(tt.object)); !errors.Is(err, tt.want) {
				t.Errorf("ReadDigest = %v, %v, want the error %v", got, err, tt.want)
			}
		})
	}
}

// Every byte of the packed digest counts: whichever is changed, it is refused, or reads the same.
func TestReadDigestFlipped(t *testing.T) {
	packed := gzipped([]byte(documentedDigest))
	want, err := ReadDigest(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for i := range packed {
		got, err := ReadDigest(bytes.NewReader(flipped(packed, i)))
		if err == nil && !cmp.Equal(want, got) {
			t.Errorf("with a bit of byte %d flipped it reads otherwise: %v", i, cmp.Diff(want, got))
		}
	}
}

func TestReadDigestErrors(t *testing.T) {
	_, err := ReadDigest(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(documentedDigest))))
	var e *Error
	if !errors.As(err, &e) || !e.Object || !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("ReadDigest(a source that fails) = %v, want an *Error of the object", err)
	}
	_, err = ReadDigest(strings.NewReader(`{"digestStartTime":7,"logFiles":[]}`))
	if err == nil || !strings.Contains(err.Error(), "digestStartTime") {
		t.Errorf("ReadDigest(a time that is a number) = %v, want an error that names the member", err)
	}
}

// FuzzReadDigest holds ReadDigest against encoding/json: what it takes is one JSON object with one array logFiles, and
// the log files are those that stand there.
func FuzzReadDigest(f *testing.F) {
	f.Add([]byte(documentedDigest), uint64(1))
	for i, doc := range seeds {
		f.Add([]byte(strings.ReplaceAll(doc, "Records", "logFiles")), uint64(i))
	}
	if b, err := os.ReadFile("testdata/digest.skip.json"); err == nil {
		f.Add(b, uint64(2))
	}
	f.Fuzz(func(t *testing.T, doc []byte, seed uint64) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		got, err := ReadDigest(&chunks{bytes.NewReader(doc), rnd, 1 + rnd.IntN(100)})
		if len(doc) > 2 && doc[0] == 0x1f && doc[1] == 0x8b {
			return // packed already
		}
		if len(doc) > 0 {
			again, packedErr := ReadDigest(bytes.NewReader(pack(doc, rnd)))
			if (err == nil) != (packedErr == nil) || !cmp.Equal(got, again) {
				t.Fatalf("ReadDigest(%q) = %v, %v, and packed %v, %v", doc, got, err, again, packedErr)
			}
		}
		var oracle map[string]json.RawMessage
		var files []map[string]any
		isObject := json.Unmarshal(doc, &oracle) == nil && oracle != nil
		if err != nil {
			if errors.Is(err, ErrNoDigest) && !isObject {
				t.Errorf("ReadDigest(%q) = %v, but it isn't an object", doc, err)
			}
			return
		}
		if !isObject || json.Unmarshal(oracle["logFiles"], &files) != nil || files == nil {
			t.Fatalf("ReadDigest(%q) = %v, but it has no array logFiles", doc, got)
		}
		if len(files) != len(got.LogFiles) {
			t.Fatalf("ReadDigest(%q) has %d log files, want %d", doc, len(got.LogFiles), len(files))
		}
		for _, file := range got.LogFiles {
			if b, err := hex.DecodeString(file.SHA256); err != nil || len(b) != 0 && len(b) != sha256.Size || file.Bucket == "" || file.Key == "" {
				t.Errorf("ReadDigest(%q) has the log file %+v", doc, file)
			}
		}
	})
}

func BenchmarkReadDigest(b *testing.B) {
	var doc strings.Builder
	doc.WriteString(`{"logFiles":[`)
	for i := range 600 {
		if i > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `{"s3Bucket":"logs","s3Object":"AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/17/%020d.json.gz","hashValue":%q,"hashAlgorithm":"SHA-256","newestEventTime":"2015-08-17T14:52:27Z","oldestEventTime":"2015-08-17T14:42:27Z"}`, i, sum)
	}
	doc.WriteString("]}")
	object := gzipped([]byte(doc.String()))
	b.SetBytes(int64(doc.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if d, err := ReadDigest(bytes.NewReader(object)); err != nil || len(d.LogFiles) != 600 {
			b.Fatal(d, err)
		}
	}
}
