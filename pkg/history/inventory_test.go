package history

import (
	"strings"
	"testing"
	"time"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/state"
)

// A trail's digests are compared since they were first asked about, each trail for itself.
func TestComparedSince(t *testing.T) {
	h := New(state.NewMemory())
	bucket := anomaly.Bucket{AccountID: "111122223333", Name: "logs"}
	first := time.Date(2026, 11, 20, 10, 6, 0, 0, time.UTC)
	for _, tt := range []struct {
		trail     string
		now, want time.Time
	}{
		{"AWSLogs/us-east-1/main/us-east-1", first, first},
		{"AWSLogs/us-east-1/main/us-east-1", first.Add(time.Hour), first},
		{"AWSLogs/us-east-1/main/us-east-1", first.Add(-time.Hour), first},
		{"AWSLogs/eu-west-1/main/us-east-1", first.Add(time.Hour), first.Add(time.Hour)},
	} {
		if got, err := h.ComparedSince(t.Context(), bucket, tt.trail, tt.now); err != nil || !got.Equal(tt.want) {
			t.Errorf("ComparedSince(%s, %v) = %v, %v, want %v", tt.trail, tt.now, got, err, tt.want)
		}
	}
}

// An inventory is due when it was said to be, once however often it was put, and is gone when it is finished.
func TestPutInventory(t *testing.T) {
	h := New(state.NewMemory())
	now := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	i := anomaly.Inventory{
		Digest: "s3://logs/d", Bucket: anomaly.Bucket{AccountID: "111122223333", Name: "logs"}, Region: "us-east-1",
		Start: now.Add(-time.Hour), End: now, InAll: 9, Files: []anomaly.ListedFile{{Key: "a", SHA256: "9bb6"}, {Key: "b"}},
	}
	for range 2 {
		if kept, err := h.PutInventory(t.Context(), i, now.Add(2*time.Hour), now); err != nil || kept != 2 {
			t.Fatalf("PutInventory = %d, %v, want 2", kept, err)
		}
	}
	if due, _, err := h.Due(t.Context(), now.Add(2*time.Hour), nil); err != nil || len(due) != 0 {
		t.Errorf("Due before = %v, %v, want nothing", due, err)
	}
	later := now.Add(2*time.Hour + time.Minute)
	due, _, err := h.Due(t.Context(), later, nil)
	if err != nil || len(due) != 1 || due[0].Kind != Listed || due[0].Bucket != i.Bucket {
		t.Fatalf("Due = %v, %v, want the inventory once", due, err)
	}
	if got := due[0].Inventory; got.Digest != i.Digest || got.InAll != 9 || len(got.Files) != 2 || got.Files[0] != i.Files[0] || !got.End.Equal(i.End) {
		t.Errorf("the inventory is %+v, want %+v", got, i)
	}
	if err := h.Finish(t.Context(), due, later); err != nil {
		t.Fatal(err)
	}
	if due, _, err := h.Due(t.Context(), later, nil); err != nil || len(due) != 0 {
		t.Errorf("Due when it is finished = %v, %v, want nothing", due, err)
	}
}

// What doesn't fit into an item is left out, and said.
func TestPutLargeInventory(t *testing.T) {
	h := New(state.NewMemory())
	now := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	i := anomaly.Inventory{Digest: "s3://logs/d", Bucket: anomaly.Bucket{AccountID: "111122223333", Name: "logs"}, Start: now, End: now}
	random := uint64(1)
	for range 2000 { // which doesn't become shorter
		var key strings.Builder
		for range 1000 {
			random = random*6364136223846793005 + 1442695040888963407
			key.WriteByte('!' + byte(random>>58))
		}
		i.Files = append(i.Files, anomaly.ListedFile{Key: key.String()})
	}
	kept, err := h.PutInventory(t.Context(), i, now, now)
	if err != nil || kept < 100 || kept >= 2000 {
		t.Fatalf("PutInventory = %d, %v, want some of 2,000", kept, err)
	}
	due, _, err := h.Due(t.Context(), now.Add(time.Minute), nil)
	if err != nil || len(due) != 1 || len(due[0].Inventory.Files) != kept {
		t.Errorf("Due = %d, %v, want the inventory with %d files", len(due), err, kept)
	}
}

// Messages are counted by the hour, and whether people know that others wait.
func TestMessages(t *testing.T) {
	h := New(state.NewMemory())
	now := time.Date(2026, 11, 20, 11, 59, 0, 0, time.UTC)
	for _, notice := range []bool{false, false, true} {
		if err := h.CountMessage(t.Context(), notice, now); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := h.MessagesOf(t.Context(), now); err != nil || got != (Messages{2, true}) {
		t.Errorf("MessagesOf the hour = %v, %v, want 2 and a notice", got, err)
	}
	if got, err := h.MessagesOf(t.Context(), now.Add(time.Minute)); err != nil || got != (Messages{}) {
		t.Errorf("MessagesOf the next hour = %v, %v, want none", got, err)
	}
}
