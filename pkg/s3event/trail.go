package s3event

import (
	"slices"

	"bucketwatch/pkg/cloudtrail"
)

// trailRemovals lists the CloudTrail operations that may end the recording of what is done to objects, and how to
// tell what was removed: "" is nothing.
var trailRemovals = map[string]func(*cloudtrail.Record) string{
	"StopLogging":       func(r *cloudtrail.Record) string { return "stopped the logging of " + trail(r) },
	"DeleteTrail":       func(r *cloudtrail.Record) string { return "deleted " + trail(r) },
	"PutEventSelectors": dataEventsDeselected,
}

// trail names the trail that the request was about, by its name or ARN.
func trail(r *cloudtrail.Record) string {
	var p struct{ Name, TrailName string }
	decode(r, &p)
	name := lastPart(p.Name + p.TrailName)
	if name == "" {
		return "a trail"
	}
	return "the trail " + name
}

// lastPart returns the name at the end of an ARN.
func lastPart(arn string) string { return string(lastSegment([]byte(arn))) }

// dataEventsDeselected looks for selectors, basic or advanced, of which none records the requests to S3 objects.
func dataEventsDeselected(r *cloudtrail.Record) string {
	var p struct {
		EventSelectors []struct {
			DataResources []struct {
				Type   string
				Values []string
			}
		}
		AdvancedEventSelectors []struct {
			FieldSelectors []struct {
				Field  string
				Equals []string
			}
		}
	}
	decode(r, &p)
	for _, s := range p.EventSelectors {
		for _, d := range s.DataResources {
			// Attackers leave the type and empty the values, which selects nothing.
			if d.Type == "AWS::S3::Object" && len(d.Values) > 0 {
				return ""
			}
		}
	}
	for _, s := range p.AdvancedEventSelectors {
		for _, f := range s.FieldSelectors {
			if f.Field == "resources.type" && slices.Contains(f.Equals, "AWS::S3::Object") {
				return ""
			}
		}
	}
	return "left S3 data events out of the selectors of " + trail(r)
}
