package alert_test

import (
	"strings"
	"testing"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
)

// flat is the message with its lines joined, so that a sentence is found wherever it is broken.
func flat(i alert.Incident) string { return strings.Join(strings.Fields(i.Message().Body), " ") }

func TestWayToStop(t *testing.T) {
	tests := []struct {
		name, principal string
		want            string
	}{
		{"role", appWeb, "stop role/app-web first: attach a policy that denies s3:Delete* and s3:Put* (this also stops the app), then revoke its active sessions."},
		{"session without its role's path", "arn:aws:sts::111122223333:assumed-role/app-web", "stop role/app-web first: attach a policy "},
		{"Identity Center", bob, "first: in IAM Identity Center remove the assignment (a session "},
		{"service-linked role", "arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
			"stop role/AWSServiceRoleForBackup first: it is a service's own role, which IAM cannot change; "},
		{"user", alice, "stop user/alice first: deactivate the access keys and the console password, and attach a policy "},
		{"root", "arn:aws:iam::111122223333:root", "stop the root user first: change the password, delete root access keys, sign out."},
		{"another account", "arn:aws:iam::444455556666:role/app-web", "stop role/app-web of 444455556666 first: deny it s3:Delete* and s3:Put* in the bucket's policy"},
		{"another account, without ARN", "account/444455556666/AROAEXAMPLE", "stop account/444455556666/AROAEXAMPLE first: deny it s3:Delete* "},
		{"service", "batchoperations.s3.amazonaws.com", "stop batchoperations.s3.amazonaws.com first: find what the service was told to do"},
		{"anonymous", "anonymous", "stop an anonymous caller first: switch on the bucket's public access block."},
		{"unknown", "UNATTRIBUTED", "stop whoever did it first: deny s3:DeleteObject* and s3:PutObject* in the bucket's policy, to everybody if it has to be "},
		{"federated", "arn:aws:sts::111122223333:federated-user/carol", "stop federated-user/carol first: deny s3:DeleteObject* "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := incident(surge())
			i.Principal = test.principal
			if got, want := flat(i), "Unless you know that it is harmless, stop "; !strings.Contains(got, want) || !strings.Contains(got, test.want) {
				t.Errorf("the message doesn't say %q:\n%s", test.want, i.Message().Body)
			}
		})
	}
}

func TestWayToStopPeople(t *testing.T) {
	i := incident(surge())
	i.Principal, i.Anomalies[0].Principal = anomaly.People, anomaly.People
	i.Anomalies[0].Persons = []string{alice, bob, alice + "2", alice + "3", alice + "4"}
	for _, want := range []string{
		"stop each of them first. role/AWSReservedSSO_Admin_0123456789abcdef: in IAM Identity Center remove the assignment",
		" user/alice, user/alice2, user/alice3 and 1 more: deactivate the access keys",
	} {
		if got := flat(i); !strings.Contains(got, want) {
			t.Errorf("the message doesn't say %q:\n%s", want, i.Message().Body)
		}
	}
}

// Who isn't woken need not hurry.
func TestWayToStopBySeverity(t *testing.T) {
	for severity, want := range map[anomaly.Severity]bool{anomaly.Low: false, anomaly.Medium: false, anomaly.High: true, anomaly.Critical: true} {
		i := incident(surge())
		i.Severity = severity
		if got := strings.Contains(i.Message().Body, "IF IT MAY GO ON"); got != want {
			t.Errorf("%s: says how to stop it: %t, want %t", severity, got, want)
		}
	}
}

// Who stops the trail must not be stopped from doing things to buckets alone.
func TestWayToStopWhoChangedTrail(t *testing.T) {
	i := incident(changed("role/app-web stopped the logging of the trail main"))
	if got, want := flat(i), "denies cloudtrail:*, s3:Delete* and s3:Put* (this"; !strings.Contains(got, want) {
		t.Errorf("the message doesn't say %q:\n%s", want, i.Message().Body)
	}
}

// changed is the anomaly of a change, by what its sentence says.
func changed(what string) anomaly.Anomaly {
	a := suspended()
	a.Explanation = what + " at 13:58 UTC."
	return a
}

func TestRemedy(t *testing.T) {
	const final = "deletes may be final"
	tests := []struct {
		what       string
		want, lack []string
	}{
		{"suspended versioning of photos", []string{final, "aws s3api put-bucket-versioning --bucket photos "}, nil},
		{"disabled MFA delete of photos", []string{final}, []string{"put-bucket-versioning"}},
		{"disabled Object Lock of photos", []string{final}, nil},
		{"disabled an Object Lock rule of photos", []string{final}, nil},
		{"deleted the replication rules of photos", []string{"What was changed can be set again."}, []string{final}},
		{"deleted the bucket policy of photos", []string{"What was changed can be set again."}, []string{final, "A deleted bucket"}},
		{"deleted the bucket photos", []string{"A deleted bucket is gone, and its name can be taken by anybody; make it again"}, []string{final, "can be set again"}},
		{"set all objects of photos to expire after 1 day", []string{"take the rule away."}, []string{final, "can be set again"}},
		{"stopped the logging of the trail main", []string{"until it logs again BucketWatch sees nothing of what is done", "aws cloudtrail start-logging --region us-east-1 --name main "}, []string{final}},
		{"stopped the logging of a trail", []string{"aws cloudtrail start-logging --region us-east-1 --name TRAIL "}, nil},
		{"stopped the logging of the trail -x", []string{"--name TRAIL "}, nil},
		{"stopped the logging of the trail $(id)", []string{"--name TRAIL "}, nil},
		{"deleted the trail main", []string{"Make it again with the same name, "}, []string{final, "start-logging"}},
		{"left S3 data events out of the selectors of the trail main", []string{"until its event selectors have S3 data events again"}, []string{final, "start-logging"}},
		{"removed protections in more places than can be told one by one", []string{"What was changed can be set again."}, []string{final}},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			got := flat(incident(changed("role/app-web " + test.what)))
			for _, want := range append(test.want, "aws cloudtrail lookup-events --region us-east-1 ") {
				if !strings.Contains(got, want) {
					t.Errorf("the message doesn't say %q:\n%s", want, got)
				}
			}
			for _, lack := range test.lack {
				if strings.Contains(got, lack) {
					t.Errorf("the message says %q:\n%s", lack, got)
				}
			}
		})
	}
}

