package localaws

import (
	"fmt"
	"hash/fnv"
	"time"
)

// Capacity is what a table can do: it has partitions, each of which takes so many units a second, and one partition key
// is on one partition. What is asked of a partition that has used up its second is refused, or of a batch left out.
// Left out: burst capacity, and partitions that DynamoDB splits since they are hot.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
type Capacity struct {
	Partitions int     // over which the partition keys are spread by their hash
	Writes     float64 // units a second of each partition: items of 1 KB
	Reads      float64 // units a second of each partition: strongly consistent reads of 4 KB
	Latency    time.Duration
}

// Usage is what was asked of one partition key, in units as they are billed.
type Usage struct {
	Reads, Writes                   int
	PeakReads, PeakWrites           int // of the busiest second
	ThrottledReads, ThrottledWrites int // reads, and items to be written, that were refused or left out
}

// meter counts units, and refuses what is beyond the capacity. The zero one of no capacity only counts.
type meter struct {
	capacity   Capacity
	partitions []partition
	used       map[string]*used // by partition key
}

// partition has what is left of a second's units.
type partition struct{ writes, reads allowance }

// allowance is filled continuously, up to one second's units. Whoever finds something left is served, be it for more.
type allowance struct {
	left float64
	at   time.Time
}

func (a *allowance) isLeft(perSecond float64, now time.Time) bool {
	a.left = min(perSecond, a.left+now.Sub(a.at).Seconds()*perSecond)
	a.at = now
	return a.left > 0
}

// used is the Usage of a partition key, and what it had in the second that is running.
type used struct {
	Usage
	second        int64
	reads, writes int
}

func newMeter(c Capacity) *meter {
	return &meter{capacity: c, partitions: make([]partition, c.Partitions), used: map[string]*used{}}
}

// of returns the usage of a partition key, and its partition: nil where the capacity has no limit.
func (m *meter) of(key string) (*used, *partition) {
	u := m.used[key]
	if u == nil {
		u = &used{}
		m.used[key] = u
	}
	if len(m.partitions) == 0 {
		return u, nil
	}
	h := fnv.New32a()
	h.Write([]byte(key))
	return u, &m.partitions[h.Sum32()%uint32(len(m.partitions))]
}

// admits tells whether the partition of the key takes one more read or write.
func (m *meter) admits(key string, write bool, now time.Time) bool {
	u, p := m.of(key)
	switch {
	case p == nil:
	case write && !p.writes.isLeft(m.capacity.Writes, now):
		u.ThrottledWrites++
		return false
	case !write && !p.reads.isLeft(m.capacity.Reads, now):
		u.ThrottledReads++
		return false
	}
	return true
}

// take takes units of as many bytes, one at least.
func (m *meter) take(key string, write bool, bytes int, now time.Time) {
	u, p := m.of(key)
	if second := now.Unix(); second != u.second {
		u.second, u.reads, u.writes = second, 0, 0
	}
	if write {
		n := units(bytes, 1<<10)
		spend(n, &u.Writes, &u.writes, &u.PeakWrites)
		if p != nil {
			p.writes.left -= float64(n)
		}
		return
	}
	n := units(bytes, 4<<10)
	spend(n, &u.Reads, &u.reads, &u.PeakReads)
	if p != nil {
		p.reads.left -= float64(n)
	}
}

// spend counts units in all, in the second that is running, and in the busiest one.
func spend(units int, all, second, peak *int) {
	*all += units
	*second += units
	*peak = max(*peak, *second)
}

// units returns how many units a size takes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func units(bytes, unit int) int { return max(1, (bytes+unit-1)/unit) }

// Limit gives the table, which must be there, a capacity from now on, and begins to count anew what it is asked. The
// zero Capacity has no limit.
func (d *DynamoDB) Limit(name string, c Capacity) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.tables[name]; !ok {
		return fmt.Errorf("cannot limit table %s: there is none", name)
	}
	d.meters[name] = newMeter(c)
	return nil
}

// Usage returns what was asked of the table since it was made or limited, by partition key.
func (d *DynamoDB) Usage(name string) map[string]Usage {
	d.mu.Lock()
	defer d.mu.Unlock()
	usage := map[string]Usage{}
	if m := d.meters[name]; m != nil {
		for key, u := range m.used {
			usage[key] = u.Usage
		}
	}
	return usage
}

// latency is how long a call of the table takes beside its work.
func (d *DynamoDB) latency(name string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.meters[name]; m != nil {
		return m.capacity.Latency
	}
	return 0
}

func throttled() error {
	return &dynamoError{code: "ProvisionedThroughputExceededException", message: "Throughput exceeds the current capacity of one or more partitions"}
}
