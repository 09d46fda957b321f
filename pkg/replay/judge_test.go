package replay_test

import (
	"fmt"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/replay"
)

const account = "111122223333"

var bucket = "photos"

// soon is a log file in which an app deletes n objects five minutes after it has uploaded them.
func soon(delivered time.Time, n int) replay.LogFile {
	hour := delivered.Truncate(time.Hour)
	share := anomaly.Share{Bucket: bucket, Hour: hour, LogFile: "s3://log/" + delivered.Format(time.RFC3339), Delivered: delivered, Uploads: int64(n)}
	a := anomaly.Activity{Principal: "arn:aws:iam::111122223333:role/app-web"}
	a.Counts[anomaly.Objects] = int64(n)
	for i := range n {
		key := fmt.Sprintf("%s/%d.jpg", delivered.Format("0102T1504"), i)
		hash, at := anomaly.HashKey([]byte(key)), hour.Add(time.Minute)
		a.Sample(anomaly.Objects).Add(anomaly.Evidence{Time: at.Add(5 * time.Minute), Key: key})
		share.Keys.Uploads = append(share.Keys.Uploads, anomaly.Upload{Hash: hash, At: at.Unix()})
		share.Keys.Deletes = append(share.Keys.Deletes, anomaly.KeyDelete{Hash: hash, At: at.Add(5 * time.Minute).Unix(), Key: key, Principal: a.Principal})
	}
	share.Keys.Sort()
	share.Activities = []anomaly.Activity{a}
	return replay.LogFile{URI: share.LogFile, AccountID: account, Delivered: delivered, Shares: []anomaly.Share{share}}
}

func TestJudge(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 10, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		files []replay.LogFile
		now   time.Time
		want  string
	}{
		{"nothing", nil, noon, ""},
		{"one hour", []replay.LogFile{soon(noon, 6)}, noon.Add(24 * time.Hour), "DeletedSoonAfterUpload 6\n"},
		{"delivered just now", []replay.LogFile{soon(noon, 6)}, noon, "DeletedSoonAfterUpload 6\n"},
		{"too few", []replay.LogFile{soon(noon, 4)}, noon.Add(24 * time.Hour), ""},
		{"in two files, the count as it is at last", []replay.LogFile{soon(noon, 6), soon(noon.Add(10*time.Minute), 3)}, noon.Add(24 * time.Hour), "DeletedSoonAfterUpload 9\n"},
		{"in the wrong order", []replay.LogFile{soon(noon.Add(10*time.Minute), 3), soon(noon, 6)}, noon.Add(24 * time.Hour), "DeletedSoonAfterUpload 9\n"},
		{"years apart", []replay.LogFile{soon(noon.AddDate(-8, 0, 0), 6), soon(noon, 7)}, noon.Add(24 * time.Hour), "DeletedSoonAfterUpload 6\nDeletedSoonAfterUpload 7\nNewDeleter 7\n"},
		{"months apart, which is more than is remembered", []replay.LogFile{soon(noon.AddDate(0, -6, 0), 6), soon(noon.AddDate(0, -3, 0), 7), soon(noon, 8)}, noon.Add(24 * time.Hour),
			"DeletedSoonAfterUpload 6\nDeletedSoonAfterUpload 7\nNewDeleter 7\nDeletedSoonAfterUpload 8\nNewDeleter 8\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j, err := replay.New()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range tt.files {
				if err := j.Add(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			found, err := j.Finish(t.Context(), tt.now)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, a := range found {
				got += fmt.Sprintf("%s %d\n", a.Name, a.Count)
			}
			if got != tt.want {
				t.Errorf("anomalies = %q, want %q", got, tt.want)
			}
		})
	}
}

// What a log file shows by itself is found without judging anything.
func TestFoundByFiles(t *testing.T) {
	j, err := replay.New()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 12, 10, 0, 0, time.UTC)
	for i, sentence := range []string{"alice suspended versioning.", "alice deleted the policy."} {
		when := at.Add(time.Duration(i) * time.Minute)
		err := j.Add(t.Context(), replay.LogFile{URI: fmt.Sprint(i), AccountID: account, Delivered: at, Found: []anomaly.Anomaly{{
			Name: "ProtectionRemoved", Family: anomaly.Protection, Severity: anomaly.High, AccountID: account, Bucket: bucket, Principal: "alice",
			Kind: anomaly.Human, WindowStart: at.Truncate(time.Hour), WindowEnd: at.Truncate(time.Hour).Add(time.Hour), Count: 1,
			Sample: anomaly.Sample{First: when, Last: when}, Explanation: sentence,
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	found, err := j.Finish(t.Context(), at.Add(time.Hour))
	if err != nil || len(found) != 2 || found[0].Explanation != "alice suspended versioning." {
		t.Errorf("Finish = %+v, %v, want both, in their order", found, err)
	}
}
