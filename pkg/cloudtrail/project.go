package cloudtrail

// One table for each object of a record that is looked into: which members are read, and as what. A member that stands
// twice has its last value, as in encoding/json.

// orders are the orders of the members of these objects.
type orders struct {
	record              order[Record]
	userIdentity        order[UserIdentity]
	sessionContext      order[SessionContext]
	sessionIssuer       order[SessionIssuer]
	webIDFederationData order[WebIDFederationData]
	resources           [2]order[Resource] // the first one has other members than the next
	requestParameters   order[RequestParameters]
	responseElements    order[ResponseElements]
	additionalEventData order[AdditionalEventData]
	addendum            order[Addendum]
}

var recordMembers = []member[Record]{
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
	{name: "userIdentity", read: func(s *scanner, i int, r *Record) int { return s.userIdentity(i, &r.UserIdentity) }},
	{name: "resources", read: func(s *scanner, i int, r *Record) int { return s.resources(i, &r.Resources) }},
	{name: "requestParameters", read: func(s *scanner, i int, r *Record) int { return s.requestParameters(i, &r.RequestParameters) }},
	{name: "responseElements", read: func(s *scanner, i int, r *Record) int { return s.responseElements(i, &r.ResponseElements) }},
	{name: "additionalEventData", read: func(s *scanner, i int, r *Record) int { return s.additionalEventData(i, &r.AdditionalEventData) }},
	{name: "addendum", read: func(s *scanner, i int, r *Record) int { return s.addendum(i, &r.Addendum) }},
	{name: "sessionCredentialFromConsole", read: func(s *scanner, i int, r *Record) int { return s.flag(i, &r.SessionCredentialFromConsole) }},
}

func (s *scanner) record(i int, r *Record) int {
	r.reset()
	return object(s, i, recordMembers, &s.orders.record, r)
}

var userIdentityMembers = []member[UserIdentity]{
	{name: "type", text: func(u *UserIdentity) *[]byte { return &u.Type }},
	{name: "principalId", text: func(u *UserIdentity) *[]byte { return &u.PrincipalID }},
	{name: "arn", text: func(u *UserIdentity) *[]byte { return &u.ARN }},
	{name: "accountId", text: func(u *UserIdentity) *[]byte { return &u.AccountID }},
	{name: "invokedBy", text: func(u *UserIdentity) *[]byte { return &u.InvokedBy }},
	{name: "userName", text: func(u *UserIdentity) *[]byte { return &u.UserName }},
	{name: "identityProvider", text: func(u *UserIdentity) *[]byte { return &u.IdentityProvider }},
	{name: "sessionContext", read: func(s *scanner, i int, u *UserIdentity) int { return s.sessionContext(i, &u.SessionContext) }},
}

func (s *scanner) userIdentity(i int, u *UserIdentity) int {
	key := s.identities.key(s.b[i:])
	if n := s.identities.find(s.b[i:], key, u); n > 0 {
		return i + n
	}
	*u = UserIdentity{}
	end := object(s, i, userIdentityMembers, &s.orders.userIdentity, u)
	if end >= 0 && s.b[i] == '{' {
		s.identities.add(s, key, s.b[i:end])
	}
	return end
}

var sessionContextMembers = []member[SessionContext]{
	{name: "sessionIssuer", read: func(s *scanner, i int, c *SessionContext) int { return s.sessionIssuer(i, &c.SessionIssuer) }},
	{name: "webIdFederationData", read: func(s *scanner, i int, c *SessionContext) int {
		return s.webIDFederationData(i, &c.WebIDFederationData)
	}},
}

func (s *scanner) sessionContext(i int, c *SessionContext) int {
	*c = SessionContext{}
	return object(s, i, sessionContextMembers, &s.orders.sessionContext, c)
}

var sessionIssuerMembers = []member[SessionIssuer]{
	{name: "arn", text: func(issuer *SessionIssuer) *[]byte { return &issuer.ARN }},
}

func (s *scanner) sessionIssuer(i int, issuer *SessionIssuer) int {
	*issuer = SessionIssuer{}
	return object(s, i, sessionIssuerMembers, &s.orders.sessionIssuer, issuer)
}

var webIDFederationDataMembers = []member[WebIDFederationData]{
	{name: "federatedProvider", text: func(d *WebIDFederationData) *[]byte { return &d.FederatedProvider }},
}

