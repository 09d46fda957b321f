package traffic

// bulkDelete is a DeleteObjects call and what became of its keys: one record of the call without its keys, and, since
// June 2025, one of eventType AwsServiceEvent for each object.
type bulkDelete struct {
	request
	keys []deletedKey
}

type deletedKey struct {
	key, version string
	code         string // the key's own error; the call succeeds all the same
	marker       bool
	minimal      bool // its record names neither the caller nor, outside resources, the key
}

// bulkBytes is the size of the call's XML body.
func bulkBytes(keys []deletedKey) int64 {
	n := 122
	for _, k := range keys {
		n += 28 + len(k.key)
		if k.version != "" {
			n += 55
		}
	}
	return int64(n)
}

func (d *bulkDelete) records(t *trail, dst []record) []record {
	call := d.request.record(t.account, t.ids)
	dst = append(dst, call)
	for i := range d.keys {
		dst = append(dst, d.keys[i].record(d, &call, t.ids))
	}
	return dst
}

func (d *bulkDelete) count(t *trail) {
	d.request.count(t)
	for _, k := range d.keys {
		t.truth.record("NotARequest")
		t.truth.deleted(d.bucket.name, k.key, k.version, d.who, k.code, k.marker)
	}
}

// record renders the record of one key. No real one is public: what is certain is eventName, eventType and that it
// says which object; the rest is written twice, as full and as poor as such a record may be. The poor identity is the
// one that real service events of other services have.
func (k *deletedKey) record(d *bulkDelete, call *record, r ids) record {
	rec := record{
		version:   call.version,
		identity:  call.identity,
		at:        call.at,
		source:    call.source,
		name:      "DeleteObject",
		region:    call.region,
		address:   call.address,
		agent:     call.agent,
		requestID: call.requestID,
		eventID:   r.event(),
		eventType: "AwsServiceEvent",
		recipient: call.recipient,
		resources: d.bucket.resources(call.version, k.key),
		console:   call.console,
	}
	if k.code != "" {
		rec.code, rec.message = k.code, messageOf[k.code]
	}
	if k.minimal {
		rec.identity = members{text("accountId", d.bucket.owner), text("invokedBy", "s3.amazonaws.com")}.appendTo(nil)
		rec.address, rec.agent = "s3.amazonaws.com", "s3.amazonaws.com"
		rec.console = false
		return rec
	}
	rec.params = members{text("bucketName", d.bucket.name), text("key", k.key)}
	if k.version != "" {
		rec.params = append(rec.params, text("versionId", k.version))
	}
	if k.marker {
		rec.response = members{text("x-amz-delete-marker", "true")}
	}
	return rec
}
