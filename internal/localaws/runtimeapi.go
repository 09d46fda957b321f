package localaws

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// runtimeAPI is Lambda's side of the conversation with a function:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	arn     string
	pending chan *invocation // unbuffered: taken by the poll that waits
	ready   chan struct{}    // closed by the first poll: the function has started
	failed  chan struct{}    // closed by a report of failed initialisation

	mu      sync.Mutex
	polled  bool
	initErr *FunctionError
	count   int
	current *invocation
}

// An invocation is one payload on its way. As for Lambda it isn't over with the
// answer, but when the function asks for the next one.
type invocation struct {
	id       string
	traceID  string
	payload  []byte
	deadline time.Time
	ended    chan struct{}

	// Guarded by runtimeAPI.mu.
	answered bool
	response []byte
	err      *FunctionError
}

func newRuntimeAPI(arn string) *runtimeAPI {
	return &runtimeAPI{
		arn:     arn,
		pending: make(chan *invocation),
		ready:   make(chan struct{}),
		failed:  make(chan struct{}),
	}
}

func (a *runtimeAPI) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.initFailure)
	return mux
}

// newInvocation numbers invocations instead of drawing a random UUID: what a test
// or the demo prints is then the same each time.
func (a *runtimeAPI) newInvocation(payload []byte, traceID string, timeout time.Duration) *invocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	return &invocation{
		id:       fmt.Sprintf("00000000-0000-4000-8000-%012d", a.count),
		traceID:  traceID,
		payload:  payload,
		deadline: time.Now().Add(timeout),
		ended:    make(chan struct{}),
	}
}

func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if !a.polled {
		a.polled = true
		close(a.ready)
	}
	if a.current != nil {
		close(a.current.ended)
		a.current = nil
	}
	a.mu.Unlock()

	var inv *invocation
	select {
	case inv = <-a.pending:
	case <-r.Context().Done():
		return
	}
	a.mu.Lock()
	a.current = inv
	a.mu.Unlock()

	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", a.arn)
	if inv.traceID != "" {
		h.Set("Lambda-Runtime-Trace-Id", inv.traceID)
	}
	// A function that is gone by now is noticed by its exit.
	_, _ = w.Write(inv.payload)
}

func (a *runtimeAPI) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.answer(w, r.PathValue("id"), body, nil)
}

func (a *runtimeAPI) failure(w http.ResponseWriter, r *http.Request) {
	functionErr, err := readFunctionError(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.answer(w, r.PathValue("id"), nil, functionErr)
}

// answer is recorded before it is acknowledged: a function that exits right
// after its acknowledgement has still answered.
func (a *runtimeAPI) answer(w http.ResponseWriter, id string, response []byte, err *FunctionError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == nil || a.current.id != id || a.current.answered {
		http.Error(w, `{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`, http.StatusBadRequest)
		return
	}
	a.current.answered, a.current.response, a.current.err = true, response, err
	accept(w)
}

func (a *runtimeAPI) initFailure(w http.ResponseWriter, r *http.Request) {
	functionErr, err := readFunctionError(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.initErr == nil {
		a.initErr = functionErr
		close(a.failed)
	}
	accept(w)
}

// outcome is what the function answered, if it has.
func (a *runtimeAPI) outcome(inv *invocation) (response []byte, err *FunctionError, answered bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return inv.response, inv.err, inv.answered
}

func (a *runtimeAPI) initFailed() *FunctionError {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.initErr
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n")
}

func readFunctionError(r *http.Request) (*FunctionError, error) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var body struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	// Lambda passes on what it can't read: the payload is all there is then.
	_ = json.Unmarshal(payload, &body)
	return &FunctionError{
		Type:    cmp.Or(body.ErrorType, r.Header.Get("Lambda-Runtime-Function-Error-Type"), "Unknown"),
		Message: body.ErrorMessage,
		Payload: payload,
	}, nil
}
