package cloudtrail

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// session is the userIdentity of a role's session.
func session(role, name, key, issuer string) string {
	return fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROAEXAMPLE1SHOPAPP00:%[2]s","arn":"arn:aws:sts::111122223333:assumed-role/%[1]s/%[2]s",`+
		`"accountId":"111122223333","accessKeyId":"%[3]s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE1SHOPAPP00",`+
		`"arn":"%[4]s","accountId":"111122223333","userName":"%[1]s"},"attributes":{"creationDate":"2026-01-02T02:41:07Z","mfaAuthenticated":"false"}}}`,
		role, name, key, issuer)
}

// TestIdentities: identities that are known by their bytes are read as if they weren't, however much they are like others.
func TestIdentities(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:role/shop-app"
	one := session("shop-app", "i-0a1b2c3d4e5f60718", "ASIAEXAMPLE000000001", arn)
	var many []string
	for range 3 {
		for i := range maxIdentities + 10 {
			many = append(many, session("shop-app", fmt.Sprint("i-", i), "ASIAEXAMPLE000000001", arn))
		}
	}
	for name, identities := range map[string][]string{
		"the same":                  {one, one, one, one},
		"alternating":               {one, session("shop-app", "i-0", "ASIAEXAMPLE000000001", arn), one, session("shop-app", "i-0", "ASIAEXAMPLE000000001", arn), one},
		"another end":               {one, one, one, strings.Replace(one, "role/shop-app", "role/shop-api", 1), one, strings.Replace(one, "role/shop-app", "role/shop-api", 1)},
		"more at the end":           {one, one, one, strings.TrimSuffix(one, "}") + `,"userName":"a"}`, one},
		"escapes":                   {strings.Replace(one, `"arn:aws:iam`, `"\u0061rn:aws:iam`, 1), strings.Replace(one, `"arn:aws:iam`, `"\u0061rn:aws:iam`, 1), one, strings.Replace(one, `"arn:aws:iam`, `"\u0061rn:aws:iam`, 1), one},
		"invalid UTF-8":             {strings.Replace(one, "shop-app", "shop\xff", 1), strings.Replace(one, "shop-app", "shop\xff", 1), strings.Replace(one, "shop-app", "shop\xff", 1)},
		"a session beyond the hash": {session("r", strings.Repeat("s", 400), "A", arn+"1"), session("r", strings.Repeat("s", 400), "B", arn+"2"), session("r", strings.Repeat("s", 400), "A", arn+"1"), session("r", strings.Repeat("s", 400), "B", arn+"2")},
		"too long to be kept":       {session("r", strings.Repeat("s", maxIdentitySize), "A", arn), session("r", strings.Repeat("s", maxIdentitySize), "A", arn), session("r", strings.Repeat("s", maxIdentitySize), "A", arn)},
		"no object":                 {`"` + strings.Repeat("x", 400) + `"`, `"` + strings.Repeat("x", 400) + `"`, `"` + strings.Repeat("x", 400) + `"`, one},
		"more than are kept":        many,
	} {
		t.Run(name, func(t *testing.T) {
			var doc bytes.Buffer
			for i, identity := range identities {
				doc.WriteString([]string{`{"Records":[`, ","}[min(i, 1)])
				fmt.Fprintf(&doc, `{"eventVersion":"1.11","userIdentity":%s,"eventTime":"2026-01-02T03:04:05Z","eventName":"GetObject"}`, identity)
			}
			doc.WriteString("]}")
			wantRecords, wantErr := oracle(doc.Bytes())
			if len(wantRecords) != len(identities) || wantErr != io.EOF {
				t.Fatalf("%d records, error %v, in the document", len(wantRecords), wantErr)
			}
			d := NewReader(nil)
			for range 2 {
				d.Reset(bytes.NewReader(doc.Bytes()))
				records, err := readAll(d)
				checkRead(t, records, err, wantRecords, wantErr)
			}
			if got := len(d.scan.identities.known); got > maxIdentities {
				t.Errorf("%d identities are kept, want at most %d", got, maxIdentities)
			}
			for _, known := range d.scan.identities.known {
				if known != nil && len(known.raw) > maxIdentitySize {
					t.Errorf("an identity of %d bytes is kept, want at most %d", len(known.raw), maxIdentitySize)
				}
			}
		})
	}
}
