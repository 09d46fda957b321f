package localaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DynamoDB stands for Amazon DynamoDB: tables in memory with the string keys pk
// and sk, and of its actions and expressions those that package state/dynamodb
// uses. It refuses whatever else it is asked for, so that a test can't believe in
// what isn't there. Left out: creating tables by a request, signatures, TTL. Every
// read is consistent. It counts units, and throttles where Limit was called.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
type DynamoDB struct {
	server *server

	mu     sync.Mutex
	tables map[string]table
	meters map[string]*meter // by the table's name
}

// NewDynamoDB starts a DynamoDB with empty tables of the given names.
func NewDynamoDB(tables ...string) (*DynamoDB, error) {
	d := &DynamoDB{tables: map[string]table{}, meters: map[string]*meter{}}
	for _, name := range tables {
		d.CreateTable(name)
	}
	server, err := serve(d)
	if err != nil {
		return nil, fmt.Errorf("cannot start DynamoDB: %w", err)
	}
	d.server = server
	return d, nil
}

// URL is the value for AWS_ENDPOINT_URL_DYNAMODB.
func (d *DynamoDB) URL() string { return "http://" + d.server.address }

// CreateTable makes an empty table, in place of one of this name.
func (d *DynamoDB) CreateTable(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables[name] = table{}
	d.meters[name] = newMeter(Capacity{})
}

// Close stops the server and forgets the tables.
func (d *DynamoDB) Close() error { return d.server.close() }

// An attributeValue has one member: S, N or B, as JSON has it.
type attributeValue map[string]string

type attributes map[string]attributeValue

// dynamoRequest has the members of all requests that are understood.
type dynamoRequest struct {
	TableName                           string
	ConsistentRead                      bool
	Key                                 attributes
	Item                                attributes
	ConditionExpression                 string
	KeyConditionExpression              string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           attributes
	ReturnValuesOnConditionCheckFailure string
	ExclusiveStartKey                   attributes
	RequestItems                        map[string][]putRequest
}

// putRequest is one item of a batch.
type putRequest struct{ PutRequest struct{ Item attributes } }

// dynamoError is a refusal as DynamoDB words it.
type dynamoError struct {
	code, message string
	item          attributes // of a condition that failed
}

func (e *dynamoError) Error() string { return e.code + ": " + e.message }

func invalidRequest(format string, args ...any) error {
	return &dynamoError{code: "ValidationException", message: fmt.Sprintf(format, args...)}
}

// ServeHTTP speaks AWS's JSON protocol: the action is in a header, the parameters
// and the answer are JSON.
func (d *DynamoDB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := d.do(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		refusal, ok := errors.AsType[*dynamoError](err)
		if !ok {
			refusal = &dynamoError{code: "SerializationException", message: err.Error()}
		}
		fault := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + refusal.code, "message": refusal.message}
		if refusal.item != nil {
			fault["Item"] = refusal.item
		}
		answer = fault
	}
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(status)
	// A client that is gone by now has no use for the answer.
	_, _ = w.Write(body)
}

func (d *DynamoDB) do(r *http.Request) (answer any, err error) {
	var request dynamoRequest
	decoder := json.NewDecoder(io.LimitReader(r.Body, 17<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return nil, err
	}
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	if !ok {
		return nil, &dynamoError{code: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token"}
	}
	if latency := d.latency(request.tableName()); latency > 0 {
		time.Sleep(latency)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if action == "BatchWriteItem" {
		return d.batchWrite(&request)
	}
	t, err := d.table(request.TableName)
	if err != nil {
		return nil, err
	}
	switch action {
	case "GetItem":
		return d.metered(&request, request.Key, false, t.getItem)
	case "Query":
		return d.metered(&request, attributes{"pk": request.ExpressionAttributeValues[":pk"]}, false, t.query)
	case "PutItem":
		return d.metered(&request, request.Item, true, t.putItem)
	case "DeleteItem":
		return d.metered(&request, request.Key, true, t.deleteItem)
	}
	return nil, &dynamoError{code: "UnknownOperationException", message: action + " is not known here"}
}

// metered does what is asked of the item or partition with the key, if the capacity admits it. A write is billed for the
// larger of what was there and what is, one that a condition refused for what is.
func (d *DynamoDB) metered(request *dynamoRequest, key attributes, write bool, do func(*dynamoRequest) (any, error)) (any, error) {
	m, now := d.meters[request.TableName], time.Now()
	partition, sort := key["pk"]["S"], key["sk"]["S"]
	if !m.admits(partition, write, now) {
		return nil, throttled()
	}
	size := func() int { return d.tables[request.TableName][partition][sort].size() }
	before := size()
	answer, err := do(request)
	bytes := max(before, size())
	if page, ok := answer.(map[string]any); ok && page["Items"] != nil {
		for _, item := range page["Items"].([]attributes) {
			bytes += item.size()
		}
	}
	m.take(partition, write, bytes, now)
	return answer, err
}

// tableName is the one table that is asked: of a batch it is the one of its items.
func (r *dynamoRequest) tableName() string {
	for name := range r.RequestItems {
		return name
	}
	return r.TableName
}

func (d *DynamoDB) table(name string) (table, error) {
	t, ok := d.tables[name]
	if !ok {
		return nil, &dynamoError{code: "ResourceNotFoundException", message: "Requested resource not found"}
	}
	return t, nil
}

// batchWrite puts all items or, where one of them is refused, none. What the capacity doesn't admit is left out; if that
// is all, the batch is throttled.
func (d *DynamoDB) batchWrite(request *dynamoRequest) (any, error) {
	const most = 25
	type put struct {
		name string
		key  itemKey
		putRequest
	}
	var puts []put
	for name, writes := range request.RequestItems {
		if _, err := d.table(name); err != nil {
			return nil, err
		}
		seen := map[itemKey]bool{}
		for _, write := range writes {
			key, err := checkItem(write.PutRequest.Item)
			if err != nil {
				return nil, err
			}
			if seen[key] {
				return nil, invalidRequest("Provided list of item keys contains duplicates")
			}
			seen[key] = true
			puts = append(puts, put{name, key, write})
		}
	}
	if len(puts) == 0 || len(puts) > most {
		return nil, invalidRequest("%d requests, from 1 to %d are allowed", len(puts), most)
	}
	left, done, now := map[string][]putRequest{}, 0, time.Now()
	for _, p := range puts {
		m, item := d.meters[p.name], p.PutRequest.Item
		if !m.admits(p.key.partition, true, now) {
			left[p.name] = append(left[p.name], p.putRequest)
			continue
		}
		t := d.tables[p.name]
		m.take(p.key.partition, true, max(item.size(), t[p.key.partition][p.key.sort].size()), now)
		t.put(p.key, item)
		done++
	}
	if done == 0 {
		return nil, throttled()
	}
	return map[string]any{"UnprocessedItems": left}, nil
}
