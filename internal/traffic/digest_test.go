package traffic

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"testing"
)

func unpack(t *testing.T, body []byte) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Two digests that follow one another name each log file of their Region once, with the hash of what it unpacks to.
func TestDigest(t *testing.T) {
	hour := hour1()
	half := hour.Files[len(hour.Files)/2].Delivered
	want := map[string]string{}
	for _, f := range hour.Files {
		sum := sha256.Sum256(unpack(t, f.Body))
		want[f.Key] = hex.EncodeToString(sum[:])
	}
	for _, f := range []File{hour.Digest(hour.Region, hour.From, half), hour.Digest(hour.Region, half, end), hour.Digest("us-east-1", hour.From, end)} {
		var d struct {
			Key      string `json:"digestS3Object"`
			LogFiles []struct {
				Key  string `json:"s3Object"`
				Hash string `json:"hashValue"`
			}
		}
		if err := json.Unmarshal(unpack(t, f.Body), &d); err != nil {
			t.Fatal(err)
		}
		if d.Key != f.Key || len(d.LogFiles) != f.Records {
			t.Errorf("the digest %s says that it is %s and has %d log files, want %d", f.Key, d.Key, len(d.LogFiles), f.Records)
		}
		for _, l := range d.LogFiles {
			if want[l.Key] != l.Hash {
				t.Errorf("%s has the hash %s, want %s", l.Key, l.Hash, want[l.Key])
			}
			delete(want, l.Key)
		}
	}
	if len(want) > 0 {
		t.Errorf("no digest names %v", want)
	}
}

func TestEmptyDigest(t *testing.T) {
	hour := hour1()
	f := hour.Digest(hour.Region, end.AddDate(0, 0, 1), end.AddDate(0, 0, 2))
	if doc := unpack(t, f.Body); f.Records != 0 || !bytes.Contains(doc, []byte(`"logFiles":[]`)) {
		t.Errorf("a digest of no log files is %s", doc)
	}
}
