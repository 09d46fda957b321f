package cloudtrail

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// DigestFile is an inventory of the log files that one trail delivered from one Region to one account's folder, usually in
// an hour: a digest file.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
type DigestFile struct {
	AccountID  string
	Start, End time.Time // it covers what was delivered between
	Bucket     string    // where it was delivered
	Key        string
	LogFiles   []DigestLogFile // none, if nothing was delivered
}

// DigestLogFile is a log file that a digest names.
type DigestLogFile struct {
	Bucket, Key string
	// SHA256 is the hash of the unpacked document, in hexadecimal, small letters; "" if the digest doesn't tell it, or by
	// another algorithm.
	SHA256 string
}

// What ReadDigest takes: many times what a busy account delivers in an hour (each of 20,000 log files has up to 50 MB).
const (
	maxDigestFiles = 20_000
	maxDigestSize  = 32 << 20 // bytes, unpacked
)

// ErrNoDigest says of a whole JSON document that it isn't a digest, since it has no logFiles.
var ErrNoDigest = errors.New("no logFiles in the document")

// ReadDigest reads a digest file, gzip-compressed or plain JSON, to its end. As with log files, one that is cut or
// damaged, or goes on after its end, is refused with an *Error, and one without bytes with ErrEmpty. It doesn't look at the
// signature, which isn't in the file.
func ReadDigest(r io.Reader) (*DigestFile, error) {
	d := NewReader(r)
	if err := d.open(); err != nil {
		return nil, err
	}
	source := &watched{r: &bounded{r: d.unpack, limit: maxDigestSize}}
	decoder := json.NewDecoder(source)
	digest, err := decodeDigest(decoder)
	if err == nil || errors.Is(err, ErrNoDigest) { // whatever it is, it must be whole to be called so
		_, end := decoder.Token()
		switch {
		case end == nil:
			err = fmt.Errorf("%w: bytes after the document", ErrSyntax)
		case end != io.EOF:
			err = end
		}
	}
	switch {
	case err == nil:
		return digest, nil
	case errors.Is(err, ErrNoDigest):
		return nil, err
	case source.err != nil && !errors.Is(source.err, ErrDocumentTooLarge): // the reading failed, not the JSON
		return nil, d.failed(source.err)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return nil, &Error{Offset: decoder.InputOffset(), Err: err}
}

// watched remembers why there was no more to read, but for a clean end.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// decodeDigest decodes the document's one object, a member at a time: what it doesn't know is skipped.
func decodeDigest(decoder *json.Decoder) (*DigestFile, error) {
	if err := wantDelim(decoder, '{'); err != nil {
		return nil, err
	}
	d, found := new(DigestFile), false
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		switch name {
		case "awsAccountId":
			err = decoder.Decode(&d.AccountID)
		case "digestStartTime":
			err = decoder.Decode(&d.Start)
		case "digestEndTime":
			err = decoder.Decode(&d.End)
		case "digestS3Bucket":
			err = decoder.Decode(&d.Bucket)
		case "digestS3Object":
			err = decoder.Decode(&d.Key)
		case "logFiles":
			if found {
				return nil, fmt.Errorf("%w: a second logFiles", ErrSyntax)
			}
			found = true
			err = decodeLogFiles(decoder, d)
		default:
			var skipped json.RawMessage
			err = decoder.Decode(&skipped)
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", name, err)
		}
	}
	if err := wantDelim(decoder, '}'); err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoDigest
	}
	return d, nil
}

func decodeLogFiles(decoder *json.Decoder, d *DigestFile) error {
	if err := wantDelim(decoder, '['); err != nil {
		return err
	}
	for decoder.More() {
		if len(d.LogFiles) == maxDigestFiles {
			return fmt.Errorf("%w: more than %d log files in a digest", ErrDocumentTooLarge, maxDigestFiles)
		}
		var f struct {
			Bucket    string `json:"s3Bucket"`
			Object    string `json:"s3Object"`
			Hash      string `json:"hashValue"`
			Algorithm string `json:"hashAlgorithm"`
		}
		if err := decoder.Decode(&f); err != nil {
			return err
		}
		if f.Bucket == "" || f.Object == "" {
			return fmt.Errorf("%w: a log file without a bucket or a key", ErrSyntax)
		}
		file := DigestLogFile{Bucket: f.Bucket, Key: f.Object}
		if sum, err := hex.DecodeString(f.Hash); err == nil && len(sum) == 32 && f.Algorithm == "SHA-256" {
			file.SHA256 = strings.ToLower(f.Hash)
		}
		d.LogFiles = append(d.LogFiles, file)
	}
	return wantDelim(decoder, ']')
}

func wantDelim(decoder *json.Decoder, want json.Delim) error {
	switch token, err := decoder.Token(); {
	case err != nil:
		return err
	case token != want:
		return fmt.Errorf("%w: found %v where %q was expected", ErrSyntax, token, want.String())
	}
	return nil
}
