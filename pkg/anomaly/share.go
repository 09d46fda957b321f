package anomaly

import (
	"slices"
	"time"

	"bucketwatch/pkg/s3event"
)

// Measure is something that is counted of an actor's hour.
type Measure uint8

// The measures. Soon, Again and Missed are not in a log file's share: they follow from the keys of several. What is stored
// of a day has their numbers: a new one comes last.
const (
	Objects        Measure = iota // objects deleted
	Calls                         // DeleteObjects calls that S3 did not refuse
	PerKeyRecords                 // per-key records of objects deleted
	Estimated                     // objects that calls may have deleted, by the size of their bodies
	ByVersion                     // objects deleted by version id, for good
	MaybeByVersion                // per-key records with a version id that leave open whether it was a version or a delete marker
	DeleteMarkers                 // of Objects: those whose answer told of a delete marker, so that the bucket is versioned
	Denied                        // deletes refused for lack of permission
	Overwrites                    // objects written with a key that the bucket's owner may not have
	Soon                          // objects deleted within an hour of their upload
	Again                         // objects deleted again without an upload between
	Missed                        // objects deleted that somebody else asked for afterwards, in the hour in which they were asked for
	Measures                      // how many
)

// Counts are the values of an hour.
type Counts [Measures]int64

// Activity is what one principal did to one bucket in one hour, as one log file tells it or several together. What a role
// does by the console and what it does by software are two activities.
type Activity struct {
	Principal string // see s3event.AppendPrincipal
	Human     bool   // a person, not software
	Counts    Counts
	Samples   map[Measure]*Sample `json:",omitempty"` // of the measures that were seen
	Expected  []Expected          `json:",omitempty"`
}

// Expected is what an entry of expected-deletes.yaml stands for: deletes in none of the activity's own Counts, unless the
// hour has more of them than the entry allows.
type Expected struct {
	Entry   string              // identifies the entry
	Cap     int64               // objects an hour that it allows
	Counts  Counts              // all that the deletes would have counted in, but PerKeyRecords
	Samples map[Measure]*Sample `json:",omitempty"`
}

// Share is what one log file tells of one bucket's hour.
type Share struct {
	Bucket      string
	Hour        time.Time // UTC
	IsLogBucket bool      // the bucket is the one that the log file is in
	LogFile     string    // s3://BUCKET/KEY
	Delivered   time.Time
	Uploads     int64
	Refused     int64      // GETs and HEADs of an object, answered with 404 or 403
	Activities  []Activity // by principal, and of each by software first
	Keys        Keys       // kept apart from the rest
}

// Keys are what happened to single objects, in the order of time.
//
// Deletes are those of an object as such, without a version id, that took place: afterwards it isn't there, whether the
// bucket is versioned or not. The deletion of a version or of a delete marker says nothing of that, and isn't among them.
type Keys struct {
	Uploads []Upload
	Deletes []KeyDelete
	Refused []Refusal
}

// Upload is the writing of an object, by whatever operation.
type Upload struct {
	Hash uint64 // see HashKey
	At   int64  // seconds since the Unix epoch
}

// KeyDelete is the deletion of one object.
type KeyDelete struct {
	Hash      uint64
	At        int64
	Key       string
	Principal string
	Human     bool
	Expected  bool // by expected-deletes.yaml: tells what became of the object, and is no anomaly
	EventID   string
}

// Refusal is a GET or HEAD of an object that S3 answered with 404 or 403.
type Refusal struct {
	Hash      uint64
	At        int64
	Principal string
}

// Sample is when something was done, and the first of the values in its records: enough to start looking. The rest is
// found with the Delete lines.
type Sample struct {
	First, Last       time.Time
	Keys              []string `json:",omitempty"`
	EventIDs          []string `json:",omitempty"`
	SourceIPAddresses []string `json:",omitempty"`
	UserAgents        []string `json:",omitempty"`
	LogFiles          []string `json:",omitempty"`
}

// Add adds one thing that was done.
func (s *Sample) Add(e Evidence) {
	s.extend(e.Time, e.Time)
	s.Keys = appendFirst(s.Keys, e.Key)
	s.EventIDs = appendFirst(s.EventIDs, e.EventID)
	s.SourceIPAddresses = appendFirst(s.SourceIPAddresses, e.Caller.SourceIPAddress)
	s.UserAgents = appendFirst(s.UserAgents, e.Caller.UserAgent)
}

// Merge adds what o holds. It keeps none of o's memory.
func (s *Sample) Merge(o *Sample) {
	if o == nil || o.First.IsZero() {
		return
	}
	s.extend(o.First, o.Last)
	s.Keys = appendFirst(s.Keys, o.Keys...)
	s.EventIDs = appendFirst(s.EventIDs, o.EventIDs...)
	s.SourceIPAddresses = appendFirst(s.SourceIPAddresses, o.SourceIPAddresses...)
	s.UserAgents = appendFirst(s.UserAgents, o.UserAgents...)
	s.LogFiles = appendFirst(s.LogFiles, o.LogFiles...)
}

func (s *Sample) extend(first, last time.Time) {
	if s.First.IsZero() || first.Before(s.First) {
		s.First = first
	}
	if last.After(s.Last) {
		s.Last = last
	}
}

// Sample returns the activity's sample of a measure, to be added to.
func (a *Activity) Sample(m Measure) *Sample { return sampleOf(&a.Samples, m) }

func sampleOf(samples *map[Measure]*Sample, m Measure) *Sample {
	if *samples == nil {
		*samples = map[Measure]*Sample{}
	}
	s, ok := (*samples)[m]
	if !ok {
		s = new(Sample)
		(*samples)[m] = s
	}
	return s
}

// Merge adds what o tells of the same principal. It keeps none of o's memory.
func (a *Activity) Merge(o *Activity) {
	a.Human = a.Human || o.Human
	a.count(&o.Counts, o.Samples)
	for i := range o.Expected {
		a.mergeExpected(&o.Expected[i])
	}
}

func (a *Activity) mergeExpected(o *Expected) {
	i := slices.IndexFunc(a.Expected, func(e Expected) bool { return e.Entry == o.Entry })
	if i < 0 {
		i = len(a.Expected)
		a.Expected = append(a.Expected, Expected{Entry: o.Entry, Cap: o.Cap})
	}
	e := &a.Expected[i]
	e.Cap = min(e.Cap, o.Cap)
	e.Counts.add(&o.Counts)
	mergeSamples(&e.Samples, o.Samples)
}

// count adds to the activity's own counts and samples.
func (a *Activity) count(counts *Counts, samples map[Measure]*Sample) {
	a.Counts.add(counts)
	mergeSamples(&a.Samples, samples)
}

func (c *Counts) add(o *Counts) {
	for m := range c {
		c[m] += o[m]
	}
}

func mergeSamples(into *map[Measure]*Sample, samples map[Measure]*Sample) {
	for m := range Measures {
		if s := samples[m]; s != nil {
			sampleOf(into, m).Merge(s)
		}
	}
}

// Actor is whose stream the activity belongs to: People for a person, since single people are too sparse to know what
// is usual of them; otherwise the principal, which may be s3event.Unattributed.
func (a *Activity) Actor() string {
	if a.Human && a.Principal != s3event.Unattributed {
		return People
	}
	return a.Principal
}

// People is the actor of all persons of a bucket. No principal can be called so.
const People = "PEOPLE"
