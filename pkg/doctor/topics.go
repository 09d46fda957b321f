package doctor

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Subscriptions is what is needed of SNS.
type Subscriptions interface {
	ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
}

// audiences are the stack's topics, and what their subscribers are told of.
var audiences = []struct{ output, name, of string }{
	{"AlertsTopicArn", "alerts", "incidents"},
	{"OperationsTopicArn", "operations", "failures of the stack"},
}

func lookAtTopic(ctx context.Context, client Subscriptions, s *Stack, output, of string) ([]Finding, error) {
	topic := s.Outputs[output]
	var all []types.Subscription
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isCode(err, "NotFound", "NotFoundException") {
			return []Finding{{Verdict: Fault, Fact: fmt.Sprintf("The topic %s is gone: nobody is told of %s.", topic, of), Fix: "Deploy a new stack and remove this one (README, Remove it): an update doesn't make it again."}}, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, page.Subscriptions...)
	}
	return []Finding{judgeTopic(s, topic, of, all)}, nil
}

func judgeTopic(s *Stack, topic, of string, subscriptions []types.Subscription) Finding {
	var confirmed, pending []string
	for _, sub := range subscriptions {
		who := sdk.ToString(sub.Protocol) + " " + sdk.ToString(sub.Endpoint)
		switch sdk.ToString(sub.SubscriptionArn) {
		case "PendingConfirmation":
			pending = append(pending, who)
		case "Deleted":
		default:
			confirmed = append(confirmed, who)
		}
	}
	email := s.Parameters["AlertEmail"]
	if email == "" {
		email = "you@example.com"
	}
	subscribe := aws(s.Region, "sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint", email)
	const confirm = "Follow the link in the mail that AWS sent (AWS Notification - Subscription Confirmation); the command sends another."
	switch {
	case len(confirmed) == 0 && len(pending) == 0:
		return Finding{Verdict: Fault, Fact: fmt.Sprintf("Nobody is told of %s: the topic %s has no subscriber.", of, topic),
			Fix: "Subscribe, and follow the link in the mail that comes. (A mail's footer unsubscribes, whoever follows it.)", Command: subscribe}
	case len(confirmed) == 0:
		return Finding{Verdict: Fault, Fact: fmt.Sprintf("Nobody is told of %s: %s not confirmed yet.", of, listed(pending)+" "+are(pending)), Fix: confirm, Command: subscribe}
	case len(pending) > 0:
		return Finding{Verdict: Warning, Fact: fmt.Sprintf("%s told of %s, and %s not confirmed yet.", listed(confirmed)+" "+are(confirmed), of, listed(pending)+" "+are(pending)), Fix: confirm}
	}
	return Finding{Verdict: OK, Fact: fmt.Sprintf("%s told of %s.", listed(confirmed)+" "+are(confirmed), of)}
}

func are(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}
