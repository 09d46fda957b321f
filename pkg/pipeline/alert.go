package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/history"
	"bucketwatch/pkg/metric"
)

// alert sends a message for each incident that is severe enough and of which nothing as severe was sent. It tries all
// of them, and returns those whose message could not be sent, or was and nobody will know, with an error.
func (p *Pipeline) alert(ctx context.Context, t *round, incidents []history.Incident) (unsent []history.Incident, err error) {
	var failures []error
	for i := range incidents {
		incident := &incidents[i]
		if p.config.AlertsTopic == "" || incident.Severity.Compare(p.config.AlertSeverity) < 0 {
			continue
		}
		told := p.incident(t, incident)
		m := told.Message()
		if err := p.publish(ctx, m); err != nil {
			t.health[metric.AlertsFailed]++
			failures = append(failures, fmt.Errorf("cannot send %q: %w", m.Subject, err))
			unsent = append(unsent, *incident)
			continue
		}
		t.health[metric.AlertsPublished]++
		p.Log.InfoContext(ctx, "alert published", "subject", m.Subject)
		if p.Alerted != nil {
			p.Alerted(told, m)
		}
		// If this fails the message is sent again by the next tick: twice rather than never.
		if err := p.history.Sent(ctx, incident, t.now); err != nil {
			failures = append(failures, err)
			unsent = append(unsent, *incident)
		}
	}
	return unsent, join(failures)
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
