package history

import (
	"cmp"
	"slices"
	"time"

	"bucketwatch/pkg/anomaly"
)

// evidence is a share without its keys, which have an item of their own.
type evidence struct {
	anomaly.Share
	Keys *struct{} `json:",omitempty"`
}

// encodeShare returns the share as the data of one item, or of several that together say the same.
func encodeShare(s *anomaly.Share) ([][]byte, error) {
	data, err := encode(evidence{Share: *s})
	if err != nil {
		return nil, err
	}
	if len(data) <= maxData || len(s.Activities) < 2 {
		return [][]byte{data}, nil
	}
	half := len(s.Activities) / 2
	one, other := *s, *s
	one.Activities, other.Activities = s.Activities[:half], s.Activities[half:]
	other.Uploads, other.Refused = 0, 0
	first, err := encodeShare(&one)
	if err != nil {
		return nil, err
	}
	second, err := encodeShare(&other)
	return append(first, second...), err
}

func decodeShare(data []byte) (anomaly.Share, error) {
	var e evidence
	err := decode(data, &e)
	return e.Share, err
}

// inOrderOfDelivery sorts the shares, so that what is told of them first is the same whoever reads them.
func inOrderOfDelivery(shares []anomaly.Share) []anomaly.Share {
	slices.SortStableFunc(shares, func(a, b anomaly.Share) int {
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.LogFile, b.LogFile), a.Hour.Compare(b.Hour))
	})
	return onceEach(shares)
}

// onceEach leaves out shares of a log file that seems to have been delivered another time later: it is the same file.
func onceEach(shares []anomaly.Share) []anomaly.Share {
	type share struct {
		file string
		hour int64
	}
	first := map[share]time.Time{}
	return slices.DeleteFunc(shares, func(s anomaly.Share) bool {
		it := share{s.LogFile, s.Hour.Unix()}
		delivered, ok := first[it]
		if !ok {
			first[it] = s.Delivered
		}
		return ok && !delivered.Equal(s.Delivered)
	})
}
