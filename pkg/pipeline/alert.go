package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/metric"
)

// maxMessages is how many messages about incidents are sent in an hour: more of them nobody reads, and SNS may take no
// more for e-mail. The others wait for the next hour, save for CRITICAL ones, and one message says so.
const maxMessages = 30

// alert sends a message for each incident that is severe enough and of which nothing as severe was sent. It tries all
// of them, and returns those whose message could not be sent, or was and nobody will know, with an error. Those that are
// held back are among them, without one.
func (p *Pipeline) alert(ctx context.Context, t *round, incidents []history.Incident) (unsent []history.Incident, err error) {
	var failures []error
	for i := range incidents {
		incident := &incidents[i]
		if p.config.AlertsTopic == "" || incident.Severity.Compare(p.config.AlertSeverity) < 0 {
			continue
		}
		held, err := p.heldBack(ctx, t, incident)
		if err != nil {
			failures = append(failures, err)
		}
		if held || err != nil {
			unsent = append(unsent, *incident)
			continue
		}
		told := p.incident(t, incident)
		m := told.Message()
		if err := p.publish(ctx, m); err != nil {
			t.count(metric.AlertsFailed, 1)
			failures = append(failures, fmt.Errorf("cannot send %q: %w", m.Subject, err))
			unsent = append(unsent, *incident)
			continue
		}
		t.count(metric.AlertsPublished, 1)
		p.Log.InfoContext(ctx, "alert published", "subject", m.Subject)
		if p.Alerted != nil {
			p.Alerted(told, m)
		}
		// If this fails the message is sent again by the next tick: twice rather than never.
		if err := p.history.Sent(ctx, incident, t.now); err != nil {
			failures = append(failures, err)
			unsent = append(unsent, *incident)
		}
		if err := p.history.CountMessage(ctx, false, t.now); err != nil {
			failures = append(failures, err)
		}
	}
	return unsent, join(failures)
}

// heldBack tells whether the hour has had its messages, so that this one waits. It sees to it that people know.
func (p *Pipeline) heldBack(ctx context.Context, t *round, incident *history.Incident) (bool, error) {
	if incident.Severity == anomaly.Critical {
		return false, nil
	}
	messages, err := p.history.MessagesOf(ctx, t.now)
	if err != nil || messages.Sent < maxMessages {
		return false, err
	}
	t.count(metric.AlertsHeldBack, 1)
	t.heldBack[incident.Bucket] = true
	p.Log.WarnContext(ctx, "alert held back", "bucket", incident.Bucket.Name, "severity", string(incident.Severity), "sentThisHour", messages.Sent)
	if messages.Notice {
		return true, nil
	}
	if err := p.publish(ctx, alert.HeldBack(maxMessages, t.now, p.config.Region, p.config.LogGroup)); err != nil {
		t.count(metric.AlertsFailed, 1)
		return false, fmt.Errorf("cannot say that messages wait: %w", err)
	}
	return true, p.history.CountMessage(ctx, true, t.now)
}

// incident is what the message about an incident is written of.
func (p *Pipeline) incident(t *round, incident *history.Incident) *alert.Incident {
	i := &alert.Incident{
		Severity:  incident.Severity,
		AccountID: incident.Bucket.AccountID,
		Region:    p.config.Region,
		Bucket:    incident.Bucket.Name,
		Principal: incident.Principal,
		First:     incident.First,
		Last:      incident.Last,
		Anomalies: incident.Anomalies,
		LogGroup:  p.config.LogGroup,
		Now:       t.now,
	}
	for k := range incident.Anomalies {
		i.DeleteMarkers = max(i.DeleteMarkers, incident.Anomalies[k].DeleteMarkers)
	}
	return i
}

// testAlert publishes a message in the shape of a real alert. It touches no metric.
func (p *Pipeline) testAlert(ctx context.Context) error {
	if p.config.AlertsTopic == "" {
		return errors.New("there is no topic to send it to: BUCKETWATCH_ALERTS_TOPIC is not set")
	}
	account := strings.Split(p.config.AlertsTopic, ":")[4]
	m := alert.Test(p.Now(), account, p.config.Region, p.config.LogGroup)
	if err := p.publish(ctx, m); err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "test alert published", "topic", p.config.AlertsTopic)
	return nil
}

func (p *Pipeline) publish(ctx context.Context, m alert.Message) error {
	_, err := p.sns.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(p.config.AlertsTopic),
		Subject:  aws.String(m.Subject),
		Message:  aws.String(m.Body),
	})
	return err
}
