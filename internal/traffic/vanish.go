package traffic

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// vanish is a fault of the app's: from the given hour on, what it takes for duplicates it deletes, and once more an
// hour later, when its list is worked off again. The users upload two of the images again, and ask for the others in
// vain. It returns what has to be told.
//
// What is close to a limit is left out, so that the truth doesn't hang on how a limit is understood: a second deletion
// comes over an hour after the upload, nobody asks for an image before the next hour, and nothing repeats within it.
func (p *photoApp) vanish(hour time.Time) []Found {
	r := ids{newRand(p.seed, "vanish")}
	after := func(minutes, seconds int) time.Time {
		return hour.Add(time.Duration(minutes)*time.Minute + time.Duration(seconds+r.IntN(20))*time.Second)
	}
	image := func(i int) string { return fmt.Sprintf("a/%d.jpg", i) }

	uploaded := make(map[int]time.Time)
	for i := 1; i <= 40; i++ { // until minute 38
		uploaded[i] = after(1, 55*i)
		p.upload(r, uploaded[i], image(i))
	}

	var gone []int
	for n, minute := range []int{12, 21, 30, 41} {
		at := after(minute, 0)
		var recent []int
		for i, since := range uploaded {
			if age := at.Sub(since); age > 3*time.Minute && age < 9*time.Minute {
				recent = append(recent, i)
			}
		}
		slices.Sort(recent)
		r.Shuffle(len(recent), func(i, j int) { recent[i], recent[j] = recent[j], recent[i] })
		if i := slices.Index(recent, 7); i > 0 {
			recent[0], recent[i] = recent[i], recent[0]
		}
		var keys []deletedKey
		for _, i := range recent[:4] {
			keys = append(keys, deletedKey{key: image(i), marker: true, minimal: n%2 == 1})
		}
		if n == 2 { // a bucket policy keeps this one
			keys = append(keys, deletedKey{key: "a/cover.jpg", code: "AccessDenied"})
		}
		gone = append(gone, recent[:4]...)
		p.deleteAtOnce(at, keys)
	}

	again, lost := []int{gone[1], gone[5]}, slices.Clone(gone)
	lost = slices.DeleteFunc(lost, func(i int) bool { return slices.Contains(again, i) })
	for _, i := range again {
		p.upload(r, after(50, 0), image(i))
		p.trail.add(&request{at: after(70, 0), who: p.mobile, bucket: p.photos, operation: "GetObject", key: image(i), out: 900_000})
	}

	missed := lost[:12]
	for n, i := range missed {
		for range 1 + r.IntN(3) {
			who, operation := p.mobile, "GetObject"
			if n%3 == 1 {
				who = p.cdn
			}
			if n%4 == 2 {
				operation = "HeadObject"
			}
			p.refused(who, operation, image(i), after(62+r.IntN(38), 0))
		}
	}
	for _, i := range lost[12:] { // that the app itself doesn't find them shows nothing: it deleted them
		p.refused(p.web, "HeadObject", image(i), after(75, 0))
	}

	var repeated []deletedKey
	for _, i := range lost[:5] {
		repeated = append(repeated, deletedKey{key: image(i), marker: true})
	}
	p.deleteAtOnce(after(105, 0), repeated)

	found := func(name, severity string, hour time.Time, images []int) Found {
		f := Found{Anomaly{p.photos.name, name, p.web.principal}, severity, hour, nil}
		for _, i := range images {
			f.Keys = append(f.Keys, image(i))
		}
		slices.Sort(f.Keys)
		return f
	}
	return []Found{
		found("DeletedSoonAfterUpload", "HIGH", hour, gone),
		found("RepeatedDelete", "MEDIUM", hour.Add(time.Hour), lost[:5]),
		found("ReadAfterDelete", "HIGH", hour.Add(time.Hour), missed),
	}
}

func compareFound(a, b Found) int {
	return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Name, b.Name))
}