func (s *scanner) webIDFederationData(i int, d *WebIDFederationData) int {
	*d = WebIDFederationData{}
	return object(s, i, webIDFederationDataMembers, &s.orders.webIDFederationData, d)
}

func (s *scanner) resources(i int, list *[]Resource) int {
	*list = (*list)[:0]
	if s.b[i] != '[' {
		return s.skip(i)
	}
	i, more := s.element(i+1, true, ']')
	for more {
		if len(*list) < maxResources {
			*list = append(*list, Resource{})
			i = object(s, i, resourceMembers, &s.orders.resources[min(len(*list)-1, 1)], &(*list)[len(*list)-1])
		} else {
			i = s.skip(i)
		}
		if i < 0 {
			return i
		}
		i, more = s.element(i, false, ']')
	}
	return i
}

var resourceMembers = []member[Resource]{
	{name: "type", text: func(r *Resource) *[]byte { return &r.Type }},
	{name: "ARN", text: func(r *Resource) *[]byte { return &r.ARN }},
	{name: "accountId", text: func(r *Resource) *[]byte { return &r.AccountID }},
}

var requestParametersMembers = []member[RequestParameters]{
	{name: "bucketName", text: func(p *RequestParameters) *[]byte { return &p.BucketName }},
	{name: "key", text: func(p *RequestParameters) *[]byte { return &p.Key }},
	{name: "Key", text: func(p *RequestParameters) *[]byte { return &p.Key }},
	{name: "versionId", text: func(p *RequestParameters) *[]byte { return &p.VersionID }},
	{name: "x-amz-copy-source", text: func(p *RequestParameters) *[]byte { return &p.CopySource }},
	{name: "x-amz-server-side-encryption-customer-algorithm", text: func(p *RequestParameters) *[]byte { return &p.SSECustomerAlgorithm }},
	{name: "x-amz-server-side-encryption-aws-kms-key-id", text: func(p *RequestParameters) *[]byte { return &p.SSEKMSKeyID }},
}

func (s *scanner) requestParameters(i int, p *RequestParameters) int {
	*p = RequestParameters{}
	end := object(s, i, requestParametersMembers, &s.orders.requestParameters, p)
	if end >= 0 && s.b[i] == '{' {
		p.Raw = s.b[i:end:end]
	}
	return end
}

var responseElementsMembers = []member[ResponseElements]{
	{name: "x-amz-delete-marker", text: func(e *ResponseElements) *[]byte { return &e.DeleteMarker }},
	{name: "x-amz-server-side-encryption-customer-algorithm", text: func(e *ResponseElements) *[]byte { return &e.SSECustomerAlgorithm }},
	{name: "x-amz-server-side-encryption-aws-kms-key-id", text: func(e *ResponseElements) *[]byte { return &e.SSEKMSKeyID }},
}

func (s *scanner) responseElements(i int, e *ResponseElements) int {
	*e = ResponseElements{}
	return object(s, i, responseElementsMembers, &s.orders.responseElements, e)
}

var additionalEventDataMembers = []member[AdditionalEventData]{
	{name: "bytesTransferredIn", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.BytesTransferredIn) }},
	{name: "bytesTransferredOut", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.BytesTransferredOut) }},
	{name: "httpStatusCode", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.HTTPStatusCode) }},
	{name: "startTime", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.StartTime) }},
	{name: "endTime", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.EndTime) }},
	{name: "turnAroundTime", read: func(s *scanner, i int, d *AdditionalEventData) int { return s.float(i, &d.TurnAroundTime) }},
	{name: "SSEApplied", text: func(d *AdditionalEventData) *[]byte { return &d.SSEApplied }},
}

func (s *scanner) additionalEventData(i int, d *AdditionalEventData) int {
	*d = AdditionalEventData{}
	return object(s, i, additionalEventDataMembers, &s.orders.additionalEventData, d)
}

var addendumMembers = []member[Addendum]{
	{name: "reason", text: func(a *Addendum) *[]byte { return &a.Reason }},
}

func (s *scanner) addendum(i int, a *Addendum) int {
	*a = Addendum{}
	return object(s, i, addendumMembers, &s.orders.addendum, a)
}
