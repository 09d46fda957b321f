package pipeline

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/state"
)

// A tick that takes over from one that died says so, once.
func TestTickTakenOver(t *testing.T) {
	store := afterCalmDays(t)
	w := newWorld(t, store)
	w.read(t, morning())
	w.take(t)
	if _, err := (state.Claims{Store: store}).Claim(t.Context(), "tick", state.Claim{Owner: "dead", Now: time.Now().Add(-time.Hour), Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for n, want := range []any{1.0, nil} {
		w.read(t, deleting(50+n, 3, n, intern))
		w.take(t)
		w.tick(t, clockOn(10, 20+n, 0))
		if health, _ := w.takeHealth(t); health["FilesTakenOver"] != want || health["Ticks"] != 1.0 {
			t.Errorf("tick %d gave %v, want FilesTakenOver %v", n, health, want)
		}
	}
}

// However much is due of a bucket whose messages can't be sent, or that can't be judged, all others are judged and told.
func TestOneBucketHidesNoOther(t *testing.T) {
	for _, damage := range []bool{false, true} {
		t.Run(fmt.Sprint("damaged ", damage), func(t *testing.T) {
			store := afterCalmDays(t)
			w := newWorld(t, store)
			w.sns = publish(func(*sns.PublishInput) error { return errors.New("KMSAccessDenied") })
			for m := range 70 {
				at := clockOn(10, m, 0)
				w.read(t, deliver(m, at, of(25, request{at: at.Add(-time.Minute), who: intern, operation: "DeleteObject", bucket: "other", key: fmt.Sprint(m)})...))
			}
			if damage {
				item, err := store.Get(t.Context(), "v1#111122223333#other", "b")
				if err != nil || item.Version == 0 {
					t.Fatal(err, item)
				}
				item.Data = []byte("{")
				if err := store.Put(t.Context(), item); err != nil {
					t.Fatal(err)
				}
			}
			w.read(t, deleting(100, 85, 75, intern))
			w.take(t)
			w.tick(t, clockOn(10, 90, 0))
			health, anomalies := w.takeHealth(t)
			photos := 0
			for _, a := range anomalies {
				if a["BucketName"] == "photos" {
					photos++
				}
			}
			if photos == 0 || health["TicksFailed"] != 1.0 {
				t.Errorf("the tick gave %v and %q, want those of photos too", health, shorts(anomalies))
			}
			w.tick(t, clockOn(10, 91, 0))
			if _, anomalies := w.takeHealth(t); len(anomalies) > 0 {
				t.Errorf("the next tick told %q again", shorts(anomalies))
			}
		})
	}
}
