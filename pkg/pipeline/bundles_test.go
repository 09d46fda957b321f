package pipeline

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// However log files are bundled into invocations, the counts and anomalies are those of one after the other.
func TestAnyBundles(t *testing.T) {
	rnd := seeded(t)
	files := badDay(rnd)
	want := play(t, afterCalmDays(t), inTurn(files, badTicks()))
	wantAllDetectors(t, want)
	for n := range 20 {
		memory := []string{"128", "256", "1769"}[n%3]
		w := newWorld(t, afterCalmDays(t), atOnceIn(memory))
		for _, s := range inSomeOrder(rnd, files, badTicks()) {
			for len(s.files) > 0 {
				bundle := s.files[:1+rnd.IntN(len(s.files))]
				s.files = s.files[len(bundle):]
				var messages [][]byte
				for len(bundle) > 0 {
					part := bundle[:1+rnd.IntN(min(3, len(bundle)))]
					bundle = bundle[len(part):]
					var keys []string
					for _, f := range part {
						w.files[f.key] = f.body
						keys = append(keys, f.key)
					}
					messages = append(messages, notification(keys...))
				}
				response, err := w.Handle(t.Context(), sqsEvent(messages...))
				if got, _ := json.Marshal(response); err != nil || string(got) != `{"batchItemFailures":[]}` {
					t.Fatalf("Handle = %s, %v", got, err)
				}
			}
			w.tick(t, s.tick)
		}
		if diff := cmp.Diff(want, toldBy(w.take(t)), cmpopts.IgnoreUnexported(told{})); diff != "" {
			t.Errorf("bundles %d, %s MB: what was told (-one after the other +side by side):\n%s", n, memory, diff)
		}
	}
}