// Two changes of a kind are told once, with the commands of both.
func TestRemedies(t *testing.T) {
	got := flat(incident(changed("role/app-web stopped the logging of the trail main"), changed("role/app-web stopped the logging of the trail copy"), suspended()))
	if n := strings.Count(got, "Start it:"); n != 1 || !strings.Contains(got, "--name main aws cloudtrail start-logging --region us-east-1 --name copy ") {
		t.Errorf("the message tells %d times to start trails, want once, with two commands:\n%s", n, got)
	}
	if !strings.Contains(got, "deletes may be final") {
		t.Errorf("the message doesn't tell of versioning:\n%s", got)
	}
}

// Once versioning was suspended, it is no use to ask whether it is enabled: the message says to enable it.
func TestSuspendedIsNotAsked(t *testing.T) {
	overwritten := surge()
	overwritten.Name, overwritten.Deleted = "EncryptedOverwrite", nil
	marked := incident(suspended(), surge())
	marked.DeleteMarkers = 1240
	late := incident(suspended(), surge())
	late.Now = clock("00:10:00").AddDate(0, 0, 1)
	for name, test := range map[string]struct {
		incident alert.Incident
		want     string
	}{
		"deletes":           {incident(suspended(), surge()), "Versioning of photos was suspended from 13:58 UTC on. Versions uploaded while versioning was enabled are still there, below delete markers."},
		"with markers":      {marked, "Versioning of photos was suspended from 13:58 UTC on."},
		"of the day before": {late, "Versioning of photos was suspended from 20 November 13:58 UTC on."},
		"overwritten":       {incident(suspended(), overwritten), "Versions uploaded while versioning was enabled are still there, below the new ones."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := flat(test.incident); !strings.Contains(got, test.want) || strings.Contains(got, "get-bucket-versioning") {
				t.Errorf("the message doesn't say %q, or asks:\n%s", test.want, test.incident.Message().Body)
			}
		})
	}
}

func TestMarkersSeen(t *testing.T) {
	for markers, want := range map[int64]string{
		1:    "Very likely: the deletes left delete markers, as was seen of 1 of 1,240. If versioning is Enabled (`aws s3api get-bucket-versioning --bucket photos`)",
		1240: "as was seen of all 1,240.",
		2000: "as was seen of all 1,240.",
	} {
		i := incident(surge())
		i.DeleteMarkers = markers
		if got := flat(i); !strings.Contains(got, want) {
			t.Errorf("%d delete markers: the message doesn't say %q:\n%s", markers, want, i.Message().Body)
		}
	}
}

// Deletes in the log bucket whose objects no record names are to be restored too; lookup-events knows none of them.
func TestUnrecordedLogFiles(t *testing.T) {
	i := incident(changed("role/app-web deleted objects from the log bucket photos with 2 DeleteObjects calls"))
	body := i.Message().Body
	command(t, body, "aws s3api list-object-versions")
	if strings.Contains(body, "lookup-events") {
		t.Errorf("the message looks up a data event:\n%s", body)
	}
}

// One note stands before the first command, and says whose credentials.
func TestNoteOfCommands(t *testing.T) {
	for name, i := range incidents() {
		t.Run(name, func(t *testing.T) {
			got := flat(i)
			const note = "The commands are for a Unix shell such as CloudShell, with credentials of account 111122223333."
			before, _, ok := strings.Cut(got, note)
			if !ok || strings.Count(got, note) != 1 {
				t.Fatalf("the message has no such note, or several:\n%s", got)
			}
			if strings.Contains(before, "aws s3api") || strings.Contains(before, "aws cloudtrail") || strings.Contains(before, "bucketwatch report") {
				t.Errorf("a command stands before the note:\n%s", got)
			}
		})
	}
}

func TestClosing(t *testing.T) {
	for severity, want := range map[anomaly.Severity]string{
		anomaly.High:     "You get another message about this incident only if its severity rises, however many objects follow. It ends when six hours pass without another anomaly.",
		anomaly.Critical: "You get no other message about this incident, however many objects follow. It ends when six hours pass without another anomaly.",
	} {
		i := incident(surge())
		i.Severity = severity
		if got := flat(i); !strings.HasSuffix(got, want) {
			t.Errorf("%s: the message ends with %q, want %q", severity, got[max(0, len(got)-200):], want)
		}
	}
}
