package cloudtrail

// One function for each object of a record that is looked into: which members are read, and as what. A member that
// stands twice has its last value, as in encoding/json.

func (s *scanner) record(i int, r *Record) int {
	r.reset()
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "eventVersion":
			return s.string(i, &r.EventVersion)
		case "eventTime":
			return s.time(i, &r.EventTime)
		case "eventSource":
			return s.string(i, &r.EventSource)
		case "eventName":
			return s.string(i, &r.EventName)
		case "eventType":
			return s.string(i, &r.EventType)
		case "eventCategory":
			return s.string(i, &r.EventCategory)
		case "eventID":
			return s.string(i, &r.EventID)
		case "requestID":
			return s.string(i, &r.RequestID)
		case "awsRegion":
			return s.string(i, &r.AWSRegion)
		case "sourceIPAddress":
			return s.string(i, &r.SourceIPAddress)
		case "userAgent":
			return s.string(i, &r.UserAgent)
		case "errorCode":
			return s.string(i, &r.ErrorCode)
		case "recipientAccountId":
			return s.string(i, &r.RecipientAccountID)
		case "managementEvent":
			return s.bool(i, &r.ManagementEvent)
		case "userIdentity":
			return s.userIdentity(i, &r.UserIdentity)
		case "resources":
			return s.resources(i, &r.Resources)
		case "requestParameters":
			return s.requestParameters(i, &r.RequestParameters)
		case "responseElements":
			return s.responseElements(i, &r.ResponseElements)
		case "additionalEventData":
			return s.additionalEventData(i, &r.AdditionalEventData)
		case "addendum":
			return s.addendum(i, &r.Addendum)
		case "sessionCredentialFromConsole":
			return s.flag(i, &r.SessionCredentialFromConsole)
		}
		return s.skip(i)
	})
}

func (s *scanner) userIdentity(i int, u *UserIdentity) int {
	*u = UserIdentity{}
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "type":
			return s.string(i, &u.Type)
		case "principalId":
			return s.string(i, &u.PrincipalID)
		case "arn":
			return s.string(i, &u.ARN)
		case "accountId":
			return s.string(i, &u.AccountID)
		case "invokedBy":
			return s.string(i, &u.InvokedBy)
		case "userName":
			return s.string(i, &u.UserName)
		case "identityProvider":
			return s.string(i, &u.IdentityProvider)
		case "sessionContext":
			return s.sessionContext(i, &u.SessionContext)
		}
		return s.skip(i)
	})
}

func (s *scanner) sessionContext(i int, c *SessionContext) int {
	*c = SessionContext{}
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "sessionIssuer":
			return s.sessionIssuer(i, &c.SessionIssuer)
		case "webIdFederationData":
			return s.webIDFederationData(i, &c.WebIDFederationData)
		}
		return s.skip(i)
	})
}

func (s *scanner) sessionIssuer(i int, issuer *SessionIssuer) int {
	*issuer = SessionIssuer{}
	return s.object(i, func(name []byte, i int) int {
		if string(name) == "arn" {
			return s.string(i, &issuer.ARN)
		}
		return s.skip(i)
	})
}

func (s *scanner) webIDFederationData(i int, d *WebIDFederationData) int {
	*d = WebIDFederationData{}
	return s.object(i, func(name []byte, i int) int {
		if string(name) == "federatedProvider" {
			return s.string(i, &d.FederatedProvider)
		}
		return s.skip(i)
	})
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
			i = s.resource(i, &(*list)[len(*list)-1])
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

func (s *scanner) resource(i int, r *Resource) int {
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "type":
			return s.string(i, &r.Type)
		case "ARN":
			return s.string(i, &r.ARN)
		case "accountId":
			return s.string(i, &r.AccountID)
		}
		return s.skip(i)
	})
}

func (s *scanner) requestParameters(i int, p *RequestParameters) int {
	*p = RequestParameters{}
	end := s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "bucketName":
			return s.string(i, &p.BucketName)
		case "key", "Key":
			return s.string(i, &p.Key)
		case "versionId":
			return s.string(i, &p.VersionID)
		case "x-amz-copy-source":
			return s.string(i, &p.CopySource)
		case "x-amz-server-side-encryption-customer-algorithm":
			return s.string(i, &p.SSECustomerAlgorithm)
		case "x-amz-server-side-encryption-aws-kms-key-id":
			return s.string(i, &p.SSEKMSKeyID)
		}
		return s.skip(i)
	})
	if end >= 0 && s.b[i] == '{' {
		p.Raw = s.b[i:end:end]
	}
	return end
}

func (s *scanner) responseElements(i int, e *ResponseElements) int {
	*e = ResponseElements{}
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "x-amz-delete-marker":
			return s.string(i, &e.DeleteMarker)
		case "x-amz-server-side-encryption-customer-algorithm":
			return s.string(i, &e.SSECustomerAlgorithm)
		case "x-amz-server-side-encryption-aws-kms-key-id":
			return s.string(i, &e.SSEKMSKeyID)
		}
		return s.skip(i)
	})
}

func (s *scanner) additionalEventData(i int, d *AdditionalEventData) int {
	*d = AdditionalEventData{}
	return s.object(i, func(name []byte, i int) int {
		switch string(name) {
		case "bytesTransferredIn":
			return s.float(i, &d.BytesTransferredIn)
		case "bytesTransferredOut":
			return s.float(i, &d.BytesTransferredOut)
		case "httpStatusCode":
			return s.float(i, &d.HTTPStatusCode)
		case "startTime":
			return s.float(i, &d.StartTime)
		case "endTime":
			return s.float(i, &d.EndTime)
		case "turnAroundTime":
			return s.float(i, &d.TurnAroundTime)
		case "SSEApplied":
			return s.string(i, &d.SSEApplied)
		}
		return s.skip(i)
	})
}

func (s *scanner) addendum(i int, a *Addendum) int {
	*a = Addendum{}
	return s.object(i, func(name []byte, i int) int {
		if string(name) == "reason" {
			return s.string(i, &a.Reason)
		}
		return s.skip(i)
	})
}
