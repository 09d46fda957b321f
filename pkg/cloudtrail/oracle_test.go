package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The oracle reads a document with encoding/json, slowly and without any of the Reader's code. Documents are never
// decoded into structs: that would match member names without regard to case and merge members that stand twice.

// errDamaged stands for any *Error in what the oracle expects.
var errDamaged = errors.New("an *Error")

// oracle returns what Read should deliver for the unpacked document: a dump of each record, and the error after them,
// errDamaged for any *Error. The records of a damaged document aren't told.
func oracle(doc []byte) (records []string, err error) {
	if !json.Valid(doc) {
		return nil, errDamaged
	}
	switch trimmed := bytes.TrimLeft(doc, " \t\r\n"); trimmed[0] {
	case '[':
		return nil, ErrNoRecords
	case '{':
	default:
		return nil, errDamaged
	}
	var list json.RawMessage
	found := 0
	for _, m := range oracleMembers(doc) {
		if m.name == "Records" {
			list = m.value
			found++
		}
	}
	switch {
	case found == 0:
		return nil, ErrNoRecords
	case found > 1 || list[0] != '[':
		return nil, errDamaged
	}
	for _, element := range oracleElements(list) {
		r := oracleRecord(element)
		records = append(records, dump(&r))
	}
	return records, io.EOF
}

// oracleObject is oracle for the bytes of an object, unpacked with the standard library's gzip.
func oracleObject(object []byte) (records []string, err error) {
	if len(object) == 0 {
		return nil, ErrEmpty
	}
	if !bytes.HasPrefix(object, []byte{0x1f, 0x8b}) {
		return oracle(object)
	}
	z, err := gzip.NewReader(bytes.NewReader(object))
	if err != nil {
		return nil, errDamaged
	}
	doc, err := io.ReadAll(z)
	if err != nil {
		return nil, errDamaged
	}
	return oracle(doc)
}

type oracleMember struct {
	name  string
	value json.RawMessage
}

// oracleMembers lists the members of an object in order, duplicates included; none for any other value.
func oracleMembers(raw json.RawMessage) (members []oracleMember) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if brace, _ := d.Token(); brace != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			panic(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		members = append(members, oracleMember{name.(string), value})
	}
	return members
}

func oracleElements(raw json.RawMessage) (elements []json.RawMessage) {
	if err := json.Unmarshal(raw, &elements); err != nil && raw[0] == '[' {
		panic(err)
	}
	return elements
}

// oracleObjectOf is the last value of each member of an object.
type oracleObjectOf map[string]json.RawMessage

func oracleValues(raw json.RawMessage) oracleObjectOf {
	values := oracleObjectOf{}
	for _, m := range oracleMembers(raw) {
		values[m.name] = m.value
	}
	return values
}

func (o oracleObjectOf) text(name string) []byte { return oracleText(o[name]) }

func oracleText(raw json.RawMessage) []byte {
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		panic(err)
	}
	return []byte(text)
}

func (o oracleObjectOf) number(name string) Number {
	raw := o[name]
	var n Number
	if len(raw) == 0 || !strings.ContainsRune("-0123456789", rune(raw[0])) || json.Unmarshal(raw, &n.Value) != nil {
		return Number{}
	}
	n.Set = true
	return n
}

func (o oracleObjectOf) bool(name string) Bool {
	switch string(o[name]) {
	case "true":
		return True
	case "false":
		return False
	}
	return Absent
}

// flag is a boolean or the text of one.
func (o oracleObjectOf) flag(name string) Bool {
	switch string(o.text(name)) {
	case "true":
		return True
	case "false":
		return False
	}
	return o.bool(name)
}

func (o oracleObjectOf) time(name string) time.Time {
	var t time.Time
	if raw := o[name]; len(raw) == 0 || raw[0] != '"' || t.UnmarshalText(oracleText(raw)) != nil {
		return time.Time{}
	}
	return t.UTC()
}

