package cloudtrail

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// document is a log file of these records.
func document(records []string) []byte {
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

// checkShapes reads the records five times with one Reader and fails the test unless each is read as encoding/json does,
// whatever was read before. It returns a Reader that did.
func checkShapes(t *testing.T, records []string) *Reader {
	t.Helper()
	doc := document(records)
	wantRecords, wantErr := oracle(doc)
	if wantErr != io.EOF || len(wantRecords) != len(records) {
		t.Fatalf("%d records, error %v, in the document, want %d", len(wantRecords), wantErr, len(records))
	}
	var d *Reader
	for few := range maxDistinct + 1 {
		d = NewReader(nil)
		setFew(d, few)
		for range 5 {
			d.Reset(bytes.NewReader(doc))
			got, err := readAll(d)
			checkRead(t, got, err, wantRecords, wantErr)
		}
	}
	return d
}

// TestShapes: what comes where something else came before is read for what it is.
func TestShapes(t *testing.T) {
	member := func(text string) string { return `{"eventVersion":"1.11",` + text + `,"eventName":"GetObject"}` }
	for name, members := range map[string][]string{
		"an object for null":      {`"requestParameters":null`, `"requestParameters":{"key":"a"}`, `"requestParameters":null`, `"requestParameters":{"key":"b"}`},
		"an object for anything":  {`"responseElements":1`, `"responseElements":"x"`, `"responseElements":[]`, `"responseElements":true`, `"responseElements":-1`, `"responseElements":{"x-amz-delete-marker":"true"}`},
		"an object in an object":  {`"tlsDetails":{"a":{"b":1}}`, `"tlsDetails":{"a":{"b":2},"c":{}}`, `"tlsDetails":{"a":[{"b":"}"}]}`, `"tlsDetails":{}`},
		"an object for an array":  {`"resources":[{"ARN":"a"}]`, `"resources":{"ARN":"b"}`, `"resources":null`, `"resources":[{"ARN":"c"}]`},
		"elements of any type":    {`"resources":[1,{"ARN":"a"}]`, `"resources":["x",{"ARN":"b"},[]]`, `"resources":[{"ARN":"c"},null]`, `"resources":[[{"ARN":"d"}]]`},
		"more and fewer elements": {`"resources":[{"ARN":"a"}]`, `"resources":[{"ARN":"b"},{"ARN":"c"},{}]`, `"resources":[]`, `"resources":[{"ARN":"d"},{"type":"t"}]`},
		"too many elements":       {`"resources":[` + strings.Repeat(`{"ARN":"a"},`, maxResources+1) + `{"type":"last"}],"errorCode":"e"`, `"resources":[{"ARN":"b"}]`},
		"a place twice":           {`"requestParameters":{"key":"a"},"requestParameters":{"bucketName":"b"}`, `"requestParameters":{"key":"a"},"requestParameters":{}`, `"requestParameters":{"key":"a"},"requestParameters":null`, `"requestParameters":null,"requestParameters":{"key":"c"}`},
		"an array twice":          {`"resources":[{"ARN":"a"}],"resources":[{"type":"b"}]`, `"resources":[{"ARN":"c"}],"resources":null`, `"resources":[{"ARN":"a"}],"resources":[]`},
		"a member twice":          {`"errorCode":"a","errorCode":"b"`, `"errorCode":"a","errorCode":null`, `"errorCode":null,"errorCode":"c"`},
		"a number that goes on":   {`"additionalEventData":{"httpStatusCode":200}`, `"additionalEventData":{"httpStatusCode":2000}`, `"additionalEventData":{"httpStatusCode":200.5}`, `"additionalEventData":{"httpStatusCode":2}`, `"additionalEventData":{"httpStatusCode":200e1}`},
		"another type":            {`"errorCode":"a"`, `"errorCode":1`, `"errorCode":{"a":"b"}`, `"errorCode":["a"]`, `"errorCode":"b"`, `"errorCode":null`, `"errorCode":false`},
		"escapes":                 {`"errorCode":"a"`, `"errorCode":"\u0061"`, `"errorCode":"a\""`, `"errorCode":"사진"`, `"error\u0043ode":"b"`, `"errorCode":"\\"`},
		"white space":             {`"errorCode":"a"`, `"errorCode": "a"`, `"errorCode" :"b"`, ` "errorCode":  1`, "\n\"errorCode\"\t:\r\n[ ]", `"errorCode":2 `, `"errorCode":3`},
		"strings that look alike": {`"errorCode":"a"`, `"errorCode":"a,"`, `"errorCode":"a\",\"eventName\":\"b"`, `"errorCode":"a","eventName":"c"`},
		"longer than a text":      {`"resources":[` + strings.Repeat(`{"ARN":"a"},`, maxText/10) + `1],"x":[` + strings.Repeat(`{},`, maxText) + `1]`, strings.Repeat(`"addendum":{"reason":"r"},`, maxText/20) + `"errorCode":"a"`, strings.Repeat(`"y":{"key":"no"},`, maxText/10) + `"addendum":{}`},
		"raw parameters":          {`"requestParameters":{ "x" : [ { "key":"no" } ], "key":"a"}`, `"requestParameters":{"y":{"key":"no"},"key":"b" }`, `"requestParameters":{}`},
		"flags":                   {`"sessionCredentialFromConsole":"true"`, `"sessionCredentialFromConsole":true`, `"sessionCredentialFromConsole":"false"`, `"managementEvent":true`, `"managementEvent":"true"`, `"managementEvent":null`},
	} {
		t.Run(name, func(t *testing.T) {
			var records []string
			for range 4 { // until it is known which values vary, and with them in any order
				for i := range members {
					for j := range members {
						records = append(records, member(members[i]), member(members[(i+j)%len(members)]), `{}`)
					}
				}
			}
			checkShapes(t, records)
		})
	}
}

// TestShapesOfAnything: records made of the members that are looked for, and of others, with values of any type and in any
// order, are read as encoding/json does.
func TestShapesOfAnything(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		g := recordMaker{rnd, 1 + rnd.IntN(8)}
		var records []string
		for range 100 {
			records = append(records, g.object(thisRecord, 0))
		}
		checkShapes(t, records)
	}
}

