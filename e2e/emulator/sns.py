"""SNS: an e-mail's subscription waits until somebody follows the link in AWS's mail.

https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html. Ours: nobody gets mail; a test confirms.
"""

from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

CONFIRMED = set()  # ARNs of subscriptions


def is_pending(subscription):
    return subscription.protocol in ("email", "email-json") and subscription.arn not in CONFIRMED


def install():
    def list_subscriptions_by_topic(response):
        found, token = response.backend.list_subscriptions_by_topic(
            response._get_param("TopicArn"), next_token=response._get_param("NextToken")
        )
        told = [
            {
                "SubscriptionArn": "PendingConfirmation" if is_pending(s) else s.arn,
                "Protocol": s.protocol,
                "Endpoint": s.endpoint,
                "TopicArn": s.topic.arn,
                "Owner": s.account_id,
            }
            for s in found
        ]
        return ActionResult({"Subscriptions": told, "NextToken": token})

    SNSResponse.list_subscriptions_by_topic = list_subscriptions_by_topic


def confirm(backend, topic):
    """Somebody follows the links of all mails about a topic."""
    CONFIRMED.update(s.arn for s in backend.subscriptions.values() if s.topic.arn == topic)