func oracleRecord(raw json.RawMessage) Record {
	o := oracleValues(raw)
	r := Record{
		EventVersion:       o.text("eventVersion"),
		EventTime:          o.time("eventTime"),
		EventSource:        o.text("eventSource"),
		EventName:          o.text("eventName"),
		EventType:          o.text("eventType"),
		EventCategory:      o.text("eventCategory"),
		EventID:            o.text("eventID"),
		RequestID:          o.text("requestID"),
		AWSRegion:          o.text("awsRegion"),
		SourceIPAddress:    o.text("sourceIPAddress"),
		UserAgent:          o.text("userAgent"),
		ErrorCode:          o.text("errorCode"),
		RecipientAccountID: o.text("recipientAccountId"),
		ManagementEvent:    o.bool("managementEvent"),

		SessionCredentialFromConsole: o.flag("sessionCredentialFromConsole"),
	}
	u := oracleValues(o["userIdentity"])
	r.UserIdentity = UserIdentity{
		Type:        u.text("type"),
		PrincipalID: u.text("principalId"),
		ARN:         u.text("arn"),
		AccountID:   u.text("accountId"),
		InvokedBy:   u.text("invokedBy"),
		UserName:    u.text("userName"),

		IdentityProvider: u.text("identityProvider"),
	}
	r.UserIdentity.SessionContext.SessionIssuer.ARN =
		oracleValues(oracleValues(u["sessionContext"])["sessionIssuer"]).text("arn")
	r.UserIdentity.SessionContext.WebIDFederationData.FederatedProvider =
		oracleValues(oracleValues(u["sessionContext"])["webIdFederationData"]).text("federatedProvider")
	if list := o["resources"]; len(list) > 0 && list[0] == '[' {
		for _, element := range oracleElements(list) {
			e := oracleValues(element)
			if len(r.Resources) < maxResources {
				r.Resources = append(r.Resources, Resource{Type: e.text("type"), ARN: e.text("ARN"), AccountID: e.text("accountId")})
			}
		}
	}
	if raw := o["requestParameters"]; len(raw) > 0 && raw[0] == '{' {
		p := oracleValues(raw)
		r.RequestParameters = RequestParameters{
			BucketName: p.text("bucketName"),
			VersionID:  p.text("versionId"),
			CopySource: p.text("x-amz-copy-source"),

			SSECustomerAlgorithm: p.text("x-amz-server-side-encryption-customer-algorithm"),
			SSEKMSKeyID:          p.text("x-amz-server-side-encryption-aws-kms-key-id"),

			Raw: raw,
		}
		for _, m := range oracleMembers(raw) {
			if m.name == "key" || m.name == "Key" {
				r.RequestParameters.Key = oracleText(m.value)
			}
		}
	}
	e := oracleValues(o["responseElements"])
	r.ResponseElements = ResponseElements{
		DeleteMarker:         e.text("x-amz-delete-marker"),
		SSECustomerAlgorithm: e.text("x-amz-server-side-encryption-customer-algorithm"),
		SSEKMSKeyID:          e.text("x-amz-server-side-encryption-aws-kms-key-id"),
	}
	a := oracleValues(o["additionalEventData"])
	r.AdditionalEventData = AdditionalEventData{
		BytesTransferredIn:  a.number("bytesTransferredIn"),
		BytesTransferredOut: a.number("bytesTransferredOut"),
		HTTPStatusCode:      a.number("httpStatusCode"),
		StartTime:           a.number("startTime"),
		EndTime:             a.number("endTime"),
		TurnAroundTime:      a.number("turnAroundTime"),
		SSEApplied:          a.text("SSEApplied"),
	}
	r.Addendum.Reason = oracleValues(o["addendum"]).text("reason")
	return r
}

// dump writes the fields of r that are set, one a line. By reflection, so that a new field can't be forgotten: the
// oracle must fill it.
func dump(r *Record) string {
	var b strings.Builder
	dumpValue(&b, "", reflect.ValueOf(r).Elem())
	return b.String()
}

func dumpValue(b *strings.Builder, path string, v reflect.Value) {
	switch value := v.Interface().(type) {
	case time.Time:
		if !value.IsZero() {
			fmt.Fprintf(b, "%s %s\n", path, value.Format(time.RFC3339Nano))
		}
	case []byte:
		if len(value) > 0 || value != nil && strings.HasSuffix(path, ".Raw") {
			fmt.Fprintf(b, "%s %q\n", path, value)
		}
	case Bool:
		if value != Absent {
			fmt.Fprintf(b, "%s %t\n", path, value == True)
		}
	case Number:
		if value.Set {
			fmt.Fprintf(b, "%s %g\n", path, value.Value)
		} else if value.Value != 0 {
			fmt.Fprintf(b, "%s absent but %g\n", path, value.Value)
		}
	case []Resource:
		for i := range value {
			fmt.Fprintf(b, "%s[%d]\n", path, i)
			dumpValue(b, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		for i := range v.NumField() {
			dumpValue(b, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// readAll reads d to its end. The records are dumped at once, since the next Read overwrites them.
func readAll(d *Reader) (records []string, err error) {
	var record Record
	for {
		if err := d.Read(&record); err != nil {
			return records, err
		}
		records = append(records, dump(&record))
	}
}

// checkRead fails the test unless reading gave what was wanted; size is the length of what an Error's offset counts
// (the document, or the object).
func checkRead(t testing.TB, records []string, err error, wantRecords []string, wantErr error) {
	t.Helper()
	if wantErr == errDamaged {
		checkDamaged(t, err)
		return
	}
	if err != wantErr {
		t.Fatalf("Read = error %v after %d records, want %v", err, len(records), wantErr)
	}
	if len(records) != len(wantRecords) {
		t.Fatalf("Read gave %d records, want %d", len(records), len(wantRecords))
	}
	for i := range records {
		if records[i] != wantRecords[i] {
			t.Fatalf("Read gave record %d\n%swant\n%s", i, records[i], wantRecords[i])
		}
	}
}

// checkDamaged fails the test unless err is the error of a damaged file.
func checkDamaged(t testing.TB, err error) *Error {
	t.Helper()
	var damaged *Error
	switch {
	case !errors.As(err, &damaged):
		t.Fatalf("Read = error %v (%T), want an *Error", err, err)
	case errors.Is(err, io.EOF) || errors.Is(err, ErrEmpty) || errors.Is(err, ErrNoRecords):
		t.Fatalf("Read = error %v, which passes for the clean end of a file", err)
	case damaged.Err == nil:
		t.Fatal("Read = an *Error that says nothing")
	}
	of := "the unpacked document"
	if damaged.Object {
		of = "the object"
	}
	if want := fmt.Sprintf(" at byte %d of %s", damaged.Offset, of); !strings.HasSuffix(err.Error(), want) {
		t.Fatalf("Read = error %q, want it to end with %q", err, want)
	}
	return damaged
}
