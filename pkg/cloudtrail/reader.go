// Package cloudtrail reads CloudTrail log files: the keys they are delivered under, and the records in them.
//
// It knows the format only. What a record means for S3 is package s3event's; the other files that CloudTrail delivers
// (Insights events among them) are told apart by their keys and not read, save for digest files, see ReadDigest.
//
// The format:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
package cloudtrail

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash"
	"io"
)

// What Read returns for objects that are whole but hold no records to read.
var (
	// ErrEmpty: the object has no bytes at all.
	ErrEmpty = errors.New("empty object")
	// ErrNoRecords: a JSON document that has no Records, for example a digest file.
	ErrNoRecords = errors.New("no Records in the document")
)

// What is wrapped by the errors about what is beyond a limit, ErrTooDeep beside them.
var (
	// ErrRecordTooLarge: a record, or a value beside Records, beyond Reader.MaxRecordSize.
	ErrRecordTooLarge = errors.New("record too large")
	// ErrDocumentTooLarge: an unpacked document beyond Reader.MaxDocumentSize.
	ErrDocumentTooLarge = errors.New("unpacked document too large")
)

// An Error says where a log file is damaged.
type Error struct {
	// Offset is the byte at which reading stopped: of the object if Object is true (the gzip is damaged, or it could
	// not be fetched further), otherwise of the unpacked document.
	Offset int64
	Object bool
	Err    error // io.ErrUnexpectedEOF for a file that was cut, gzip.ErrChecksum, ErrSyntax …
}

func (e *Error) Error() string {
	of := "the unpacked document"
	if e.Object {
		of = "the object"
	}
	return fmt.Sprintf("%v at byte %d of %s", e.Err, e.Offset, of)
}

func (e *Error) Unwrap() error { return e.Err }

const (
	// DefaultMaxRecordSize is sixteen times what CloudTrail allows a record (256 KB).
	DefaultMaxRecordSize = 4 << 20

	// DefaultMaxDocumentSize is more than twice what CloudTrail puts into a log file (50 MB). Gzip makes a thousandth of what
	// repeats itself: without a limit a megabyte could keep a reader busy for minutes.
	DefaultMaxDocumentSize = 128 << 20

	// windowSize is many times a usual record (1 to 2 KB), since the record that the window's end cuts is scanned twice.
	windowSize = 64 << 10
	objectBuf  = 32 << 10
)

// Reader reads the records of one log file, gzip-compressed (in one member or several) or plain JSON. The members
// of the document may stand in any order; the records are read one at a time, in the memory of one record.
//
// A file is read to its end before Read returns io.EOF: then the document is valid JSON with nothing but white space
// after it, and the gzip's checksums and lengths are right. Until then a caller must not trust the records.
//
// A Reader must not be used by several goroutines at once.
type Reader struct {
	// MaxRecordSize bounds the memory used: a record that doesn't fit into so many bytes, with the comma and the white
	// space before it, is refused. Zero means DefaultMaxRecordSize; less than the window's 64 KB has no effect.
	MaxRecordSize int
	// MaxDocumentSize bounds the time: a document that is larger unpacked is refused. Zero means DefaultMaxDocumentSize.
	MaxDocumentSize int64
	// Hash gets the unpacked document, if it isn't nil: at the clean end of a file its sum is that of the document. Reset
	// resets it.
	Hash hash.Hash

	object  counter
	in      *bufio.Reader // the object's bytes
	gzip    members
	unpack  io.Reader // the document's bytes: in or gzip, through bounds
	bounds  bounded
	started bool

	scan     scanner
	window   []byte // buf[:end] is filled, from pos on not yet read
	pos, end int
	base     int64 // offset in the document of window[0]
	state    state
	found    bool // Records
	records  int64
	readErr  error // of unpack
	err      error // of Read
}

// state is what the document continues with.
type state uint8

const (
	atDocument state = iota
	atFirstMember
	atMember
	atFirstRecord
	atRecord
	atEnd
)

// NewReader returns a Reader of the log file that r holds.
func NewReader(r io.Reader) *Reader {
	d := new(Reader)
	d.Reset(r)
	return d
}

// Reset makes d read another log file, in the memory it has.
func (d *Reader) Reset(r io.Reader) {
	if d.in == nil {
		d.in = bufio.NewReaderSize(nil, objectBuf)
		d.window = make([]byte, windowSize)
		d.scan.records = newShapes(thisRecord)
		d.scan.identities = newIdentities()
	}
	if len(d.window) > 4*windowSize {
		d.window = make([]byte, windowSize) // one large record must not keep its memory for ever
	}
	d.object = counter{r: r}
	d.in.Reset(&d.object)
	d.unpack, d.started = nil, false
	if d.Hash != nil {
		d.Hash.Reset()
	}
	if cap(d.scan.scratch) > 4*windowSize {
		d.scan.scratch = nil
	}
	d.scan.b, d.scan.err = nil, nil
	d.scan.records.full, d.scan.identities.shapes.full = false, false
	d.pos, d.end, d.base, d.state = 0, 0, 0, atDocument
	d.found, d.records, d.readErr, d.err = false, 0, nil, nil
}

// Records returns the number of records read so far, whatever they held.
func (d *Reader) Records() int64 { return d.records }

// ObjectBytes returns how many bytes of the object were read.
func (d *Reader) ObjectBytes() int64 { return d.object.n - int64(d.in.Buffered()) }

// DocumentBytes returns how many bytes of the unpacked document were read.
func (d *Reader) DocumentBytes() int64 { return d.base + int64(d.end) }