// recordMaker makes records of random members, with so many different values.
type recordMaker struct {
	*rand.Rand
	values int
}

func (g recordMaker) object(p *place, depth int) string {
	var b strings.Builder
	b.WriteByte('{')
	n := g.IntN(6)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.Repeat(" ", g.IntN(20)/19))
		name, within := fmt.Sprint("other", g.IntN(3)), (*place)(nil)
		if p != nil && g.IntN(5) > 0 && len(p.members) > 0 {
			m := p.members[g.IntN(len(p.members))]
			name, within = m.name, m.place
			if m.name == "userIdentity" {
				within = userIdentity
			}
		}
		fmt.Fprintf(&b, "%q:%s", name, g.value(within, depth+1))
	}
	b.WriteByte('}')
	return b.String()
}

func (g recordMaker) value(p *place, depth int) string {
	if p != nil && g.IntN(4) > 0 {
		if p.element == nil {
			return g.object(p, depth)
		}
		var elements []string
		for range g.IntN(4) {
			elements = append(elements, g.value(p.element.place, depth+1))
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	switch n := g.IntN(12); {
	case n == 0 && depth < 6:
		return g.object(nil, depth)
	case n == 1 && depth < 6:
		return "[" + g.value(nil, depth+1) + "]"
	case n == 2:
		return []string{"null", "true", "false", `"true"`}[g.IntN(4)]
	case n == 3:
		return []string{`"\u00e9"`, `"é"`, `"\\"`, `"\""`, `""`, `"2026-01-02T03:04:05Z"`}[g.IntN(6)]
	case n < 6:
		return fmt.Sprint(g.IntN(g.values) * 10)
	case n == 6:
		return fmt.Sprintf("%q", strings.Repeat("long", g.IntN(30)))
	}
	return fmt.Sprintf(`"v%d"`, g.IntN(g.values))
}

// TestShapesForgotten: of more shapes than are remembered each is read all the same, and what comes in the next file is
// learned again.
func TestShapesForgotten(t *testing.T) {
	var steps, names, texts, identities []string
	for i := range 3 * maxSteps {
		identities = append(identities, fmt.Sprintf(`{"userIdentity":{"m%d":[],"arn":"a"}}`, i))
		steps = append(steps, fmt.Sprintf(`{"eventName":"Get","requestParameters":{"m%d":"a","bucketName":"b%d","key" : "k"}, "x%d":{},"errorCode":null}`, i, i, i%5))
	}
	for i := range 5 {
		var b strings.Builder
		for k := range maxSteps {
			fmt.Fprintf(&b, `"n%d":%d,`, i*maxSteps+k, k%10)
		}
		names = append(names, "{"+b.String()+`"eventName":"Get"}`)
	}
	for i := range 4 * maxShapeBytes / 10_000 {
		texts = append(texts, fmt.Sprintf(`{"eventName":"Get",%s"x%d":1}`, strings.Repeat(" ", 10_000), i))
	}
	object := logFile(benchRecords)
	for name, records := range map[string][]string{"steps": steps, "names": names, "texts": texts, "identities": identities} {
		t.Run(name, func(t *testing.T) {
			d := checkShapes(t, records)
			k := &d.scan.records
			if name == "identities" {
				k = &d.scan.identities.shapes
			}
			if !k.full || k.steps > maxSteps || k.bytes > maxShapeBytes || len(k.values) > maxSteps+1 {
				t.Errorf("%d steps of %d bytes and %d values are remembered, full: %t", k.steps, k.bytes, len(k.values), k.full)
			}
			count(t, d, new(Record), bytes.NewReader(object))
			if k.full || k.steps == 0 {
				t.Errorf("%d steps of another file are remembered, full: %t", k.steps, k.full)
			}
		})
	}
}

// TestShapesOfFewerValues: where several values of several members make too many shapes, those that remain once each of these
// varies are learned.
func TestShapesOfFewerValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var records []string
	for range 2 * maxSteps {
		var b strings.Builder
		for i := range 10 {
			fmt.Fprintf(&b, `"m%d":%d,`, i, rnd.IntN(maxDistinct))
		}
		records = append(records, "{"+b.String()+`"eventName":"Get"}`)
	}
	d := NewReader(nil)
	count(t, d, new(Record), bytes.NewReader(document(records)))
	if k := &d.scan.records; k.full || k.few != 1 || k.steps > 100 {
		t.Errorf("%d steps are remembered, of values of which %d don't vary, full: %t, want few, of 1, and false", k.steps, k.few, k.full)
	}
}

// mostSiblings returns how many steps stand beside one another after t or any step after it, at most.
func mostSiblings(t *step) int {
	most, siblings := 0, 0
	for next := t.next; next != nil; next = next.sibling {
		siblings++
		most = max(most, mostSiblings(next))
	}
	return max(most, siblings)
}

// TestShapesAreFew: what was taken for a value that is always the same isn't kept once it is seen to vary, nor what comes
// after it.
func TestShapesAreFew(t *testing.T) {
	d := NewReader(nil)
	for range 2 {
		count(t, d, new(Record), bytes.NewReader(logFile(benchRecords)))
	}
	if got, limit := mostSiblings(&d.scan.records.start), 2*maxDistinct; got > limit {
		t.Errorf("%d steps stand beside one another in a file of few shapes, want at most %d", got, limit)
	}
}

// TestWhatComesOnceIsNotLearned: of a record like no other no more is remembered than where it begins to differ.
func TestWhatComesOnceIsNotLearned(t *testing.T) {
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprintf(`{"eventName":"Get","x%d":{"a":%d,"b":[],"c":"%d","d":[]},"errorCode":[],"eventID":"%d"}`, i, i, i, i))
	}
	d := NewReader(nil)
	count(t, d, new(Record), bytes.NewReader(document(records)))
	if got, limit := d.scan.records.steps, len(records)+10; got > limit {
		t.Errorf("%d steps are remembered of %d records, want at most %d", got, len(records), limit)
	}
}

