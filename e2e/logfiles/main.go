// Command logfiles writes an hour of generated CloudTrail log files, and what is known to be in them as JSON, for the end-to-end tests:
//
//	go run ./e2e/logfiles -log-bucket NAME -out DIR
//
// DIR/hour.json lists the files in the order of their delivery, with their keys, and the truth. The bodies stand in DIR by number.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"bucketwatch/internal/traffic"
)

// hour is hour.json.
type hour struct {
	Account, Region string
	Files           []file
	Truth           *traffic.Truth
}

type file struct {
	Name string // in DIR
	Key  string // in the log bucket
}

func main() {
	seed := flag.Uint64("seed", 1, "the same seed and time give the same files")
	end := flag.String("end", time.Now().UTC().Format(time.RFC3339), "when the last file is delivered")
	logBucket := flag.String("log-bucket", "", "the bucket that the trail writes into, instead of the generator's")
	out := flag.String("out", "", "folder to write into")
	flag.Parse()
	if err := run(*seed, *end, *logBucket, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(seed uint64, end, logBucket, out string) error {
	at, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return fmt.Errorf("cannot read -end: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("cannot make -out: %w", err)
	}
	t := traffic.Hour(seed, at)
	h := hour{Account: t.Account, Region: t.Region, Truth: t.Truth}
	for i, f := range t.Files {
		body := f.Body
		if logBucket != "" {
			if body, err = moved(body, t.LogBucket, logBucket); err != nil {
				return fmt.Errorf("cannot rewrite %s: %w", f.Key, err)
			}
		}
		name := fmt.Sprintf("%03d.json.gz", i)
		if err := os.WriteFile(filepath.Join(out, name), body, 0o644); err != nil {
			return fmt.Errorf("cannot write a log file: %w", err)
		}
		h.Files = append(h.Files, file{Name: name, Key: f.Key})
	}
	doc, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		return fmt.Errorf("cannot write hour.json: %w", err)
	}
	if logBucket != "" {
		doc = bytes.ReplaceAll(doc, []byte(t.LogBucket), []byte(logBucket))
	}
	return os.WriteFile(filepath.Join(out, "hour.json"), doc, 0o644)
}

// moved is the log file of a trail that writes into another bucket: its own writing is recorded in the files, too.
func moved(body []byte, from, to string) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(bytes.ReplaceAll(text, []byte(from), []byte(to))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
