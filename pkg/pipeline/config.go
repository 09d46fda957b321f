package pipeline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/metric"
)

// Config is what can be set from outside. Each field names its environment variable; an empty variable is an absent
// one.
type Config struct {
	Namespace   string         // BUCKETWATCH_NAMESPACE: of the metrics
	Metrics     metric.Level   // BUCKETWATCH_METRICS: none, essential or full
	Buckets     metric.Buckets // BUCKETWATCH_BUCKETS: which have metrics of their own; globs with commas between, ! excludes
	Clock       Clock          // BUCKETWATCH_CLOCK: system or delivery, which is for replays and tests
	AlertsTopic string         // BUCKETWATCH_ALERTS_TOPIC: the ARN of the topic that people read; none by default
	// AlertSeverity is BUCKETWATCH_ALERT_SEVERITY, from which on an incident is worth a message: LOW, MEDIUM, HIGH (the
	// default) or CRITICAL.
	AlertSeverity anomaly.Severity
	// Table is BUCKETWATCH_TABLE: the name of the DynamoDB table that remembers, MemoryTable, or "": then log files aren't
	// claimed, and what needs no memory is all that is judged.
	Table        string
	MemorySize   int64  // AWS_LAMBDA_FUNCTION_MEMORY_SIZE, in megabytes, which Lambda sets; 0: it isn't known
	FunctionName string // AWS_LAMBDA_FUNCTION_NAME, which Lambda sets: the dimension of the health metrics
	LogGroup     string // AWS_LAMBDA_LOG_GROUP_NAME, which Lambda sets: where messages say to look
	Region       string // AWS_REGION, which Lambda sets
}

// MemoryTable is the Table of demonstrations and tests: what is remembered ends with the process. No table of DynamoDB
// can be called so.
const MemoryTable = ":memory:"

// Clock says when it is "now".
type Clock string

const (
	// SystemClock is the time of day.
	SystemClock Clock = "system"
	// DeliveryClock is the time at which the log file was delivered, by its key, or else the newest eventTime in it:
	// old log files give what they would have given then.
	DeliveryClock Clock = "delivery"
)

// ConfigFromEnv reads the configuration with getenv, which is os.Getenv or its like. The error names every variable
// that is wrong.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	get := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	var faults []error
	check := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	var c Config
	var err error
	c.FunctionName = get("AWS_LAMBDA_FUNCTION_NAME", "bucketwatch")
	if size := getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"); size != "" {
		c.MemorySize, err = strconv.ParseInt(size, 10, 32)
		check("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", err)
	}
	c.LogGroup = getenv("AWS_LAMBDA_LOG_GROUP_NAME")
	c.Region = getenv("AWS_REGION")
	c.AlertsTopic = getenv("BUCKETWATCH_ALERTS_TOPIC")
	check("BUCKETWATCH_ALERTS_TOPIC", validTopic(c.AlertsTopic))
	severity, ok := anomaly.ParseSeverity(get("BUCKETWATCH_ALERT_SEVERITY", string(anomaly.High)))
	if !ok {
		check("BUCKETWATCH_ALERT_SEVERITY", fmt.Errorf("%q is not one of LOW, MEDIUM, HIGH, CRITICAL", severity))
	}
	c.AlertSeverity = severity
	c.Table = getenv("BUCKETWATCH_TABLE")
	check("BUCKETWATCH_TABLE", validTable(c.Table))
	c.Namespace = get("BUCKETWATCH_NAMESPACE", "BucketWatch")
	check("BUCKETWATCH_NAMESPACE", validNamespace(c.Namespace))
	c.Metrics, err = metric.ParseLevel(get("BUCKETWATCH_METRICS", "essential"))
	check("BUCKETWATCH_METRICS", err)
	c.Buckets, err = metric.ParseBuckets(get("BUCKETWATCH_BUCKETS", "*"))
	check("BUCKETWATCH_BUCKETS", err)
	c.Clock = Clock(get("BUCKETWATCH_CLOCK", string(SystemClock)))
	if c.Clock != SystemClock && c.Clock != DeliveryClock {
		check("BUCKETWATCH_CLOCK", fmt.Errorf("%q is not one of system, delivery", c.Clock))
	}
	return c, errors.Join(faults...)
}

// validNamespace holds name against CloudWatch's rules.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
func validNamespace(name string) error {
	if len(name) > 255 {
		return fmt.Errorf("%q has more than 255 characters", name)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == '/', c == '#', c == ':':
		default:
			return fmt.Errorf("%q has a character other than A-Z a-z 0-9 . - _ / # and colon", name)
		}
	}
	if name[0] == ':' {
		return fmt.Errorf("%q begins with a colon", name)
	}
	if len(name) >= 4 && name[:4] == "AWS/" {
		return fmt.Errorf("%q begins with AWS/, which is for AWS's own metrics", name)
	}
	return nil
}

// validTopic holds arn against the form arn:PARTITION:sns:REGION:ACCOUNT:NAME; none is valid.
func validTopic(arn string) error {
	fields := strings.Split(arn, ":")
	if arn != "" && (len(fields) != 6 || fields[0] != "arn" || fields[2] != "sns" || fields[4] == "" || fields[5] == "") {
		return fmt.Errorf("%q is not the ARN of an SNS topic", arn)
	}
	return nil
}

// validTable holds name against DynamoDB's rules; none is valid.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
func validTable(name string) error {
	if name == "" || name == MemoryTable {
		return nil
	}
	if len(name) < 3 || len(name) > 255 {
		return fmt.Errorf("%q does not have 3 to 255 characters", name)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return fmt.Errorf("%q has a character other than A-Z a-z 0-9 . - _, and is not %s", name, MemoryTable)
		}
	}
	return nil
}
