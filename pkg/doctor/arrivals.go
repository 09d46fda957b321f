package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bucketwatch/pkg/cloudtrail"
)

// Objects lists a bucket's objects.
type Objects interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// most is how many folders (an account's Regions) are looked into: an organization may have thousands.
const most = 200

// silence is how long nothing may come: digests come every hour. It is that of the alarm Silence.
const silence = 3 * time.Hour

// arrivals are the newest objects in the log bucket.
type arrivals struct {
	logFile, digest           time.Time // when S3 got the newest; zero: none today or yesterday
	regions                   int       // in how many folders of Regions anything came
	looked, folders, accounts int       // how many folders were looked into, of how many
}

// newest finds the newest log file and digest. It looks at the folders of today and yesterday alone.
func newest(ctx context.Context, client Objects, s *Stack, now time.Time) (arrivals, error) {
	var a arrivals
	accounts, err := accountFolders(ctx, client, s)
	if err != nil {
		return a, err
	}
	a.accounts = len(accounts)
	var folders []string
	for _, account := range accounts {
		for _, kind := range []string{"CloudTrail/", "CloudTrail-Digest/"} {
			if len(folders) >= most {
				break
			}
			regions, err := foldersIn(ctx, client, s.logBucket(), account+kind)
			if err != nil {
				return a, err
			}
			folders = append(folders, regions...)
		}
	}
	a.folders = len(folders)
	folders = folders[:min(most, len(folders))]
	a.looked = len(folders)
	return a, a.look(ctx, client, s.logBucket(), folders, now)
}

// look finds the newest of what came into the folders, AWSLogs/ACCOUNT/CloudTrail/REGION/.
func (a *arrivals) look(ctx context.Context, client Objects, bucket string, folders []string, now time.Time) error {
	var mu sync.Mutex
	var group sync.WaitGroup
	var errs []error
	slots := make(chan struct{}, 8)
	for _, folder := range folders {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			kind := cloudtrail.ParseKey(folder + "x.json.gz").Kind
			at, err := newestIn(ctx, client, bucket, folder, kind, now)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				errs = append(errs, err)
			case at.IsZero():
			case kind == cloudtrail.Digest:
				a.digest = latest(a.digest, at)
			default:
				a.regions++
				a.logFile = latest(a.logFile, at)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// accountFolders are the folders of accounts, the stack's own first: PREFIX/AWSLogs/[o-xxxx/]ACCOUNT/.
func accountFolders(ctx context.Context, client Objects, s *Stack) ([]string, error) {
	top, err := foldersIn(ctx, client, s.logBucket(), s.prefix()+"AWSLogs/")
	if err != nil {
		return nil, err
	}
	var accounts []string
	for _, folder := range top {
		switch name := last(folder); {
		case cloudtrail.IsAccountID(name):
			accounts = append(accounts, folder)
		case strings.HasPrefix(name, "o-"):
			more, err := foldersIn(ctx, client, s.logBucket(), folder)
			if err != nil {
				return nil, err
			}
			accounts = append(accounts, more...)
		}
	}
	slices.SortStableFunc(accounts, func(a, b string) int {
		own := func(folder string) int {
			if last(folder) == s.Account {
				return 0
			}
			return 1
		}
		return own(a) - own(b)
	})
	return accounts, nil
}

// last is a folder's own name.
func last(folder string) string {
	folder = strings.TrimSuffix(folder, "/")
	return folder[strings.LastIndexByte(folder, '/')+1:]
}

// foldersIn lists the folders right below a folder.
func foldersIn(ctx context.Context, client Objects, bucket, folder string) (names []string, err error) {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &folder, Delimiter: sdk.String("/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.CommonPrefixes {
			names = append(names, sdk.ToString(p.Prefix))
		}
	}
	return names, nil
}

// newestIn returns when the newest object of today or yesterday came into a Region's folder. Log files' names begin with
// the minute of delivery, so that the list can begin some hours ago.
func newestIn(ctx context.Context, client Objects, bucket, folder string, kind cloudtrail.Kind, now time.Time) (at time.Time, err error) {
	now = now.UTC()
	for _, day := range []time.Time{now, now.AddDate(0, 0, -1)} {
		prefix := folder + day.Format("2006/01/02/")
		in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}
		if since := now.Add(-silence); kind == cloudtrail.LogFile && since.Day() == day.Day() {
			k := cloudtrail.ParseKey(folder + "x.json.gz")
			in.StartAfter = sdk.String(prefix + k.AccountID + "_CloudTrail_" + k.Region + "_" + since.Format("20060102T1504"))
		}
		found, err := newestOf(ctx, client, in)
		if err == nil && found.IsZero() && in.StartAfter != nil { // only older ones
			in.StartAfter, in.ContinuationToken = nil, nil
			found, err = newestOf(ctx, client, in)
		}
		if err != nil {
			return at, err
		}
		if !found.IsZero() {
			return found, nil
		}
	}
	return at, nil
}

func newestOf(ctx context.Context, client Objects, in *s3.ListObjectsV2Input) (at time.Time, err error) {
	pages := s3.NewListObjectsV2Paginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return at, err
		}
		for _, object := range page.Contents {
			at = latest(at, sdk.ToTime(object.LastModified))
		}
	}
	return at, nil
}

// judgeArrivals judges whether log files come into the log bucket.
func judgeArrivals(s *Stack, a arrivals, now time.Time) Finding {
	f := Finding{Check: "files-arriving", Verdict: OK}
	where := s.logBucket() + "/" + s.prefix() + "AWSLogs/"
	last := latest(a.logFile, a.digest)
	var parts []string
	if !a.logFile.IsZero() {
		parts = append(parts, fmt.Sprintf("the newest log file came %s", ago(now, a.logFile)))
	}
	if !a.digest.IsZero() {
		parts = append(parts, fmt.Sprintf("the newest digest %s", ago(now, a.digest)))
	}
	if len(parts) > 0 {
		f.Fact = fmt.Sprintf("Files are coming into %s: %s; today or yesterday there were log files of %s.", where, strings.Join(parts, ", "), count(a.regions, "Region", "Regions"))
	}
	if a.looked < a.folders || a.looked >= most {
		f.Fact += fmt.Sprintf(" Of %s the first %d folders were looked into.", count(a.accounts, "account", "accounts"), a.looked)
	}
	if !last.IsZero() && now.Sub(last) <= silence {
		return f
	}
	f.Verdict, f.Fix = Fault, "See what is said of the trail: does it log, and into this bucket under this prefix?"
	switch {
	case s.isNew(now, 30*time.Minute):
		f.Verdict, f.Fact, f.Fix = Warning, fmt.Sprintf("No file has come into %s yet: the stack was made %s.", where, ago(now, s.Created)), "The first comes after 5 to 15 minutes: look again."
	case last.IsZero():
		f.Fact = fmt.Sprintf("No file came into %s today or yesterday.", where)
	default:
		f.Fact = fmt.Sprintf("No file has come into %s for three hours; the newest came %s.", where, ago(now, last))
	}
	return f
}
