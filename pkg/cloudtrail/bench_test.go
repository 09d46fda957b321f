package cloudtrail

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// benchRecords is how many records a file of about 3 MB has.
const benchRecords = 2000

// logFile returns a log file with n records, the same each time, in the shapes and the mixture of a trail for S3 data
// events: objects read and written by a role, some denied, a bulk delete with its records per key, a management event.
func logFile(n int) []byte {
	rnd := rand.New(rand.NewPCG(2026, 1))
	hex := func(digits int) string { return fmt.Sprintf("%0*x", digits, rnd.Uint64()>>(64-4*digits)) }
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		bucket := []string{"photos", "photos", "photos", "invoices", "thumbnails"}[rnd.IntN(5)]
		key := fmt.Sprintf("2026/01/%02d/%s.jpg", 1+rnd.IntN(28), hex(16))
		if rnd.IntN(50) == 0 {
			key = fmt.Sprintf("사진/여름 \\\"%d\\\".jpg", rnd.IntN(1000))
		}
		name, readOnly, eventType, failed, in, out := "GetObject", true, "AwsApiCall", "", 0, rnd.IntN(4<<20)
		switch rnd.IntN(10) {
		case 0, 1, 2:
			name, readOnly, in, out = "PutObject", false, rnd.IntN(4<<20), 0
		case 3:
			name, readOnly, in, out = "DeleteObject", false, 0, 0
			eventType = []string{"AwsApiCall", "AwsServiceEvent"}[rnd.IntN(2)]
		case 4:
			failed, out = `"errorCode":"AccessDenied","errorMessage":"User: arn:aws:sts::111122223333:assumed-role/shop-app is not authorized to perform: s3:GetObject because no identity-based policy allows the s3:GetObject action",`, 243
		}
		end := start.Add(time.Duration(i) * 150 * time.Millisecond)
		fmt.Fprintf(&b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE1SHOPAPP00:i-%[1]s","arn":"arn:aws:sts::111122223333:assumed-role/shop-app/i-%[1]s","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%[2]s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE1SHOPAPP00","arn":"arn:aws:iam::111122223333:role/shop-app","accountId":"111122223333","userName":"shop-app"},"attributes":{"creationDate":"2026-01-02T02:41:07Z","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"}},`,
			[]string{"0a1b2c3d4e5f60718", "0f1e2d3c4b5a69788", "00112233445566778"}[rnd.IntN(3)], []string{"000000001", "000000002"}[rnd.IntN(2)])
		fmt.Fprintf(&b, `"eventTime":%q,"eventSource":"s3.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","sourceIPAddress":"198.51.100.%d","userAgent":"[aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#arm64 exec-env/AWS_ECS_FARGATE api/s3#1.58.0]",%s`,
			end.Truncate(time.Second).Format(time.RFC3339), name, 1+rnd.IntN(20), failed)
		fmt.Fprintf(&b, `"requestParameters":{"bucketName":%[1]q,"Host":"%[1]s.s3.us-east-1.amazonaws.com","key":"%[2]s","x-id":%[3]q},"responseElements":null,`, bucket, key, name)
		fmt.Fprintf(&b, `"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":%d,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"%s%s%s%s==","bytesTransferredOut":%d,"httpStatusCode":200,"startTime":%d,"endTime":%d,"turnAroundTime":%d},`,
			in, hex(16), hex(16), hex(16), hex(16), out, end.UnixMilli()-int64(rnd.IntN(200)), end.UnixMilli(), rnd.IntN(90))
		fmt.Fprintf(&b, `"requestID":"%s","eventID":"%s-%s-%s-%s-%s","readOnly":%t,"resources":[{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::%[8]s"},{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::%[8]s/%[9]s"}],"eventType":%[10]q,"managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%[8]s.s3.us-east-1.amazonaws.com"}}`,
			hex(16), hex(8), hex(4), hex(4), hex(4), hex(12), readOnly, bucket, key, eventType)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func TestLogFile(t *testing.T) {
	doc := logFile(100)
	wantRecords, wantErr := oracle(doc)
	if len(wantRecords) != 100 || wantErr != io.EOF {
		t.Fatalf("logFile has %d records, error %v", len(wantRecords), wantErr)
	}
	records, err := readAll(NewReader(bytes.NewReader(gzipped(doc))))
	checkRead(t, records, err, wantRecords, wantErr)
}

// count reads the file to its end and returns the number of records.
func count(tb testing.TB, d *Reader, record *Record, source io.Reader) int {
	d.Reset(source)
	for n := 0; ; n++ {
		if err := d.Read(record); err == io.EOF {
			return n
		} else if err != nil {
			tb.Fatal(err)
		}
	}
}

// TestReadAllocations: a Reader that has read one file reads the next without allocating anything for a record.
func TestReadAllocations(t *testing.T) {
	doc := logFile(benchRecords)
	for name, object := range map[string][]byte{"plain": doc, "gzip": gzipped(doc)} {
		d := NewReader(bytes.NewReader(object))
		var record Record
		source := bytes.NewReader(object)
		perFile := testing.AllocsPerRun(3, func() {
			source.Reset(object)
			if got := count(t, d, &record, source); got != benchRecords {
				t.Fatalf("%s: Read gave %d records, want %d", name, got, benchRecords)
			}
		})
		if got := perFile / benchRecords; got > 0.01 {
			t.Errorf("%s: %.0f allocations for %d records, %.3f a record, want none", name, perFile, benchRecords, got)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	doc := logFile(benchRecords)
	for _, bb := range []struct {
		name   string
		object []byte
		hash   hash.Hash
	}{{"plain", doc, nil}, {"gzip", gzipped(doc), nil}, {"gzip-hashed", gzipped(doc), sha256.New()}} {
		b.Run(bb.name, func(b *testing.B) {
			d := NewReader(bytes.NewReader(nil))
			d.Hash = bb.hash
			var record Record
			source := bytes.NewReader(nil)
			b.SetBytes(int64(len(doc))) // of the document, packed or not
			b.ReportAllocs()
			for b.Loop() {
				source.Reset(bb.object)
				if got := count(b, d, &record, source); got != benchRecords {
					b.Fatalf("Read gave %d records, want %d", got, benchRecords)
				}
			}
		})
	}
}

// BenchmarkInflate unpacks the same file and does nothing else: the floor for BenchmarkRead/gzip.
func BenchmarkInflate(b *testing.B) {
	doc := logFile(benchRecords)
	object := gzipped(doc)
	z := new(gzip.Reader)
	source := bytes.NewReader(nil)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		source.Reset(object)
		if err := z.Reset(source); err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, z); err != nil || n != int64(len(doc)) {
			b.Fatalf("unpacked %d bytes, error %v, want %d", n, err, len(doc))
		}
	}
}
