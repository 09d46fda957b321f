package cloudtrail

// What of a record is read: which members of which of its objects, and as what. A member that stands twice has its last
// value, as in encoding/json.

// A place is an object or an array of a record, and what is looked for there.
type place struct {
	members []member                           // of an object
	element *member                            // of an array: each of its elements
	reset   func(r *Record)                    // forgets what was read of it: where it stands twice, the last one counts
	begin   func(s *scanner, i int, r *Record) // it begins at i
	end     func(s *scanner, i int, r *Record) // it ended before i

	in    *place // where it is; nil for the record itself
	other *place // an object in it that nobody looks for: its members are passed over one by one
	bit   uint16 // tells it from the other places that can be reset; 0 if it can't, as an element
}

// A member is one that is looked for, and what becomes of its value: text returns where its string goes, nil if it is none;
// read reads it at i, or whatever stands there; or it is a place.
type member struct {
	name  string
	text  func(r *Record) *[]byte
	read  func(s *scanner, i int, r *Record) (next int)
	place *place
}

var thisRecord = linked(&place{members: []member{
	{name: "eventVersion", text: func(r *Record) *[]byte { return &r.EventVersion }},
	{name: "eventTime", read: func(s *scanner, i int, r *Record) int { return s.time(i, &r.EventTime) }},
	{name: "eventSource", text: func(r *Record) *[]byte { return &r.EventSource }},
	{name: "eventName", text: func(r *Record) *[]byte { return &r.EventName }},
	{name: "eventType", text: func(r *Record) *[]byte { return &r.EventType }},
	{name: "eventCategory", text: func(r *Record) *[]byte { return &r.EventCategory }},
	{name: "eventID", text: func(r *Record) *[]byte { return &r.EventID }},
	{name: "requestID", text: func(r *Record) *[]byte { return &r.RequestID }},
	{name: "awsRegion", text: func(r *Record) *[]byte { return &r.AWSRegion }},
	{name: "sourceIPAddress", text: func(r *Record) *[]byte { return &r.SourceIPAddress }},
	{name: "userAgent", text: func(r *Record) *[]byte { return &r.UserAgent }},
	{name: "errorCode", text: func(r *Record) *[]byte { return &r.ErrorCode }},
	{name: "recipientAccountId", text: func(r *Record) *[]byte { return &r.RecipientAccountID }},
	{name: "managementEvent", read: func(s *scanner, i int, r *Record) int { return s.bool(i, &r.ManagementEvent) }},
	{name: "sessionCredentialFromConsole", read: func(s *scanner, i int, r *Record) int { return s.flag(i, &r.SessionCredentialFromConsole) }},
	{name: "userIdentity", read: (*scanner).userIdentity},
	{name: "resources", place: resources},
	{name: "requestParameters", place: requestParameters},
	{name: "responseElements", place: responseElements},
	{name: "additionalEventData", place: additionalEventData},
	{name: "addendum", place: &place{
		reset:   func(r *Record) { r.Addendum = Addendum{} },
		members: []member{{name: "reason", text: func(r *Record) *[]byte { return &r.Addendum.Reason }}},
	}},
}})

var userIdentity = linked(&place{
	members: []member{
		{name: "type", text: func(r *Record) *[]byte { return &r.UserIdentity.Type }},
		{name: "principalId", text: func(r *Record) *[]byte { return &r.UserIdentity.PrincipalID }},
		{name: "arn", text: func(r *Record) *[]byte { return &r.UserIdentity.ARN }},
		{name: "accountId", text: func(r *Record) *[]byte { return &r.UserIdentity.AccountID }},
		{name: "invokedBy", text: func(r *Record) *[]byte { return &r.UserIdentity.InvokedBy }},
		{name: "userName", text: func(r *Record) *[]byte { return &r.UserIdentity.UserName }},
		{name: "identityProvider", text: func(r *Record) *[]byte { return &r.UserIdentity.IdentityProvider }},
		{name: "sessionContext", place: &place{
			reset: func(r *Record) { r.UserIdentity.SessionContext = SessionContext{} },
			members: []member{
				{name: "sessionIssuer", place: &place{
					reset:   func(r *Record) { r.UserIdentity.SessionContext.SessionIssuer = SessionIssuer{} },
					members: []member{{name: "arn", text: func(r *Record) *[]byte { return &r.UserIdentity.SessionContext.SessionIssuer.ARN }}},
				}},
				{name: "webIdFederationData", place: &place{
					reset: func(r *Record) {
						r.UserIdentity.SessionContext.WebIDFederationData = WebIDFederationData{}
					},
					members: []member{{name: "federatedProvider", text: func(r *Record) *[]byte {
						return &r.UserIdentity.SessionContext.WebIDFederationData.FederatedProvider
					}}},
				}},
			},
		}},
	},
})

