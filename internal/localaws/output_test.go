package localaws

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

func TestOutputFlush(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))

	var got bytes.Buffer
	out, err := newOutput(&got, new(sync.Mutex))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for range 200 {
		// Some larger than a pipe holds, some that begin like a mark.
		p := bytes.Repeat([]byte{'x'}, rnd.IntN(100_000))
		p = append(p, out.mark[:rnd.IntN(len(out.mark))]...)
		want.Write(p)
		if _, err := out.write.Write(p); err != nil {
			t.Fatal(err)
		}
		if rnd.IntN(3) == 0 {
			out.flush()
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Fatalf("after flush: %d bytes, want %d", got.Len(), want.Len())
			}
		}
	}
	if err := out.close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("after close: %d bytes, want %d", got.Len(), want.Len())
	}
	out.flush() // returns
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOutputDoesNotBlockOnAFailedWriter(t *testing.T) {
	errFull := errors.New("disk full")
	out, err := newOutput(writerFunc(func(p []byte) (int, error) { return 0, errFull }), new(sync.Mutex))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out.write, strings.Repeat("line\n", 100_000)); err != nil {
		t.Fatal(err)
	}
	if err := out.close(); !errors.Is(err, errFull) {
		t.Errorf("close() = %v, want %v", err, errFull)
	}
}

func TestPartial(t *testing.T) {
	for _, test := range []struct {
		p    string
		want int
	}{
		{"", 0},
		{"x", 0},
		{"xA", 1},
		{"xAAB", 3},
		{"AAB", 3},
		{"AAA", 2},
		{"AABC", 0}, // whole: not partial
		{"ABC", 0},
	} {
		if got := partial([]byte(test.p), []byte("AABC")); got != test.want {
			t.Errorf("partial(%q, AABC) = %d, want %d", test.p, got, test.want)
		}
	}
}
