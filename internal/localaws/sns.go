package localaws

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// SNS stands for Amazon SNS: it answers Publish and keeps the messages, as one
// who subscribed by e-mail would have got them. It is as strict as SNS about
// what may be published, so that a message AWS would refuse is found here. Left
// out: every other action, subscriptions, signatures, FIFO topics, attributes,
// telephone numbers.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
type SNS struct {
	server *server
	topics []string

	mu       sync.Mutex
	messages []Message
}

// Message is one that was published.
type Message struct {
	TopicARN string
	Subject  string
	Body     string
}

// SNS's limits. The documentation says that a subject must be shorter than a
// hundred characters; SNS takes a hundred.
const (
	maxSubject    = 100
	maxMessage    = 256 << 10 // bytes
	maxSNSRequest = 4 * maxMessage
)

// NewSNS starts an SNS with the given topics.
func NewSNS(topicARNs ...string) (*SNS, error) {
	s := &SNS{topics: slices.Clone(topicARNs)}
	server, err := serve(s)
	if err != nil {
		return nil, fmt.Errorf("cannot start SNS: %w", err)
	}
	s.server = server
	return s, nil
}

// URL is the value for AWS_ENDPOINT_URL_SNS.
func (s *SNS) URL() string { return "http://" + s.server.address }

// Messages returns what was published so far, the oldest first.
func (s *SNS) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Close stops the server. The messages stay.
func (s *SNS) Close() error { return s.server.close() }

// ServeHTTP speaks AWS's query protocol: the parameters are a form, the answer
// is XML.
func (s *SNS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSNSRequest)
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		refuse(w, &snsError{http.StatusBadRequest, "MalformedQueryString", "the request is no form that was posted"})
		return
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			refuse(w, &snsError{http.StatusBadRequest, "MalformedQueryString", "a parameter comes twice"})
			return
		}
	}
	id, err := s.publish(r.PostForm)
	if err != nil {
		refuse(w, err)
		return
	}
	writeXML(w, http.StatusOK, publishResponse{MessageID: id, RequestID: requestID})
}

// publish keeps the message of a request, and returns its number as an id.
func (s *SNS) publish(form url.Values) (id string, _ *snsError) {
	if action, version := form.Get("Action"), form.Get("Version"); action != "Publish" || version != "2010-03-31" {
		return "", &snsError{http.StatusBadRequest, "InvalidAction",
			fmt.Sprintf("Could not find operation %s for version %s", action, version)}
	}
	for name := range form {
		if !slices.Contains([]string{"Action", "Version", "TopicArn", "Subject", "Message"}, name) {
			return "", invalid(name + ": not known here")
		}
	}
	m := Message{TopicARN: form.Get("TopicArn"), Subject: form.Get("Subject"), Body: form.Get("Message")}
	switch {
	case len(strings.Split(m.TopicARN, ":")) != 6:
		return "", invalid("TopicArn")
	case !slices.Contains(s.topics, m.TopicARN):
		return "", &snsError{http.StatusNotFound, "NotFound", "Topic does not exist"}
	case form.Has("Subject") && !validSubject(m.Subject):
		return "", invalid("Subject")
	case m.Body == "":
		return "", invalid("Empty message")
	case len(m.Body) > maxMessage:
		return "", invalid("Message too long")
	case !utf8.ValidString(m.Body):
		return "", invalid("Message: not UTF-8")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.messages)), nil
}

// validSubject: ASCII text without control characters that begins with a letter,
// a digit or a punctuation mark.
func validSubject(subject string) bool {
	if subject == "" || len(subject) > maxSubject || subject[0] == ' ' {
		return false
	}
	return !strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' })
}

// snsError is a refusal as SNS words it.
type snsError struct {
	status        int
	code, message string
}

func invalid(what string) *snsError {
	return &snsError{http.StatusBadRequest, "InvalidParameter", "Invalid parameter: " + what}
}

func refuse(w http.ResponseWriter, e *snsError) {
	writeXML(w, e.status, errorResponse{Type: "Sender", Code: e.code, Message: e.message, RequestID: requestID})
}

// requestID is the same for all: what a test or the demo prints stays the same.
const requestID = "00000000-0000-4000-8000-000000000000"

type publishResponse struct {
	XMLName   xml.Name `xml:"http://sns.amazonaws.com/doc/2010-03-31/ PublishResponse"`
	MessageID string   `xml:"PublishResult>MessageId"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

type errorResponse struct {
	XMLName   xml.Name `xml:"http://sns.amazonaws.com/doc/2010-03-31/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func writeXML(w http.ResponseWriter, status int, document any) {
	body, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", requestID)
	w.WriteHeader(status)
	// A client that is gone by now has no use for the answer.
	_, _ = w.Write(append(body, '\n'))
}
