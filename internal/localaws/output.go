package localaws

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"sync"
)

// output carries one of the function's standard streams from its pipe to a writer.
//
// Lambda collects output after the fact; a test needs to know that it has all of
// it. So this side keeps the pipe's writing end open too, and flush writes a
// mark into it: a pipe keeps its order, so what the function wrote before has
// been passed on when the mark comes out. A pipe, not a file, because that is
// what a function writes to in Lambda.
type output struct {
	mark   []byte
	read   *os.File
	write  *os.File
	marks  chan struct{}
	ended  chan struct{}
	mu     *sync.Mutex // held while w is written to; both streams share it
	w      io.Writer
	failed error // the first failure of w; readable once ended is closed
}

func newOutput(w io.Writer, mu *sync.Mutex) (*output, error) {
	if w == nil {
		w = io.Discard
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{
		// The zero byte is in no line of text, the random part in nothing else.
		mark:  []byte("\x00" + rand.Text()),
		read:  read,
		write: write,
		marks: make(chan struct{}, 1),
		ended: make(chan struct{}),
		mu:    mu,
		w:     w,
	}
	go o.copy()
	return o, nil
}

func (o *output) copy() {
	defer close(o.ended)
	var held []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := o.read.Read(buf)
		held = append(held, buf[:n]...)
		for {
			before, after, found := bytes.Cut(held, o.mark)
			if !found {
				break
			}
			o.pass(before)
			held = held[:copy(held, after)]
			o.marks <- struct{}{}
		}
		// The end may be the beginning of a mark that was cut by the buffer.
		keep := partial(held, o.mark)
		o.pass(held[:len(held)-keep])
		held = held[:copy(held, held[len(held)-keep:])]
		if err != nil {
			o.pass(held)
			return
		}
	}
}

// pass goes on reading when the writer fails: a function must not block for it.
func (o *output) pass(p []byte) {
	if len(p) == 0 || o.failed != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, o.failed = o.w.Write(p)
}

// flush returns when everything written to the pipe so far has been passed on.
// It is for one caller at a time.
func (o *output) flush() {
	if _, err := o.write.Write(o.mark); err != nil {
		return // closed: then all has been passed on
	}
	select {
	case <-o.marks:
	case <-o.ended:
	}
}

// close passes on what is left, and returns the first failure of the writer.
// It doesn't wait for the pipe's end, which a grandchild could hold open.
func (o *output) close() error {
	o.flush()
	o.write.Close()
	o.read.Close()
	<-o.ended
	return o.failed
}

// partial is the length of the longest end of p that mark begins with.
func partial(p, mark []byte) int {
	for n := min(len(p), len(mark)-1); n > 0; n-- {
		if bytes.HasPrefix(mark, p[len(p)-n:]) {
			return n
		}
	}
	return 0
}
