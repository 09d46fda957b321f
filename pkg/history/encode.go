package history

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"

	"bucketwatch/pkg/state"
)

// Data is JSON, or a byte that says how JSON was made short, and that.
const deflated = 1

// maxInflated bounds what an item may become, whatever is in the table.
const maxInflated = 64 << 20

func encode(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if short := deflate(deflated, plain); len(short) < len(plain) {
		return short, nil
	}
	return plain, nil
}

func decode(data []byte, v any) error {
	if len(data) > 0 && data[0] == deflated {
		plain, err := inflate(data[1:])
		if err != nil {
			return err
		}
		data = plain
	}
	return json.Unmarshal(data, v)
}

// decodeOr leaves v as it is where there is no data: of an item that isn't there.
func decodeOr(data []byte, v any) error {
	if len(data) == 0 {
		return nil
	}
	return decode(data, v)
}

// damaged says which item can't be read.
func damaged(item state.Item, err error) error {
	return fmt.Errorf("item %s is damaged: %w", state.Keys(item.Partition, item.Sort), err)
}

// spare keeps a few of what takes long to make. A sync.Pool would lose them with every other garbage collection, and a
// deflater has more than a megabyte.
type spare[T any] struct {
	free chan T
	new  func() T
}

func newSpare[T any](n func() T) spare[T] { return spare[T]{make(chan T, 4), n} }

func (s spare[T]) get() T {
	select {
	case v := <-s.free:
		return v
	default:
		return s.new()
	}
}

func (s spare[T]) put(v T) {
	select {
	case s.free <- v:
	default:
	}
}

var deflaters = newSpare(func() *flate.Writer {
	w, err := flate.NewWriter(nil, flate.BestCompression)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return w
})

// deflate returns plain made short, after a first byte.
func deflate(first byte, plain []byte) []byte {
	var b bytes.Buffer
	b.WriteByte(first)
	w := deflaters.get()
	defer deflaters.put(w)
	w.Reset(&b)
	w.Write(plain) // a buffer takes all
	w.Close()
	return b.Bytes()
}

var inflaters = newSpare(func() io.ReadCloser { return flate.NewReader(nil) })

func inflate(short []byte) ([]byte, error) {
	r := inflaters.get()
	defer inflaters.put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(short), nil); err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err == nil && len(plain) > maxInflated {
		err = fmt.Errorf("more than %d bytes", maxInflated)
	}
	return plain, err
}