// TestSiblingsAreBounded: a file in which anything comes after the same value isn't compared with all of it each time. Without
// the bound such a file of 3 MB took nine seconds.
func TestSiblingsAreBounded(t *testing.T) {
	var records []string
	for i := range 4 * maxSiblings {
		records = append(records, fmt.Sprintf(`{"userIdentity":{"m%d":[]},"m%d":[],"eventName":"Get"}`, i, i))
	}
	d := checkShapes(t, records)
	for _, k := range []*shapes{&d.scan.records, &d.scan.identities.shapes} {
		if got := mostSiblings(&k.start); got != maxSiblings {
			t.Errorf("%d steps stand beside one another, want %d", got, maxSiblings)
		}
	}
}

// TestSiblingsInUseStay: a shape that comes again and again stays known, whatever comes between.
func TestSiblingsInUseStay(t *testing.T) {
	const others = 4 * maxSiblings
	var records []string
	for i := range others {
		records = append(records, `{"eventName":[]}`, fmt.Sprintf(`{"m%d":[]}`, i))
	}
	d := NewReader(nil)
	count(t, d, new(Record), bytes.NewReader(document(records)))
	if got, want := d.scan.records.steps, 2+others; got != want {
		t.Errorf("%d steps were learned of %d shapes, want %d", got, 1+others, want)
	}
}

// TestTextsAreBounded: what is learned of a record takes little memory, however large the record is and whatever is in it.
func TestTextsAreBounded(t *testing.T) {
	for name, record := range map[string]string{
		"empty objects": `{"resources":[` + strings.Repeat(`{},`, 60_000) + `{}]}`,
		"elements":      `{"resources":[` + strings.Repeat(`1,`, 60_000) + `1]}`,
		"members":       `{` + strings.Repeat(`"errorCode":1,`, 20_000) + `"errorCode":"e"}`,
		"objects":       `{` + strings.Repeat(`"addendum":{},`, 20_000) + `"errorCode":"e"}`,
		"no effects":    `{` + strings.Repeat(`"x":{"y":1},`, 20_000) + `"errorCode":"e"}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := checkShapes(t, []string{record, record, `{}`})
			k := &d.scan.records
			if got := cap(k.draft.effects); got > maxText {
				t.Errorf("memory for %d effects is kept to learn a text, want at most %d", got, maxText)
			}
			kept := 0
			var look func(t *step)
			look = func(t *step) {
				for next := t.next; next != nil; next = next.sibling {
					kept += len(next.text) + 48*len(next.effects)
					look(next)
				}
			}
			look(&k.start)
			if kept > maxShapeBytes || len(k.draft.text) > 0 {
				t.Errorf("%d bytes of steps, and %d of the window, are kept, want at most %d and 0", kept, len(k.draft.text), maxShapeBytes)
			}
		})
	}
}
