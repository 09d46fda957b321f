package metric

import (
	"cmp"
	"maps"
	"slices"
)

const (
	maxCallers     = 10_000 // distinct pairs of bucket and caller that are kept of one file
	maxCallersTold = 20     // of each bucket; the rest are told as OtherName
)

// Callers count who used which bucket, in one log file. The zero value is ready for use.
type Callers struct {
	rows    map[string]map[string]*CallerRow // by bucket and principal
	n       int
	notTold int64
}

// CallerRow is one bucket and caller.
type CallerRow struct {
	Bucket         string
	Principal      string
	Requests       int64
	DeletedObjects int64
	Errors         int64
}

// Row returns the row to count in. The arguments are copied if they are new.
func (c *Callers) Row(bucket, principal []byte) *CallerRow {
	callers, ok := c.rows[string(bucket)]
	if row, ok := callers[string(principal)]; ok {
		return row
	}
	if c.n >= maxCallers {
		c.notTold++
		principal = []byte(OtherName)
		if !ok {
			bucket = principal
			callers, ok = c.rows[OtherName]
		}
		if row := callers[OtherName]; row != nil {
			return row
		}
	}
	if !ok {
		if c.rows == nil {
			c.rows = map[string]map[string]*CallerRow{}
		}
		callers = map[string]*CallerRow{}
		c.rows[string(bucket)] = callers
	}
	row := &CallerRow{Bucket: string(bucket), Principal: string(principal)}
	callers[row.Principal] = row
	c.n++
	return row
}

// NotTold returns how often Row answered with the rest's row because there were too many callers.
func (c *Callers) NotTold() int64 { return c.notTold }

// Top returns, in the order of the buckets, each bucket's callers with the most requests and then one row, OtherName,
// for the rest of them.
func (c *Callers) Top() []CallerRow {
	var top []CallerRow
	for _, bucket := range slices.Sorted(maps.Keys(c.rows)) {
		rows := make([]*CallerRow, 0, len(c.rows[bucket]))
		for _, row := range c.rows[bucket] {
			if row.Requests+row.DeletedObjects+row.Errors > 0 {
				rows = append(rows, row)
			}
		}
		slices.SortFunc(rows, func(a, b *CallerRow) int {
			return cmp.Or(
				compareBool(a.Principal == OtherName, b.Principal == OtherName),
				cmp.Compare(b.Requests, a.Requests),
				cmp.Compare(b.DeletedObjects, a.DeletedObjects),
				cmp.Compare(a.Principal, b.Principal),
			)
		})
		rest := CallerRow{Bucket: bucket, Principal: OtherName}
		for i, row := range rows {
			if i < maxCallersTold && row.Principal != OtherName {
				top = append(top, *row)
				continue
			}
			rest.Requests += row.Requests
			rest.DeletedObjects += row.DeletedObjects
			rest.Errors += row.Errors
		}
		if rest.Requests+rest.DeletedObjects+rest.Errors > 0 {
			top = append(top, rest)
		}
	}
	return top
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
