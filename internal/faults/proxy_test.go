package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// service is one that the function calls.
type service int

const (
	s3 service = iota
	dynamoDB
	sns
)

// call is one request of the function, by what it is about: what differs in each run, as owners of claims and times, is
// no part of it.
type call struct {
	service service
	action  string // as AWS names it
	about   string // key, keys of the first item, or subject
}

func (c call) String() string { return c.action + " " + c.about }

// isMark tells whether the call is to mark a log file as done.
func (c call) isMark() bool { return c.action == "PutItem done" }

// fault is what befalls a call.
type fault int

const (
	none     fault = iota
	delayed        // the answer comes late
	refused        // throttled, or an error of the service
	broken         // the connection breaks before anything is done
	lost           // it is done, and the connection breaks before the answer
	cut            // the connection breaks in the middle of the answer
	damaged        // the answer is whole, and a byte of it is another one
	short          // the answer ends early, and says that this is its length
	twice          // it comes twice, as if the client hadn't got the first answer
	halfDone       // half of a batch is left out
	stalled        // half an answer, and then nothing as long as somebody waits
	killedBefore
	killedAfter    // it is done, but not answered
	killedMidway   // in the middle of the answer
	killedAnswered // a moment after the answer
)

var faultNames = []string{"none", "delayed", "refused", "broken", "lost", "cut", "damaged", "short", "twice", "half done", "stalled",
	"killed before", "killed after", "killed midway", "killed when answered"}

func (f fault) String() string { return faultNames[f] }

// moment is how long after the answer a process is killed: time enough to write lines and begin with the next call.
const moment = 1500 * time.Microsecond

// plan says what befalls a call: nth in its invocation, from 0. It also returns a number from 0 to 1 for how much, or
// where.
type plan func(c call, nth int) (f fault, where float64)

func calm(call, int) (fault, float64) { return none, 0 }

// proxy stands between one environment and AWS.
type proxy struct {
	e      *environment
	server *httptest.Server
	to     [3]*url.URL
	http   *http.Transport
}

func newProxy(t testing.TB, e *environment, to [3]string) *proxy {
	t.Helper()
	p := &proxy{e: e, http: &http.Transport{MaxIdleConnsPerHost: 8}}
	for i := range to {
		var err error
		if p.to[i], err = url.Parse(to[i]); err != nil {
			t.Fatal(err)
		}
	}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that break are the purpose
	p.server.Start()
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		p.http.CloseIdleConnections()
	})
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.e.serve(1)
	defer p.e.serve(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process is gone
	}
	c := describe(r, body)
	f, where := p.e.befall(c)
	switch f {
	case delayed:
		time.Sleep(time.Duration(where * float64(5*time.Millisecond)))
	case refused:
		refuse(w, c.service, where)
		return
	case broken:
		panic(http.ErrAbortHandler)
	case killedBefore:
		p.e.kill()
		return
	case twice:
		if first, err := p.send(r, body, c); err == nil {
			p.e.answered(c, first)
			first.Body.Close()
		}
	case halfDone:
		p.half(w, r, body, c)
		return
	}
	p.forward(w, r, body, c, f, where)
}

// send sends the request on.
func (p *proxy) send(r *http.Request, body []byte, c call) (*http.Response, error) {
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host, out.Host = p.to[c.service].Scheme, p.to[c.service].Host, ""
	out.Body = io.NopCloser(bytes.NewReader(body))
	return p.http.RoundTrip(out)
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, c call, f fault, where float64) {
	waits := r.Context()
	// What has reached AWS is done there, whatever becomes of who asked.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Body = io.NopCloser(bytes.NewReader(body))
	reverse := httputil.ReverseProxy{
		Transport: p.http,
		Rewrite:   func(pr *httputil.ProxyRequest) { pr.SetURL(p.to[c.service]) },
		ErrorLog:  log.New(io.Discard, "", 0),
		ModifyResponse: func(answer *http.Response) error {
			p.e.answered(c, answer)
			switch f {
			case lost:
				panic(http.ErrAbortHandler)
			case killedAfter:
				p.e.kill()
				panic(http.ErrAbortHandler)
			case cut, damaged, short, stalled, killedMidway:
				return p.spoil(waits, answer, f, where)
			}
			return nil
		},
	}
	reverse.ServeHTTP(w, r)
	if f == killedAnswered {
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		time.Sleep(time.Duration(where * float64(moment)))
		p.e.kill()
	}
}

