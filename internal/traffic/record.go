package traffic

import (
	"strconv"
	"time"
)

// record is one CloudTrail record: what varies, in the order in which CloudTrail writes it.
type record struct {
	version       string // eventVersion
	identity      []byte // userIdentity
	at            time.Time
	source, name  string
	region        string
	address       string
	agent         string
	code, message string // errorCode, errorMessage: left out when empty
	params        members
	response      members
	additional    members // left out when nil
	requestID     string
	eventID       string
	readOnly      bool
	resources     []resource // left out when nil
	eventType     string
	management    bool
	recipient     string
	sharedID      string  // left out when empty
	host          string  // tlsDetails.clientProvidedHostHeader; no tlsDetails when empty
	console       bool    // sessionCredentialFromConsole
	addendum      members // left out when nil
}

// resource is one entry of resources.
type resource struct {
	account string // of the owner; left out when empty
	kind    string
	arn     string
	prefix  bool // the member is ARNPrefix: the request names no object
}

// old says whether the record is of the time (before 2020) that knew neither managementEvent nor eventCategory.
func (r *record) old() bool { return r.version == "1.05" }

// cipher is the suite that a record names twice, by TLS version as event versions went along with it.
func (r *record) cipher() (version, suite string) {
	if r.version == "1.11" || r.version == "1.10" {
		return "TLSv1.3", "TLS_AES_128_GCM_SHA256"
	}
	return "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"
}

// appendTo appends the record as JSON.
func (r *record) appendTo(b []byte) []byte {
	str := func(name, value string) {
		b = append(append(append(b, ",\""...), name...), "\":"...)
		b = appendString(b, value)
	}
	obj := func(name string, ms members) {
		b = append(append(append(b, ",\""...), name...), "\":"...)
		b = ms.appendTo(b)
	}
	boolean := func(name string, v bool) {
		b = append(append(append(b, ",\""...), name...), "\":"...)
		b = strconv.AppendBool(b, v)
	}
	b = append(b, `{"eventVersion":"`...)
	b = append(b, r.version...)
	b = append(b, `","userIdentity":`...)
	b = append(b, r.identity...)
	b = append(b, `,"eventTime":"`...)
	b = r.at.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, '"')
	str("eventSource", r.source)
	str("eventName", r.name)
	str("awsRegion", r.region)
	str("sourceIPAddress", r.address)
	str("userAgent", r.agent)
	if r.code != "" {
		str("errorCode", r.code)
		str("errorMessage", r.message)
	}
	obj("requestParameters", r.params)
	obj("responseElements", r.response)
	if r.additional != nil {
		obj("additionalEventData", r.additional)
	}
	if r.requestID != "" {
		str("requestID", r.requestID)
	}
	str("eventID", r.eventID)
	boolean("readOnly", r.readOnly)
	if r.resources != nil {
		b = append(b, `,"resources":[`...)
		for i, res := range r.resources {
			if i > 0 {
				b = append(b, ',')
			}
			b = res.appendTo(b)
		}
		b = append(b, ']')
	}
	str("eventType", r.eventType)
	if !r.old() {
		boolean("managementEvent", r.management)
	}
	str("recipientAccountId", r.recipient)
	if r.sharedID != "" {
		str("sharedEventID", r.sharedID)
	}
	if r.addendum != nil {
		obj("addendum", r.addendum)
	}
	if !r.old() {
		category := "Data"
		if r.management {
			category = "Management"
		}
		str("eventCategory", category)
		if r.host != "" {
			version, suite := r.cipher()
			b = append(b, `,"tlsDetails":{"tlsVersion":"`...)
			b = append(b, version...)
			b = append(b, `","cipherSuite":"`...)
			b = append(b, suite...)
			b = append(b, `","clientProvidedHostHeader":`...)
			b = append(appendString(b, r.host), '}')
		}
		if r.console {
			str("sessionCredentialFromConsole", "true")
		}
	}
	return append(b, '}')
}

func (res resource) appendTo(b []byte) []byte {
	b = append(b, '{')
	if res.account != "" {
		b = append(b, `"accountId":"`...)
		b = append(b, res.account...)
		b = append(b, `",`...)
	}
	b = append(b, `"type":"`...)
	b = append(b, res.kind...)
	if res.prefix {
		b = append(b, `","ARNPrefix":`...)
	} else {
		b = append(b, `","ARN":`...)
	}
	return append(appendString(b, res.arn), '}')
}
