package cloudtrail

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// members unpacks the members of a gzip object one after another. gzip.Reader would do so itself, but takes an object
// for whole that ends inside the file name or the comment of a later member's header.
type members struct {
	in     *bufio.Reader
	member gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.member.Read(p)
		if err == io.EOF {
			err = m.next()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next begins the next member; it returns io.EOF if there is none.
func (m *members) next() error {
	if _, err := m.in.Peek(1); err != nil {
		return err
	}
	err := m.member.Reset(m.in)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	m.member.Multistream(false)
	return err
}

// counter counts what is read through it, and ends reading from a source that gives nothing again and again.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	for range 100 {
		n, err := c.r.Read(p)
		c.n += int64(n)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
