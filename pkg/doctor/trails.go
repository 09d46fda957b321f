package doctor

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// CloudTrail is what is needed of CloudTrail.
type CloudTrail interface {
	DescribeTrails(context.Context, *cloudtrail.DescribeTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error)
	ListTrails(context.Context, *cloudtrail.ListTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error)
	GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error)
	GetEventSelectors(context.Context, *cloudtrail.GetEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error)
}

// trail is a trail with all that was told of it.
type trail struct {
	name, arn, region string // region: its home, which alone may be asked to change it
	bucket, prefix    string // prefix: before AWSLogs/, empty or with a slash at its end
	multiRegion       bool
	digests           bool // log file validation is on
	kmsKey            string

	logging                    bool
	deliveryError, digestError string
	delivered                  time.Time // zero: nothing yet
	statusErr                  error

	selectors    []types.AdvancedEventSelector // basic ones in their advanced form
	selectorsErr error
}

// trails are the trails that one sees from an account.
type trails struct {
	all       []*trail
	elsewhere error // why trails of other Regions that record these alone could not be looked for
}

// readTrails reads all trails that are seen from the account.
func readTrails(ctx context.Context, client CloudTrail, region string) (*trails, error) {
	out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: sdk.Bool(true)})
	if err != nil {
		return nil, err
	}
	found := &trails{}
	known := map[string]bool{}
	add := func(list []types.Trail) {
		for i := range list {
			if t := newTrail(&list[i], region); !known[t.arn] {
				known[t.arn] = true
				found.all = append(found.all, t)
			}
		}
	}
	add(out.TrailList)
	// Those that record another Region alone aren't seen from here.
	elsewhere := map[string][]string{}
	pages := cloudtrail.NewListTrailsPaginator(client, &cloudtrail.ListTrailsInput{})
	for pages.HasMorePages() && found.elsewhere == nil {
		page, err := pages.NextPage(ctx)
		if err != nil {
			found.elsewhere = err
			break
		}
		for _, t := range page.Trails {
			if arn, home := sdk.ToString(t.TrailARN), sdk.ToString(t.HomeRegion); !known[arn] {
				elsewhere[home] = append(elsewhere[home], arn)
			}
		}
	}
	for home, arns := range elsewhere {
		out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: arns}, inRegion(home))
		if err != nil {
			found.elsewhere = err
			continue
		}
		add(out.TrailList)
	}
	slices.SortFunc(found.all, func(a, b *trail) int { return strings.Compare(a.arn, b.arn) })
	var group sync.WaitGroup
	slots := make(chan struct{}, 4) // CloudTrail takes ten requests a second
	for _, t := range found.all {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.look(ctx, client)
		})
	}
	group.Wait()
	return found, nil
}

func inRegion(region string) func(*cloudtrail.Options) {
	return func(o *cloudtrail.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

func newTrail(of *types.Trail, region string) *trail {
	t := &trail{
		name: sdk.ToString(of.Name), arn: sdk.ToString(of.TrailARN), region: sdk.ToString(of.HomeRegion),
		bucket: sdk.ToString(of.S3BucketName), prefix: sdk.ToString(of.S3KeyPrefix), kmsKey: sdk.ToString(of.KmsKeyId),
		multiRegion: sdk.ToBool(of.IsMultiRegionTrail), digests: sdk.ToBool(of.LogFileValidationEnabled),
	}
	if t.region == "" {
		t.region = region
	}
	if t.prefix != "" {
		t.prefix = strings.TrimSuffix(t.prefix, "/") + "/"
	}
	return t
}

// look asks how the trail is.
func (t *trail) look(ctx context.Context, client CloudTrail) {
	status, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &t.arn}, inRegion(t.region))
	if t.statusErr = err; err == nil {
		t.logging, t.delivered = sdk.ToBool(status.IsLogging), sdk.ToTime(status.LatestDeliveryTime)
		t.deliveryError, t.digestError = sdk.ToString(status.LatestDeliveryError), sdk.ToString(status.LatestDigestDeliveryError)
	}
	selectors, err := client.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: &t.arn}, inRegion(t.region))
	if t.selectorsErr = err; err == nil {
		t.selectors = append(advanced(selectors.EventSelectors), selectors.AdvancedEventSelectors...)
	}
}

// into returns the trails that fill the folder that the stack reads: its own; or of an existing bucket's those that are
// logging, else all.
func (ts *trails) into(s *Stack) []*trail {
	var feeding, logging []*trail
	for _, t := range ts.all {
		if t.bucket != s.logBucket() || t.prefix != s.prefix() || s.hasOwnTrail() && t.name != s.id("Trail") {
			continue
		}
		feeding = append(feeding, t)
		if t.logging || t.statusErr != nil {
			logging = append(logging, t)
		}
	}
	if len(logging) > 0 {
		return logging
	}
	return feeding
}

// records tells whether the trail records an event now, in a Region that it sees.
func (t *trail) records(e event) bool { return t.logging && records(t.selectors, e) }

// sees tells whether the trail records a Region. One that isn't known, "", may be any.
func (t *trail) sees(region string) bool { return t.multiRegion || region == "" || region == t.region }
