package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Alarms is what is needed of CloudWatch's alarms.
type Alarms interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// alarm is one of monitoring.yaml's.
type alarm struct {
	name   string // logical
	means  string // while it is in ALARM
	mails  bool   // it tells the Operations topic
	faulty bool   // it is about the stack, not about what happened to buckets
}

var alarms = []alarm{
	{"UnexpectedDeletes", "objects were deleted that nobody expected", false, false},
	{"UnexpectedDeletesByBucket", "objects were deleted that nobody expected", false, false},
	{"HighSeverityAnomalies", "there was an anomaly of severity HIGH or above", false, false},
	{"FilesFailed", "log files failed three times, so that metrics are missing", true, true},
	{"AlertsLate", "nothing was judged for ten minutes, or a message could not be sent", true, true},
	{"DetectorsBlind", "there were more keys than the detectors remember or compare", true, true},
	{"Silence", "for three hours no log file and no digest came", true, true},
	{"NumbersWrong", "metrics are not what the log files say, or may be counted twice", true, true},
	{"NoDataEvents", "the trail brings records, and none of requests to objects", true, true},
}

func lookAtAlarms(ctx context.Context, client Alarms, s *Stack, now time.Time) ([]Finding, error) {
	var names []string
	for _, a := range alarms {
		if id := s.id("Monitoring/" + a.name); id != "" {
			names = append(names, id)
		}
	}
	out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: names, MaxRecords: sdk.Int32(100)})
	if err != nil {
		return nil, err
	}
	return judgeAlarms(s, out.MetricAlarms, now), nil
}

func judgeAlarms(s *Stack, there []types.MetricAlarm, now time.Time) []Finding {
	var findings []Finding
	well := 0
	for _, a := range alarms {
		id := s.id("Monitoring/" + a.name)
		if id == "" {
			continue // the stack has none such
		}
		k := slices.IndexFunc(there, func(m types.MetricAlarm) bool { return sdk.ToString(m.AlarmName) == id })
		if k < 0 {
			findings = append(findings, Finding{Verdict: Fault, Fact: fmt.Sprintf("The alarm %s (%s) is gone.", a.name, id),
				Fix: "Make it again in the CloudWatch console under that name, as monitoring.yaml has it; an update of the stack doesn't."})
			continue
		}
		found := judgeAlarm(s, &a, &there[k], now)
		if len(found) == 0 {
			well++
		}
		findings = append(findings, found...)
	}
	if well > 0 {
		findings = append(findings, Finding{Verdict: OK, Fact: fmt.Sprintf("%s in order: not in ALARM, and with the actions that the stack gave.", count(well, "alarm is", "alarms are"))})
	}
	return findings
}

func judgeAlarm(s *Stack, a *alarm, m *types.MetricAlarm, now time.Time) (findings []Finding) {
	id := sdk.ToString(m.AlarmName)
	if a.mails && !sdk.ToBool(m.ActionsEnabled) {
		findings = append(findings, Finding{Verdict: Fault, Fact: fmt.Sprintf("The alarm %s tells nobody: its actions are disabled.", a.name),
			Fix: "Enable them.", Command: aws(s.Region, "cloudwatch", "enable-alarm-actions", "--alarm-names", id)})
	} else if topic := s.Outputs["OperationsTopicArn"]; a.mails && !slices.Contains(m.AlarmActions, topic) {
		findings = append(findings, Finding{Verdict: Fault, Fact: fmt.Sprintf("The alarm %s does not tell the topic %s.", a.name, topic),
			Fix: "Add the topic to its actions in the CloudWatch console (alarm " + id + ", Edit)."})
	}
	if m.StateValue != types.StateValueAlarm {
		return findings
	}
	since := ""
	if m.StateUpdatedTimestamp != nil {
		since = ", since " + strings.TrimSuffix(ago(now, *m.StateUpdatedTimestamp), " ago")
	}
	f := Finding{Verdict: Warning, Fact: fmt.Sprintf("The alarm %s is in ALARM%s: %s.", a.name, since, a.means), Fix: strings.TrimSpace(sdk.ToString(m.AlarmDescription))}
	if a.faulty {
		f.Verdict = Fault
		if (a.name == "Silence" || a.name == "AlertsLate") && s.isNew(now, 30*time.Minute) {
			f.Verdict = Warning // red on a new stack until the first
		}
	}
	return append(findings, f)
}
