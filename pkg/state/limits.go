package state

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a table allows: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxPartition = 2048      // bytes
	maxSort      = 1024      // bytes
	maxItem      = 400 << 10 // bytes, keys and names of attributes included
)

// Size returns how many bytes the item takes in a table, against the limit of 400 KB and for what reading and writing it
// costs. It is the most that they can be: of an item with a Version it isn't known how it was written.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (i Item) Size() int {
	size := len("pk") + len(i.Partition) + len("sk") + len(i.Sort)
	if len(i.Data) > 0 {
		size += len("data") + len(i.Data)
	}
	if i.Version != 0 {
		const mark = 8 // of a conditional write
		size += len("version") + numberSize(i.Version) + len("mark") + mark
	}
	if !i.Expires.IsZero() {
		size += len("expires") + numberSize(i.Expires.Unix())
	}
	return size
}

// numberSize is a byte, one more for two digits, and one more for a minus.
func numberSize(n int64) int {
	digits := len(strconv.FormatInt(n, 10))
	if n < 0 {
		return 2 + digits/2
	}
	return 1 + (digits+1)/2
}

// Check returns an error if items can't be stored, or not together. Every Store refuses what it refuses, so that what
// works in memory works in a table.
func Check(items ...Item) error {
	for _, item := range items {
		if err := CheckKeys(item.Partition, item.Sort); err != nil {
			return err
		}
		if size := item.Size(); size > maxItem {
			return fmt.Errorf("it has %d bytes of at most %d", size, maxItem)
		}
	}
	if len(items) < 2 {
		return nil
	}
	type keys struct{ partition, sort string }
	seen := make(map[keys]bool, len(items))
	for _, item := range items {
		k := keys{item.Partition, item.Sort}
		if seen[k] {
			return fmt.Errorf("two items have the keys %s", Keys(item.Partition, item.Sort))
		}
		seen[k] = true
	}
	return nil
}

// CheckKeys returns an error if no item can have these keys.
func CheckKeys(partition, sort string) error {
	for _, key := range []struct {
		name, value string
		most        int
	}{{"partition", partition, maxPartition}, {"sort", sort, maxSort}} {
		switch {
		case key.value == "":
			return fmt.Errorf("its %s key is empty", key.name)
		case len(key.value) > key.most:
			return fmt.Errorf("its %s key has %d bytes of at most %d", key.name, len(key.value), key.most)
		case !utf8.ValidString(key.value):
			return fmt.Errorf("its %s key isn't UTF-8: %s", key.name, short(key.value))
		}
	}
	return nil
}

// CheckRange returns an error if no Query can have these bounds. The bounds may be empty.
func CheckRange(partition, from, until string) error {
	if err := CheckKeys(partition, "-"); err != nil {
		return err
	}
	for _, bound := range []string{from, until} {
		if bound == "" {
			continue
		}
		if err := CheckKeys(partition, bound); err != nil {
			return err
		}
	}
	return nil
}

// Keys returns keys as they stand in an error: quoted, and made short.
func Keys(keys ...string) string {
	var b strings.Builder
	for i, key := range keys {
		if i > 0 {
			b.WriteString(" / ")
		}
		b.WriteString(short(key))
	}
	return b.String()
}

// short leaves out the middle of a long key, since the end of a log file's name tells more than what is before it.
func short(key string) string {
	const most = 120
	if len(key) > most {
		key = strings.ToValidUTF8(key[:most/2], "") + "…" + strings.ToValidUTF8(key[len(key)-most/2:], "")
	}
	return strconv.Quote(key)
}
