package traffic

import (
	"fmt"
	"time"
)

// billing is the quiet, rightful use of a bucket of invoices.
func billing(s *stage, b *bucket, account string) {
	r := s.ids("billing:" + b.name)
	who := newRole(r, account, "billing", "billing-api", "10.0.4.31", agentJava, s.from.Add(-time.Hour))
	invoice := func(at time.Time, n int) string { return fmt.Sprintf("%d/INV-%05d.pdf", at.UTC().Year(), n) }
	for i := range 40 {
		at := s.some(r)
		s.trail.add(&request{
			at: at, who: who, bucket: b,
			operation: "PutObject", key: invoice(at, 4000+i), in: 60_000 + r.Int64N(90_000),
		})
	}
	s.times(r, 75, func(at time.Time) {
		s.trail.add(&request{
			at: at, who: who, bucket: b,
			operation: "GetObject", key: invoice(at, r.IntN(4000)), out: 60_000 + r.Int64N(90_000),
		})
	})
}
