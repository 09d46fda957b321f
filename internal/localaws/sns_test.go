package localaws

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	gocmp "github.com/google/go-cmp/cmp"
)

const topic = "arn:aws:sns:eu-central-1:111122223333:alerts"

func newSNS(t *testing.T) *SNS {
	t.Helper()
	s, err := NewSNS(topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return s
}

func newSNSClient(s *SNS) *sns.Client {
	return sns.New(sns.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(s.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
}

func TestSNSPublish(t *testing.T) {
	server := newSNS(t)
	client := newSNSClient(server)
	want := []Message{
		{topic, "[HIGH] photos: 16 objects deleted by role/app-web, 14:06-14:52 UTC", "Who  role/app-web\n\n  a/여름 & 휴가 <7>.jpg\n"},
		{topic, strings.Repeat("x", 100), strings.Repeat("y", 256<<10)},
		{topic, "", "a message without a subject"},
	}
	for i, m := range want {
		input := &sns.PublishInput{TopicArn: aws.String(m.TopicARN), Message: aws.String(m.Body)}
		if m.Subject != "" {
			input.Subject = aws.String(m.Subject)
		}
		out, err := client.Publish(t.Context(), input)
		if err != nil {
			t.Fatalf("Publish(%.40q) = %v", m.Subject, err)
		}
		if got, want := aws.ToString(out.MessageId), fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1); got != want {
			t.Errorf("MessageId = %q, want %q", got, want)
		}
	}
	if diff := gocmp.Diff(want, server.Messages()); diff != "" {
		t.Errorf("Messages (-want +got):\n%s", diff)
	}
}

// What SNS refuses must be refused with the code that the SDK gives to the caller, and not be kept.
func TestSNSRefuses(t *testing.T) {
	server := newSNS(t)
	client := newSNSClient(server)
	for name, test := range map[string]struct{ topic, subject, body, want string }{
		"a topic that isn't there":  {topic: topic + "s", want: "NotFound: Topic does not exist"},
		"no ARN":                    {topic: "alerts", want: "InvalidParameter: Invalid parameter: TopicArn"},
		"a subject of 101":          {subject: strings.Repeat("x", 101), want: "InvalidParameter: Invalid parameter: Subject"},
		"a subject that isn't text": {subject: "a\nb", want: "InvalidParameter: Invalid parameter: Subject"},
		"a subject in Korean":       {subject: "삭제", want: "InvalidParameter: Invalid parameter: Subject"},
		"a subject after a space":   {subject: " a", want: "InvalidParameter: Invalid parameter: Subject"},
		"a message too long":        {body: strings.Repeat("y", 256<<10+1), want: "InvalidParameter: Invalid parameter: Message too long"},
		"a message not in UTF-8":    {body: "\xff", want: "InvalidParameter: Invalid parameter: Message: not UTF-8"},
		"an endless message":        {body: strings.Repeat("y", 2<<20), want: "MalformedQueryString"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Publish(t.Context(), &sns.PublishInput{
				TopicArn: aws.String(cmp.Or(test.topic, topic)),
				Subject:  aws.String(cmp.Or(test.subject, "a subject")),
				Message:  aws.String(cmp.Or(test.body, "a message")),
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Publish = %v, want an error with %q", err, test.want)
			}
		})
	}
	if got := server.Messages(); len(got) > 0 {
		t.Errorf("Messages() = %q, want none", got)
	}
}

func TestSNSOtherRequests(t *testing.T) {
	server := newSNS(t)
	form := func(pairs ...string) url.Values {
		v := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {topic}, "Message": {"a message"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
			if pairs[i] == "Action" || pairs[i] == "Message" {
				v.Set(pairs[i], pairs[i+1])
			}
		}
		return v
	}
	for name, test := range map[string]struct {
		form url.Values
		code string
	}{
		"another action":            {form("Action", "Subscribe"), "InvalidAction"},
		"another version":           {url.Values{"Action": {"Publish"}, "Version": {"2015-01-01"}}, "InvalidAction"},
		"a parameter not known":     {form("MessageStructure", "json"), "InvalidParameter"},
		"an empty message":          {form("Message", ""), "InvalidParameter"},
		"an empty subject":          {form("Subject", ""), "InvalidParameter"},
		"a parameter that is twice": {form("TopicArn", topic), "MalformedQueryString"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.PostForm(server.URL(), test.form)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if want := "<Code>" + test.code + "</Code>"; resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), want) {
				t.Errorf("POST = %s, %s, want 400 with %s", resp.Status, body, want)
			}
		})
	}
	resp, err := http.Get(server.URL() + "/?" + form().Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("GET = %s, want 400", resp.Status)
	}
	if got := server.Messages(); len(got) > 0 {
		t.Errorf("Messages() = %q, want none", got)
	}
}

func TestSNSConcurrently(t *testing.T) {
	server := newSNS(t)
	client := newSNSClient(server)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := client.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(topic), Message: aws.String(fmt.Sprint(i))})
			if err != nil {
				t.Errorf("Publish(%d) = %v", i, err)
			}
			server.Messages()
		})
	}
	all.Wait()
	if got := server.Messages(); len(got) != 8 {
		t.Errorf("%d messages, want 8", len(got))
	}
}

func TestSNSClose(t *testing.T) {
	server, err := NewSNS(topic)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if _, err := http.Get(server.URL()); err == nil {
		t.Error("GET after Close = nil, want an error")
	}
}
