package emf_test

import (
	"fmt"
	"os"
	"time"

	"bucketwatch/pkg/emf"
)

func ExampleEncoder() {
	line := &emf.Line{
		Timestamp: time.Date(2026, 11, 20, 10, 37, 0, 0, time.UTC),
		Directives: []emf.MetricDirective{{
			Namespace:  "BucketWatch",
			Dimensions: [][]string{{"BucketName"}},
			Metrics:    []emf.MetricDefinition{{Name: "GetRequests", Unit: emf.Count}},
		}},
		Members: []emf.Member{
			{Name: "BucketName", Value: "photos"},
			{Name: "GetRequests", Value: int64(12)},
		},
	}
	e := emf.NewEncoder(os.Stdout)
	fmt.Println(e.Encode(line))

	line.Members[0].Value = "" // CloudWatch takes no empty dimension
	fmt.Println(e.Encode(line))
	// Output:
	// {"_aws":{"Timestamp":1795171020000,"CloudWatchMetrics":[{"Namespace":"BucketWatch","Dimensions":[["BucketName"]],"Metrics":[{"Name":"GetRequests","Unit":"Count"}]}]},"BucketName":"photos","GetRequests":12}
	// <nil>
	// invalid metric line: dimension BucketName has the value ""
}
