package cloudtrail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// What the hash is of is the unpacked document, as CloudTrail's digests have it, however it comes.
func TestReaderHash(t *testing.T) {
	doc := []byte(`{"Records":[` + strings.Repeat(`{"eventName":"GetObject"},`, 20000) + `{}]} `)
	want := sha256.Sum256(doc)
	d := new(Reader)
	d.Hash = sha256.New()
	for _, object := range [][]byte{doc, gzipped(doc), gzipped(doc[:70000], nil, doc[70000:])} {
		d.Reset(bytes.NewReader(object))
		if _, err := readToEnd(d); err != nil {
			t.Fatal(err)
		}
		if got := d.Hash.Sum(nil); !bytes.Equal(got, want[:]) {
			t.Errorf("the hash is %x, want %x", got, want)
		}
	}
}

func readToEnd(d *Reader) (records int64, err error) {
	var r Record
	for {
		if err := d.Read(&r); err == io.EOF {
			return d.Records(), nil
		} else if err != nil {
			return d.Records(), err
		}
	}
}

func TestMaxDocumentSize(t *testing.T) {
	doc := []byte(`{"Records":[` + strings.Repeat(`{"eventName":"GetObject"},`, 20000) + `{}]}`)
	for _, object := range [][]byte{doc, gzipped(doc)} {
		d := NewReader(bytes.NewReader(object))
		d.MaxDocumentSize = int64(len(doc))
		if _, err := readToEnd(d); err != nil {
			t.Errorf("a document of the limit's size: %v", err)
		}
		d.Reset(bytes.NewReader(object))
		d.MaxDocumentSize--
		_, err := readToEnd(d)
		var e *Error
		if !errors.Is(err, ErrDocumentTooLarge) || !errors.As(err, &e) || e.Object || e.Offset > int64(len(doc)) {
			t.Errorf("a document a byte larger: %v, want ErrDocumentTooLarge in the unpacked document", err)
		}
	}
}

// A gzip bomb, whatever it becomes, is refused soon, in the memory of one record.
func TestGzipBomb(t *testing.T) {
	const size = 4 << 30
	for name, tt := range map[string]struct {
		begin, repeat string
		want          error
	}{
		"zeros":            {"", "\x00", ErrSyntax},
		"white space":      {"", " ", ErrRecordTooLarge},
		"records":          {`{"Records":[{}`, ",{}", ErrDocumentTooLarge},
		"members":          {`{"Records":[]`, `,"a":1`, ErrDocumentTooLarge},
		"an endless text":  {`{"Records":[{"a":"`, "a", ErrRecordTooLarge},
		"endless numbers":  {`{"Records":[{"a":[0`, ",0", ErrRecordTooLarge},
		"arrays in arrays": {`{"Records":[`, "[", ErrTooDeep},
		"arrays aside":     {`{"a":`, "[", ErrTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			bomb := packedBomb(tt.begin, tt.repeat, size)
			start := time.Now()
			d := NewReader(bytes.NewReader(bomb))
			_, err := readToEnd(d)
			if !errors.Is(err, tt.want) {
				t.Errorf("Read = %v, want %v", err, tt.want)
			}
			if n := d.DocumentBytes(); n > DefaultMaxDocumentSize+1 {
				t.Errorf("%d bytes were unpacked", n)
			}
			if n := len(d.window); n > DefaultMaxRecordSize {
				t.Errorf("the window has %d bytes", n)
			}
			t.Logf("%d bytes, refused after %d of %d unpacked, in %s", len(bomb), d.DocumentBytes(), size, time.Since(start))
		})
	}
}

// packedBomb is a gzip object of begin and so many bytes of what repeats itself, each mebibyte a member like the other.
func packedBomb(begin, repeat string, size int) []byte {
	member := gzipped([]byte(strings.Repeat(repeat, (1<<20)/len(repeat))))
	return append(gzipped([]byte(begin)), bytes.Repeat(member, size>>20)...)
}
