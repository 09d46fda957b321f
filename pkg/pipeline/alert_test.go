package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const testAlert = `{"bucketwatch":"test-alert"}`

func TestTestAlert(t *testing.T) {
	r := newRun(t, same(nil), "BUCKETWATCH_ALERTS_TOPIC="+topic, "AWS_LAMBDA_LOG_GROUP_NAME=bw-log", "AWS_REGION=us-east-1")
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err != nil {
		t.Fatalf("Handle(test alert) = %v", err)
	}
	if len(r.published) != 1 {
		t.Fatalf("%d messages were published, want 1", len(r.published))
	}
	m := r.published[0]
	if *m.TopicArn != topic || !strings.HasPrefix(*m.Subject, "TEST ") || !strings.HasPrefix(*m.Message, "TEST") {
		t.Errorf("published %q to %s: %s", *m.Subject, *m.TopicArn, *m.Message)
	}
	for _, part := range []string{"account 111122223333, us-east-1", "bw-log"} {
		if !strings.Contains(*m.Message, part) {
			t.Errorf("the message does not hold %q:\n%s", part, *m.Message)
		}
	}
	if r.metrics.Len() > 0 {
		t.Errorf("a test alert wrote metrics: %s", r.metrics.String())
	}
}

func TestTestAlertFails(t *testing.T) {
	r := newRun(t, same(nil))
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err == nil || !strings.Contains(err.Error(), "BUCKETWATCH_ALERTS_TOPIC") {
		t.Errorf("Handle(test alert without a topic) = %v, want an error that names the variable", err)
	}
	r = newRun(t, same(nil), "BUCKETWATCH_ALERTS_TOPIC="+topic)
	r.sns = publish(func(*sns.PublishInput) error { return errors.New("AuthorizationError") })
	if _, err := r.Handle(t.Context(), []byte(testAlert)); err == nil || !strings.Contains(err.Error(), "AuthorizationError") {
		t.Errorf("Handle(test alert) = %v, want the error of publishing", err)
	}
}
