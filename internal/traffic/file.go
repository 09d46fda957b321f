package traffic

import (
	"bytes"
	"compress/gzip"
	"io"
	"time"
)

// Key is the key of a log file, delivered at a time; unique is its 16 characters of chance.
func Key(account, region string, delivered time.Time, unique string) string {
	at := delivered.UTC()
	return "AWSLogs/" + account + "/CloudTrail/" + region + "/" + at.Format("2006/01/02/") +
		account + "_CloudTrail_" + region + "_" + at.Format("20060102T1504Z") + "_" + unique + ".json.gz"
}

// writer writes the records of one log file, gzipped, one at a time.
type writer struct {
	zip *gzip.Writer
	buf []byte // one record
	n   int    // records so far
	raw int64  // bytes before compression so far
	err error
}

func newWriter(w io.Writer) *writer { return &writer{zip: gzip.NewWriter(w)} }

func (w *writer) write(rec *record) {
	w.buf = w.buf[:0]
	if w.n == 0 {
		w.buf = append(w.buf, `{"Records":[`...)
	} else {
		w.buf = append(w.buf, ',')
	}
	w.buf = rec.appendTo(w.buf)
	w.n++
	w.flush()
}

// close ends the file. It must have at least one record, as every real one has.
func (w *writer) close() error {
	w.buf = append(w.buf[:0], `]}`...)
	w.flush()
	if w.err != nil {
		return w.err
	}
	return w.zip.Close()
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.zip.Write(w.buf)
		w.raw += int64(len(w.buf))
	}
}

// pack makes the body of a log file.
func pack(records []record) []byte {
	var out bytes.Buffer
	w := newWriter(&out)
	for i := range records {
		w.write(&records[i])
	}
	if err := w.close(); err != nil {
		panic("cannot write to memory: " + err.Error())
	}
	return out.Bytes()
}