// spoil changes the body of an answer.
func (p *proxy) spoil(waits context.Context, answer *http.Response, f fault, where float64) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	answer.Body.Close()
	at := int(where * float64(len(body)))
	switch f {
	case damaged:
		if len(body) > 0 {
			body[at] ^= 0x10
		}
	case short:
		body = body[:at]
		answer.ContentLength = int64(at)
		answer.Header.Set("Content-Length", fmt.Sprint(at))
	case cut, stalled, killedMidway:
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:at]), readerFunc(func([]byte) (int, error) {
			switch f {
			case stalled:
				<-waits.Done()
			case killedMidway:
				p.e.kill()
			}
			return 0, errors.New("cut")
		})))
		return nil
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// half does half of a batch and returns the rest as not processed, which is how DynamoDB throttles batches.
func (p *proxy) half(w http.ResponseWriter, r *http.Request, body []byte, c call) {
	var batch struct{ RequestItems map[string][]json.RawMessage }
	if err := json.Unmarshal(body, &batch); err != nil {
		panic(http.ErrAbortHandler)
	}
	left := map[string][]json.RawMessage{}
	for table, writes := range batch.RequestItems {
		n := len(writes) / 2
		left[table] = writes[n:]
		if batch.RequestItems[table] = writes[:n]; n == 0 {
			delete(batch.RequestItems, table)
		}
	}
	if len(batch.RequestItems) > 0 {
		first, err := json.Marshal(batch)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.ContentLength = int64(len(first))
		answer, err := p.send(r, first, c)
		if err != nil || answer.StatusCode != http.StatusOK {
			panic(http.ErrAbortHandler)
		}
		answer.Body.Close()
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(map[string]any{"UnprocessedItems": left}) // the process may be gone
}

type refusal struct {
	status int
	code   string
}

// refusals are errors that a service answers with. They are described at "Error responses" of its API reference.
var refusals = [3][]refusal{
	s3: {{503, "SlowDown"}, {500, "InternalError"}, {403, "AccessDenied"}, {404, "NoSuchKey"}},
	dynamoDB: {{400, "ProvisionedThroughputExceededException"}, {400, "ThrottlingException"}, {500, "InternalServerError"}, {503, "ServiceUnavailable"},
		{400, "AccessDeniedException"}, {400, "ResourceNotFoundException"}},
	sns: {{500, "InternalError"}, {400, "Throttling"}, {403, "AuthorizationError"}},
}

// refuse answers with one of the service's own errors.
func refuse(w http.ResponseWriter, s service, which float64) {
	choices := refusals[s]
	it := choices[int(which*float64(len(choices)))]
	body := fmt.Sprintf("<ErrorResponse><Error><Code>%s</Code><Message>a fault</Message></Error></ErrorResponse>", it.code)
	switch s {
	case s3:
		body = fmt.Sprintf("<Error><Code>%s</Code><Message>a fault</Message></Error>", it.code)
	case dynamoDB:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		body = fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"a fault"}`, it.code)
	}
	w.WriteHeader(it.status)
	_, _ = io.WriteString(w, body) // the process may be gone
}

// describe tells what a request is.
func describe(r *http.Request, body []byte) call {
	type keys struct{ PK, SK struct{ S string } }
	var request struct {
		Key, Item                 keys
		ExpressionAttributeValues map[string]struct{ S string }
		RequestItems              map[string][]struct{ PutRequest struct{ Item keys } }
	}
	if action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810."); ok {
		if err := json.Unmarshal(body, &request); err != nil {
			panic(err) // of our own client
		}
		it := request.Key
		switch action {
		case "PutItem":
			it = request.Item
			if isDone(body) {
				action += " done"
			}
		case "Query":
			it.PK.S = request.ExpressionAttributeValues[":pk"].S
			it.SK.S = request.ExpressionAttributeValues[":from"].S + " until " + request.ExpressionAttributeValues[":until"].S
		case "BatchWriteItem":
			for _, writes := range request.RequestItems {
				it = writes[0].PutRequest.Item
			}
		}
		return call{dynamoDB, action, it.PK.S + " / " + it.SK.S}
	}
	if r.Method == http.MethodPost {
		form, _ := url.ParseQuery(string(body))
		return call{sns, form.Get("Action"), form.Get("Subject")}
	}
	return call{s3, "GetObject", r.URL.Path}
}

// isDone tells whether the body of a PutItem marks a claim as done.
func isDone(body []byte) bool {
	var put struct {
		Item struct {
			PK   struct{ S string }
			Data struct{ B []byte }
		}
	}
	var claim struct{ Done time.Time }
	return json.Unmarshal(body, &put) == nil && strings.HasPrefix(put.Item.PK.S, "v1#file#") &&
		json.Unmarshal(put.Item.Data.B, &claim) == nil && !claim.Done.IsZero()
}