var resources = &place{
	reset: func(r *Record) { r.Resources = r.Resources[:0] },
	end:   func(_ *scanner, _ int, r *Record) { r.Resources = r.Resources[:min(len(r.Resources), maxResources)] },
	element: &member{place: &place{
		begin: func(_ *scanner, _ int, r *Record) { // of those that are too many only the last one is there, until the array ends
			r.Resources = append(r.Resources[:min(len(r.Resources), maxResources)], Resource{})
		},
		members: []member{
			{name: "type", text: func(r *Record) *[]byte { return &lastResource(r).Type }},
			{name: "ARN", text: func(r *Record) *[]byte { return &lastResource(r).ARN }},
			{name: "accountId", text: func(r *Record) *[]byte { return &lastResource(r).AccountID }},
		},
	}},
}

func lastResource(r *Record) *Resource { return &r.Resources[len(r.Resources)-1] }

var requestParameters = &place{
	reset: func(r *Record) { r.RequestParameters = RequestParameters{} },
	begin: func(s *scanner, i int, _ *Record) { s.parameters = i },
	end:   func(s *scanner, i int, r *Record) { r.RequestParameters.Raw = s.b[s.parameters:i:i] },
	members: []member{
		{name: "bucketName", text: func(r *Record) *[]byte { return &r.RequestParameters.BucketName }},
		{name: "key", text: func(r *Record) *[]byte { return &r.RequestParameters.Key }},
		{name: "Key", text: func(r *Record) *[]byte { return &r.RequestParameters.Key }},
		{name: "versionId", text: func(r *Record) *[]byte { return &r.RequestParameters.VersionID }},
		{name: "x-amz-copy-source", text: func(r *Record) *[]byte { return &r.RequestParameters.CopySource }},
		{name: "x-amz-server-side-encryption-customer-algorithm", text: func(r *Record) *[]byte { return &r.RequestParameters.SSECustomerAlgorithm }},
		{name: "x-amz-server-side-encryption-aws-kms-key-id", text: func(r *Record) *[]byte { return &r.RequestParameters.SSEKMSKeyID }},
	},
}

var responseElements = &place{
	reset: func(r *Record) { r.ResponseElements = ResponseElements{} },
	members: []member{
		{name: "x-amz-delete-marker", text: func(r *Record) *[]byte { return &r.ResponseElements.DeleteMarker }},
		{name: "x-amz-server-side-encryption-customer-algorithm", text: func(r *Record) *[]byte { return &r.ResponseElements.SSECustomerAlgorithm }},
		{name: "x-amz-server-side-encryption-aws-kms-key-id", text: func(r *Record) *[]byte { return &r.ResponseElements.SSEKMSKeyID }},
	},
}

var additionalEventData = &place{
	reset: func(r *Record) { r.AdditionalEventData = AdditionalEventData{} },
	members: []member{
		{name: "bytesTransferredIn", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.BytesTransferredIn) }},
		{name: "bytesTransferredOut", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.BytesTransferredOut) }},
		{name: "httpStatusCode", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.HTTPStatusCode) }},
		{name: "startTime", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.StartTime) }},
		{name: "endTime", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.EndTime) }},
		{name: "turnAroundTime", read: func(s *scanner, i int, r *Record) int { return s.float(i, &r.AdditionalEventData.TurnAroundTime) }},
		{name: "SSEApplied", text: func(r *Record) *[]byte { return &r.AdditionalEventData.SSEApplied }},
	},
}

// linked tells the places within p where they are, and returns p.
func linked(p *place) *place {
	bit := uint16(1)
	link(p, &bit)
	return p
}

func link(p *place, bit *uint16) {
	if p.reset != nil {
		if *bit == 0 {
			panic("more places than place.bit has bits")
		}
		p.bit = *bit
		*bit <<= 1
	}
	within := p.members
	if p.element != nil {
		within = []member{*p.element}
	} else {
		p.other = &place{in: p}
	}
	for _, m := range within {
		if m.place != nil {
			m.place.in = p
			link(m.place, bit)
		}
	}
}

// of returns the member with that name, nil if nobody looks for it.
func (p *place) of(name []byte) *member {
	if p.element != nil {
		return p.element
	}
	for i := range p.members {
		if p.members[i].name == string(name) {
			return &p.members[i]
		}
	}
	return nil
}

// bracket returns what p ends with.
func (p *place) bracket() byte {
	if p.element != nil {
		return ']'
	}
	return '}'
}

// into returns the place that the value of m, a member of p, is, if it begins with c; nil if the value is not looked into.
func (p *place) into(m *member, c byte) *place {
	switch {
	case m == nil && c == '{':
		return p.other
	case m == nil || m.place == nil || c != '{' && c != '[' || (c == '[') != (m.place.element != nil):
		return nil
	}
	return m.place
}

// value reads the value at i, which is not looked into, as m says.
func (s *scanner) value(i int, m *member, r *Record) (next int) {
	switch {
	case m == nil:
	case m.text != nil:
		return s.string(i, m.text(r))
	case m.read != nil:
		return m.read(s, i, r)
	case m.place.reset != nil:
		m.place.reset(r)
	default:
		m.place.begin(s, i, r)
	}
	return s.skip(i)
}

// record reads the value at i into r.
func (s *scanner) record(i int, r *Record) int {
	r.reset()
	return s.records.read(s, i, r)
}
