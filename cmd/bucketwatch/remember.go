package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"bucketwatch/pkg/history"
	"bucketwatch/pkg/logfiles"
	"bucketwatch/pkg/replay"
	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/dynamodb"
)

// openTable returns the table, with credentials and Region as the AWS CLI has them.
func openTable(ctx context.Context, name string) (state.Store, error) {
	c, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		return nil, errors.New("in which Region is the table? Set AWS_REGION to the stack's")
	}
	return dynamodb.New(awsdynamodb.NewFromConfig(c, dynamodb.Patient), name), nil
}

// openStore opens the table, if one is asked for, and looks whether it can be used: what is learned takes its time.
func (f *replayFlags) openStore(ctx context.Context, open func(context.Context, string) (state.Store, error)) (state.Store, error) {
	if f.table == "" {
		return nil, nil
	}
	store, err := open(ctx, f.table)
	if err != nil {
		return nil, err
	}
	if err := state.CheckSchema(ctx, state.ReadOnly{Store: store}); err != nil {
		return nil, err
	}
	if f.dryRun {
		store = state.ReadOnly{Store: store}
	}
	return store, nil
}

// checkAddresses sees to it that what is remembered has the addresses under which the function gets the same log files:
// under others they would count twice.
func (f *replayFlags) checkAddresses(files []logfiles.File) error {
	if f.table == "" || f.logBucket != "" || !slices.ContainsFunc(files, func(f logfiles.File) bool { return f.Bucket == "" }) {
		return nil
	}
	return errors.New("--table needs --log-bucket BUCKET[/PREFIX] where log files are copies: the function knows them by their address in the trail's bucket")
}

// remember writes what was learned into the table, and says what it wrote.
func (f *replayFlags) remember(ctx context.Context, p *replay.Player, played *replay.Played, store state.Store, t *terminal) error {
	t.say("Writing to " + f.table + " …")
	done, err := p.Remember(ctx, store)
	t.unsay()
	if err != nil {
		return fmt.Errorf("cannot write all to table %s; run again, it goes on where it stopped: %w", f.table, err)
	}
	say := func(format string, args ...any) { fmt.Fprintf(t.stdout, format+"\n", args...) }
	if played.First.IsZero() {
		say("%s played, which tell nothing", count(played.Files, "log file"))
		return nil
	}
	say("%s played, delivered from %s to %s UTC", count(played.Files, "log file"), played.First.Format("2006-01-02 15:04"), played.Last.Format("2006-01-02 15:04"))
	put := fmt.Sprintf("%s (%s, %d others) of %s", count(done.Items, "item"), count(done.Days, "complete day"), done.Items-done.Days, count(done.Changed, "bucket"))
	switch {
	case done.Items == 0:
		say("table %s: nothing new, it has all %s of %s", f.table, count(done.Unchanged, "item"), count(done.Buckets, "bucket"))
	case f.dryRun:
		say("table %s: %s would be written, %d are there already; nothing was written", f.table, put, done.Unchanged)
	default:
		say("table %s: %s written, %d were there already", f.table, put, done.Unchanged)
	}
	for i := range done.GoingOn {
		say("%s", goingOn(&done.GoingOn[i]))
	}
	if days := int(played.Last.Sub(played.First) / (24 * time.Hour)); days < 14 {
		say("These log files cover %s; what is usual of a bucket is known after 14.", count(days, "day"))
	}
	if gap := p.Now().Sub(played.Last); gap > 26*time.Hour {
		say("They end %s before now. If there are later ones, play them too: a day without any counts as one without deletes.",
			count(int(gap/(24*time.Hour)), "day"))
	}
	return nil
}

// goingOn says that an incident may go on.
func goingOn(i *history.Incident) string {
	return fmt.Sprintf("May go on: %s in %s by %s, last seen %s UTC. If it does, the function tells of it.", strings.ToUpper(string(i.Severity)),
		i.Bucket.Name, i.Principal, i.Last.UTC().Format("2006-01-02 15:04"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
