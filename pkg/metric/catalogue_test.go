package metric_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"bucketwatch/internal/emftest"
	"bucketwatch/pkg/metric"
)

func anomalyMetrics() []metric.Definition {
	return []metric.Definition{metric.Anomalies, metric.HighSeverityAnomalies, metric.UnexpectedDeletes}
}

func TestCatalogue(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z45][A-Za-z0-9]+$`)
	for _, kind := range []struct {
		name        string
		definitions []metric.Definition
	}{
		{"bucket", slices.Concat(metric.Bucket[:], metric.Latency[:])},
		{"anomaly", anomalyMetrics()},
		{"health", metric.Health[:]},
	} {
		for i, d := range kind.definitions {
			if !name.MatchString(d.Name) {
				t.Errorf("%s metric %d is called %q", kind.name, i, d.Name)
			}
			if !emftest.IsUnit(d.Unit) {
				t.Errorf("%s has the unit %q, which CloudWatch does not know", d.Name, d.Unit)
			}
			if !strings.HasSuffix(d.Description, ".") || strings.TrimSpace(d.Description) != d.Description || strings.ContainsAny(d.Description, "|\n") {
				t.Errorf("%s has the description %q, want sentences for a table", d.Name, d.Description)
			}
			if kind.name == "bucket" && d.Level == metric.None {
				t.Errorf("%s has no level", d.Name)
			}
			if kind.name != "bucket" && d.Level != metric.None {
				t.Errorf("%s has the level %s, want none: it is always published", d.Name, d.Level)
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range slices.Concat(metric.Bucket[:], metric.Latency[:], anomalyMetrics(), metric.Health[:]) {
		if seen[d.Name] {
			t.Errorf("two metrics are called %s", d.Name)
		}
		seen[d.Name] = true
	}
}

// S3's own request metrics, of which no record tells SelectBytesScanned.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
func TestS3Names(t *testing.T) {
	units := map[string]string{}
	for _, d := range slices.Concat(metric.Bucket[:], metric.Latency[:]) {
		units[d.Name] = d.Unit
	}
	for unit, names := range map[string][]string{
		"Count": {"AllRequests", "GetRequests", "PutRequests", "DeleteRequests", "HeadRequests", "PostRequests",
			"SelectRequests", "ListRequests", "4xxErrors", "5xxErrors"},
		"Bytes":        {"BytesDownloaded", "BytesUploaded", "SelectBytesReturned"},
		"Milliseconds": {"FirstByteLatency", "TotalRequestLatency"},
	} {
		for _, name := range names {
			if units[name] != unit {
				t.Errorf("%s has the unit %q, want S3's %s", name, units[name], unit)
			}
		}
	}
	if _, has := units["SelectBytesScanned"]; has {
		t.Error("SelectBytesScanned is published, which no record tells")
	}
}

// What an alarm costs is decided by these.
func TestEssential(t *testing.T) {
	var got []string
	for _, d := range slices.Concat(metric.Bucket[:], metric.Latency[:]) {
		if d.Level <= metric.Essential {
			got = append(got, d.Name)
		}
	}
	want := []string{"AllRequests", "GetRequests", "PutRequests", "DeleteRequests", "DeletedObjects", "DeniedDeletes", "4xxErrors", "5xxErrors"}
	if !slices.Equal(got, want) {
		t.Errorf("essential metrics = %q, want %q", got, want)
	}
}

// The classes of records, whose sum is RecordsRead, are all there is between RecordsRead and the caps.
func TestClassesAreHealthMetrics(t *testing.T) {
	for i := metric.RecordsCounted; i <= metric.RecordsMalformed; i++ {
		if !strings.HasPrefix(metric.Health[i].Name, "Records") || metric.Health[i].Unit != "Count" {
			t.Errorf("class %d is %+v", i, metric.Health[i])
		}
	}
}

func TestParseLevel(t *testing.T) {
	for _, level := range []metric.Level{metric.None, metric.Essential, metric.Full} {
		if got, err := metric.ParseLevel(level.String()); got != level || err != nil {
			t.Errorf("ParseLevel(%q) = %v, %v, want %d", level.String(), got, err, level)
		}
	}
	for name, want := range map[string]metric.Level{"none": metric.None, "essential": metric.Essential, "full": metric.Full} {
		if got, err := metric.ParseLevel(name); got != want || err != nil {
			t.Errorf("ParseLevel(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	for _, bad := range []string{"", "Full", "FULL", " full", "full ", "all", "essentials", "0"} {
		if got, err := metric.ParseLevel(bad); err == nil {
			t.Errorf("ParseLevel(%q) = %v, want an error", bad, got)
		}
	}
}
