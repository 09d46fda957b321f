package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bucketwatch/pkg/alert"
	"bucketwatch/pkg/anomaly"
)

// AlertsSchema is the version of the JSON of Alerts.
const AlertsSchema = 1

// Alerts are the messages that subscribers of the Alerts topic would have got.
type Alerts struct {
	Schema        int              `json:"schema"`
	AlertSeverity anomaly.Severity `json:"alertSeverity"`
	// ExpectedDeletes is the file of deletes that were declared; "" if none were.
	ExpectedDeletes string    `json:"expectedDeletes"`
	Files           int       `json:"files"`
	Duplicates      int       `json:"duplicates"` // files left out
	From            time.Time `json:"from"`       // UTC; the first delivery
	Until           time.Time `json:"until"`      // the last delivery
	All             Rate      `json:"all"`
	// FirstTwoWeeks are from the UTC day of From on: what is usual of a bucket isn't known yet.
	FirstTwoWeeks Rate      `json:"firstTwoWeeks"`
	Later         Rate      `json:"later"`
	Weeks         []Week    `json:"weeks"`
	Alerts        []Alert   `json:"alerts"`
	Failures      []Failure `json:"failures"`
}

// Rate is how many messages there were in how many weeks.
type Rate struct {
	Messages int     `json:"messages"`
	Weeks    float64 `json:"weeks"`
	// PerWeek is left out of less than a day: a rate would say nothing.
	PerWeek float64 `json:"perWeek,omitempty"`
}

// Week is seven days, the first from the UTC day of the first delivery.
type Week struct {
	From      time.Time  `json:"from"`
	Messages  int        `json:"messages"`
	Detectors []Detector `json:"detectors"` // by name
}

// Detector is how many messages there were that tell first of what it found.
type Detector struct {
	Anomaly    string                   `json:"anomaly"`
	Messages   int                      `json:"messages"`
	Severities map[anomaly.Severity]int `json:"severities"`
}

// Alert is one message.
type Alert struct {
	Time      time.Time        `json:"time"` // UTC; when it would have been sent
	Severity  anomaly.Severity `json:"severity"`
	AccountID string           `json:"accountId"`
	Bucket    string           `json:"bucket"`
	Principal string           `json:"principal"`
	Anomaly   string           `json:"anomaly"`   // that the subject is about
	Anomalies []string         `json:"anomalies"` // names of all in the incident, sorted
	Subject   string           `json:"subject"`
	Message   string           `json:"message"`
}

// Add takes in a message; it is a Player's Alerted.
func (a *Alerts) Add(i *alert.Incident, m alert.Message) {
	one := Alert{
		Time: i.Now.UTC(), Severity: i.Severity, AccountID: i.AccountID, Bucket: i.Bucket, Principal: i.Principal,
		Subject: m.Subject, Message: m.Body,
	}
	if told := i.MostTelling(); told != nil {
		one.Anomaly = told.Name
	}
	for k := range i.Anomalies {
		one.Anomalies = append(one.Anomalies, i.Anomalies[k].Name)
	}
	slices.Sort(one.Anomalies)
	one.Anomalies = slices.Compact(one.Anomalies)
	a.Alerts = append(a.Alerts, one)
}

const week = 7 * 24 * time.Hour

// Finish adds up the messages, when all was played.
func (a *Alerts) Finish(played *Played) {
	a.Schema, a.Files, a.Duplicates = AlertsSchema, played.Files, played.Duplicates
	a.From, a.Until = played.First, played.Last
	a.Failures = append([]Failure{}, played.Failures...)
	a.Alerts = append([]Alert{}, a.Alerts...)
	a.Weeks = []Week{}
	if played.First.IsZero() {
		return
	}
	first := a.From.Truncate(24 * time.Hour)
	end := a.Until
	for i := range a.Alerts {
		end = later(end, a.Alerts[i].Time)
	}
	for from := first; !from.After(end); from = from.Add(week) {
		a.Weeks = append(a.Weeks, Week{From: from, Detectors: []Detector{}})
	}
	known := earlier(first.Add(2*week), a.Until)
	for i := range a.Alerts {
		one := &a.Alerts[i]
		a.Weeks[one.Time.Sub(first)/week].add(one)
		if one.Time.Before(first.Add(2 * week)) {
			a.FirstTwoWeeks.Messages++
		} else {
			a.Later.Messages++
		}
	}
	a.All.Messages = len(a.Alerts)
	a.All.over(a.Until.Sub(a.From))
	a.FirstTwoWeeks.over(known.Sub(a.From))
	a.Later.over(a.Until.Sub(known))
}

func (w *Week) add(a *Alert) {
	w.Messages++
	i, ok := slices.BinarySearchFunc(w.Detectors, a.Anomaly, func(d Detector, name string) int { return cmp.Compare(d.Anomaly, name) })
	if !ok {
		w.Detectors = slices.Insert(w.Detectors, i, Detector{Anomaly: a.Anomaly, Severities: map[anomaly.Severity]int{}})
	}
	w.Detectors[i].Messages++
	w.Detectors[i].Severities[a.Severity]++
}

func (r *Rate) over(time time.Duration) {
	r.Weeks = round(float64(time)/float64(week), 100)
	if time >= week/7 {
		r.PerWeek = round(float64(r.Messages)*float64(week)/float64(time), 100)
	}
}

func round(x float64, parts float64) float64 { return float64(int64(x*parts+0.5)) / parts }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// WriteJSON writes all of it as one JSON document.
func (a *Alerts) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return fmt.Errorf("cannot write the alerts: %w", err)
	}
	return nil
}

// sentence returns the first sentence of the message: what happened, and why that was thought unexpected.
func (a *Alert) sentence() string {
	text, _, _ := strings.Cut(a.Message, "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.LastIndex(text, " ["); i > 0 && strings.HasSuffix(text, "]") {
		text = text[:i] // which detector it was
	}
	return text
}
