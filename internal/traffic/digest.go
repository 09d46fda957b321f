package traffic

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"time"
)

// TrailName is the trail's, as digests have it in their keys.
const TrailName = "main"

// digest is a digest file, in the shape of AWS's documentation; a starting one, which has none before it. Its signature
// would be in the object's metadata.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
type digest struct {
	AccountID             string        `json:"awsAccountId"`
	Start                 time.Time     `json:"digestStartTime"`
	End                   time.Time     `json:"digestEndTime"`
	Bucket                string        `json:"digestS3Bucket"`
	Key                   string        `json:"digestS3Object"`
	Fingerprint           string        `json:"digestPublicKeyFingerprint"`
	SignatureAlgorithm    string        `json:"digestSignatureAlgorithm"`
	Newest                *time.Time    `json:"newestEventTime"`
	Oldest                *time.Time    `json:"oldestEventTime"`
	PreviousBucket        *string       `json:"previousDigestS3Bucket"`
	PreviousKey           *string       `json:"previousDigestS3Object"`
	PreviousHash          *string       `json:"previousDigestHashValue"`
	PreviousHashAlgorithm *string       `json:"previousDigestHashAlgorithm"`
	PreviousSignature     *string       `json:"previousDigestSignature"`
	LogFiles              []digestEntry `json:"logFiles"`
}

type digestEntry struct {
	Bucket    string    `json:"s3Bucket"`
	Key       string    `json:"s3Object"`
	Hash      string    `json:"hashValue"`
	Algorithm string    `json:"hashAlgorithm"`
	Newest    time.Time `json:"newestEventTime"`
	Oldest    time.Time `json:"oldestEventTime"`
}

// Digest makes the digest of the log files of one Region among t.Files that were delivered after a time, until another:
// a file whose Records are log files. The times of their records are those of the delivery, which nobody reads.
func (t *Traffic) Digest(region string, after, until time.Time) File {
	after, until = after.UTC().Truncate(time.Second), until.UTC().Truncate(time.Second)
	d := digest{
		AccountID: t.Account, Start: after, End: until, Bucket: t.LogBucket, Key: DigestKey(t.Account, region, until),
		Fingerprint: "31e8b5433410dfb61a9dc45cc65b22ff", SignatureAlgorithm: "SHA256withRSA", LogFiles: []digestEntry{},
	}
	for _, f := range t.Files {
		if strings.Contains(f.Key, "/CloudTrail/"+region+"/") && f.Delivered.After(after) && !f.Delivered.After(until) {
			d.LogFiles = append(d.LogFiles, digestEntry{
				Bucket: t.LogBucket, Key: f.Key, Hash: unpackedHash(f.Body), Algorithm: "SHA-256", Newest: f.Delivered, Oldest: f.Delivered.Add(-slot),
			})
		}
	}
	if n := len(d.LogFiles); n > 0 {
		d.Oldest, d.Newest = &d.LogFiles[0].Oldest, &d.LogFiles[n-1].Newest
	}
	doc, err := json.Marshal(d)
	if err != nil {
		panic("cannot write a digest: " + err.Error())
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	zip.Write(doc) // a buffer takes all
	zip.Close()
	return File{Key: d.Key, Body: out.Bytes(), Records: len(d.LogFiles), Delivered: until}
}

// DigestKey is the key of a digest that ends at a time.
func DigestKey(account, region string, end time.Time) string {
	at := end.UTC()
	return "AWSLogs/" + account + "/CloudTrail-Digest/" + region + "/" + at.Format("2006/01/02/") +
		account + "_CloudTrail-Digest_" + region + "_" + TrailName + "_" + region + "_" + at.Format("20060102T150405Z") + ".json.gz"
}

// unpackedHash is the SHA-256 of what a gzipped body unpacks to, which is what digests have.
func unpackedHash(body []byte) string {
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		panic("a log file that isn't packed: " + err.Error())
	}
	h := sha256.New()
	if _, err := io.Copy(h, zip); err != nil {
		panic("a log file that doesn't unpack: " + err.Error())
	}
	return hex.EncodeToString(h.Sum(nil))
}
