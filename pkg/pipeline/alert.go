package pipeline

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"bucketwatch/pkg/alert"
)

// testAlert publishes a message in the shape of a real alert. It touches no metric.
func (p *Pipeline) testAlert(ctx context.Context) error {
	if p.config.AlertsTopic == "" {
		return errors.New("there is no topic to send it to: BUCKETWATCH_ALERTS_TOPIC is not set")
	}
	account := strings.Split(p.config.AlertsTopic, ":")[4]
	m := alert.Test(p.Now(), account, p.config.Region, p.config.LogGroup)
	_, err := p.sns.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(p.config.AlertsTopic),
		Subject:  aws.String(m.Subject),
		Message:  aws.String(m.Body),
	})
	if err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "test alert published", "topic", p.config.AlertsTopic)
	return nil
}
