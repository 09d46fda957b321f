package cloudtrail

import (
	"fmt"
	"hash"
	"io"
)

// bounded passes on a document up to a limit, and to a hash what it passes on. It works by the window, never by the byte.
type bounded struct {
	r     io.Reader
	n     int64 // bytes so far
	limit int64
	hash  hash.Hash // may be nil
}

func (b *bounded) Read(p []byte) (int, error) {
	if left := b.limit + 1 - b.n; int64(len(p)) > left {
		p = p[:left] // one byte more than the limit shows that there are more
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > b.limit {
		return n, fmt.Errorf("%w: more than %d bytes", ErrDocumentTooLarge, b.limit)
	}
	if b.hash != nil {
		b.hash.Write(p[:n]) // a hash takes all
	}
	return n, err
}