// Read reads the next record into record, whose slices are overwritten by the next call. An element of Records that
// is no object reads as an empty Record.
//
// It returns io.EOF at the clean end of a log file, ErrEmpty or ErrNoRecords at the clean end of something else, and
// an *Error for a damaged file or one that could not be fetched.
func (d *Reader) Read(record *Record) error {
	for d.err == nil {
		d.scan.b, d.scan.depth = d.window[:d.end], d.openAt()
		next, isRecord := d.step(record)
		switch {
		case next >= 0:
			d.pos = next
			if isRecord {
				d.records++
				return nil
			}
		case next == bad:
			d.err = &Error{Offset: d.base + int64(d.scan.at), Err: d.scan.err}
		default:
			d.err = d.more()
		}
	}
	return d.err
}

// openAt returns how many objects and arrays are open where the next step starts.
func (d *Reader) openAt() int {
	switch d.state {
	case atMember:
		return 1
	case atRecord:
		return 2
	case atFirstRecord:
		return 1 // scanner.element opens the array
	}
	return 0
}

// step reads what the state says from d.pos on: a record, or a part of what stands around the records.
func (d *Reader) step(record *Record) (next int, isRecord bool) {
	s := &d.scan
	s.scratch = s.scratch[:0]
	switch d.state {
	case atDocument:
		return d.openDocument(), false
	case atFirstMember, atMember:
		return d.member(), false
	case atFirstRecord, atRecord:
		i, more := s.element(d.pos, d.state == atFirstRecord, ']')
		if !more {
			if i >= 0 {
				d.state = atMember
			}
			return i, false
		}
		if i = s.record(i, record); i >= 0 {
			d.state = atRecord
		}
		return i, true
	default:
		i := s.space(d.pos)
		if i >= 0 {
			return s.fail(i, "bytes after the document"), false
		}
		d.pos = d.end
		return i, false
	}
}

func (d *Reader) openDocument() int {
	i := d.scan.space(d.pos)
	if i < 0 {
		return i
	}
	switch d.scan.b[i] {
	case '{':
		d.state = atFirstMember
		return i + 1
	case '[': // no log file, but it must be whole to be called so
		if i = d.scan.skip(i); i >= 0 {
			d.state = atEnd
		}
		return i
	}
	return d.scan.unexpected(i, "an object")
}

// member reads one member of the document; of Records only what stands before its first record.
func (d *Reader) member() int {
	s := &d.scan
	i, more := s.element(d.pos, d.state == atFirstMember, '}')
	if !more {
		if i >= 0 {
			d.state = atEnd
		}
		return i
	}
	name, i := s.name(i)
	if i < 0 {
		return i
	}
	if !bytes.Equal(name, []byte("Records")) {
		if i = s.skip(i); i >= 0 {
			d.state = atMember
		}
		return i
	}
	if d.found {
		return s.fail(i, "a second Records") // the last one would count, and the first was read already
	}
	if s.b[i] != '[' {
		return s.unexpected(i, "the array of Records")
	}
	d.found = true
	d.state = atFirstRecord
	return i + 1
}

// more reads more of the document into the window, at least a byte, and returns what Read should at its end.
func (d *Reader) more() error {
	if !d.started {
		if err := d.open(); err != nil {
			return err
		}
		d.bounds = bounded{r: d.unpack, limit: cmp.Or(d.MaxDocumentSize, DefaultMaxDocumentSize), hash: d.Hash}
		d.unpack = &d.bounds
		d.started = true
	}
	if d.pos > 0 {
		copy(d.window, d.window[d.pos:d.end])
		d.base += int64(d.pos)
		d.end -= d.pos
		d.pos = 0
	}
	if d.end == len(d.window) {
		limit := d.MaxRecordSize
		if limit == 0 {
			limit = DefaultMaxRecordSize
		}
		if len(d.window) >= limit {
			return &Error{Offset: d.base, Err: fmt.Errorf("%w: more than %d bytes", ErrRecordTooLarge, limit)}
		}
		grown := make([]byte, min(2*len(d.window), limit))
		copy(grown, d.window)
		d.window = grown
	}
	if d.fill() {
		return nil
	}
	if d.readErr == io.EOF {
		return d.finish()
	}
	return d.failed(d.readErr)
}

// fill reads until the window is full, however small the reads are, since each fill costs a second scan of one
// record. It reports whether there was anything to read; d.readErr says why there was no more.
func (d *Reader) fill() bool {
	before := d.end
	for d.end < len(d.window) && d.readErr == nil {
		var n int
		n, d.readErr = d.unpack.Read(d.window[d.end:])
		d.end += n
	}
	return d.end > before
}

// open finds out how the object is packed.
func (d *Reader) open() error {
	magic, err := d.in.Peek(2)
	switch {
	case bytes.Equal(magic, []byte{0x1f, 0x8b}):
		d.gzip.in = d.in
		d.unpack = &d.gzip
		if err := d.gzip.next(); err != nil {
			return d.failed(err)
		}
	case len(magic) == 0 && err == io.EOF:
		return ErrEmpty
	case err != nil && err != io.EOF:
		return &Error{Offset: d.object.n, Object: true, Err: err}
	default:
		d.unpack = d.in
	}
	return nil
}

// finish returns the verdict at the end of the document.
func (d *Reader) finish() error {
	switch {
	case d.state != atEnd:
		return &Error{Offset: d.base + int64(d.end), Err: io.ErrUnexpectedEOF}
	case !d.found:
		return ErrNoRecords
	}
	return io.EOF
}

// failed is the error of an object that can't be unpacked or fetched further, or isn't to be.
func (d *Reader) failed(err error) error {
	if errors.Is(err, ErrDocumentTooLarge) {
		return &Error{Offset: d.DocumentBytes(), Err: err}
	}
	return &Error{Offset: d.ObjectBytes(), Object: true, Err: err}
}
