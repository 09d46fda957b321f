package cloudtrail_test

import (
	"fmt"
	"io"
	"log"
	"os"

	"bucketwatch/pkg/cloudtrail"
)

// A file is good only when Read has returned io.EOF: what was made of its records before is thrown away otherwise.
func ExampleReader() {
	file, err := os.Open("testdata/shapes.ok.json.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	requests := make(map[string]int) // the keys are copies: the record's slices are overwritten
	records := cloudtrail.NewReader(file)
	var record cloudtrail.Record
	for {
		err := records.Read(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if string(record.EventType) == "AwsApiCall" && record.ManagementEvent != cloudtrail.True {
			requests[string(record.EventName)]++
		}
	}
	fmt.Println(records.Records(), "records")
	fmt.Println(requests)
	// Output:
	// 9 records
	// map[CopyObject:1 DeleteObjects:1 GetObject:2 HeadBucket:1 PutObject:1]
}
