package history

import "bytes"

// maxDecodedBytes bounds what is kept of all buckets together, of evidence, of keys and of days each.
const maxDecodedBytes = 16 << 20

// decoded keeps what items say: an hour is judged with the whole day's evidence, and that of the day before, again with
// each log file, and to inflate and decode each item of it took most of a tick's time. Nobody may write to what it returns.
type decoded[T any] struct{ cache *cache[place, decodedItem[T]] }

type decodedItem[T any] struct {
	data  []byte // an item may be put again with other data
	value T
}

// inflates is about how many times its data something takes when it is decoded.
const inflates = 6

func newDecoded[T any]() decoded[T] {
	return decoded[T]{newCache[place](maxDecodedBytes, func(d decodedItem[T]) int { return (1 + inflates) * len(d.data) })}
}

// value returns what the data of the item at that place say. It keeps the data.
func (d decoded[T]) value(at place, data []byte, decode func([]byte) (T, error)) (T, error) {
	if known, ok := d.cache.get(at); ok && bytes.Equal(known.data, data) {
		return known.value, nil
	}
	value, err := decode(data)
	if err == nil {
		d.cache.put(at, decodedItem[T]{data, value})
	}
	return value, err
}
