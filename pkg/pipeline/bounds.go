package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/metrics"
	"time"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/metric"
	"bucketwatch/pkg/state"
)

// Lambda ends a process that takes too long or too much without a word. So work on a file ends before, with an error that
// says what to raise.
const (
	// endReserve is what is left of an invocation's time to say that there is none left, and to give the claim back.
	endReserve = releaseLimit + 2*time.Second
	// besideGo is what the process takes beside Go's own memory: the binary's pages and the stacks of the system.
	besideGo = 24 << 20
)

// How many log files run side by side. docs/PERFORMANCE.md has the measurements.
const (
	// fileMemory is what one takes, with all that is remembered and told of maxWidthBeside: measured were 3 to 15 MiB.
	// perProcess is what Go takes beside that.
	fileMemory, perProcess = 20 << 20, 8 << 20
	// maxWidthBeside is how wide a log file's evidence may be, see evidence.Collector, that is processed beside others. One
	// of 10,000 buckets with deletes takes 80 MiB, most of it when it has been read, and nothing could be refused any more.
	maxWidthBeside = 2000
	// maxFilesAtOnce is as many as the connections to one service that the AWS client keeps open, and as the messages of
	// SQS's usual batch.
	maxFilesAtOnce = 10
)

// How many buckets a tick judges at once.
const (
	// judgedMemory is what one takes while it is judged, with as many keys as are looked at one by one: measured were 14 MiB.
	// historyMemory is what package history keeps of all buckets, at the most.
	judgedMemory, historyMemory = 30 << 20, 72 << 20
)

var (
	errOutOfTime   = errors.New("out of time")
	errOutOfMemory = errors.New("out of memory")
)

// GoMemory returns how many bytes Go may take of the function's memory; 0 if that isn't known.
func (c *Config) GoMemory() int64 {
	if c.MemorySize == 0 {
		return 0
	}
	return max(c.MemorySize<<20-besideGo, 1)
}

// filesAtOnce returns how many log files of an invocation run side by side: so many that the widest ones fit into the
// function's memory. Where that isn't known it is one.
func (c *Config) filesAtOnce() int {
	return int(min(max((c.GoMemory()-perProcess)/fileMemory, 1), maxFilesAtOnce))
}

// judgedAtOnce returns how many buckets a tick judges at once.
func (c *Config) judgedAtOnce() int {
	return int(min(max((c.GoMemory()-historyMemory)/judgedMemory, 1), state.CallsAtOnce))
}

// givesWay returns an error if the file takes too much to be processed beside others: then it is taken again, alone.
func (f *file) givesWay() error {
	if f.alone || f.contents.evidence == nil || f.contents.evidence.Width() <= maxWidthBeside {
		return nil
	}
	return fmt.Errorf("%w beside other files: it is about more than %d buckets, their hours, and who deleted in each", errOutOfMemory, maxWidthBeside)
}

// inTime returns a context that ends before the invocation does.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	reserve := min(endReserve, time.Until(deadline)/4)
	return context.WithDeadlineCause(ctx, deadline.Add(-reserve), errOutOfTime)
}

// inWords says of an error of work under inTime's context if it is that time is over, and what can be done.
func (p *Pipeline) inWords(work context.Context, f *file, err error) error {
	if err == nil || !errors.Is(context.Cause(work), errOutOfTime) {
		return err
	}
	return fmt.Errorf("%w after %s; if it is so again, raise the parameter MemorySize%s, which is more CPU too, or the function's Timeout in template.yaml: %w",
		errOutOfTime, p.Now().Sub(f.started).Round(time.Second/10), p.config.nowMemory(), err)
}

func (c *Config) nowMemory() string {
	if c.MemorySize == 0 {
		return ""
	}
	return fmt.Sprintf(" (now %d)", c.MemorySize)
}

// isAtLimit tells whether a file was given up since it is beyond what the function takes, and not since it is damaged.
func isAtLimit(err error) bool {
	for _, limit := range []error{
		errOutOfTime, errOutOfMemory, cloudtrail.ErrRecordTooLarge, cloudtrail.ErrDocumentTooLarge, cloudtrail.ErrTooDeep,
	} {
		if errors.Is(err, limit) {
			return true
		}
	}
	return false
}

// reached are the metrics of limits that a file may be beyond and is read all the same: docs/ARCHITECTURE.md lists them.
var reached = []int{
	metric.RecordsNotCompared, metric.LatenciesNotKept, metric.BucketsNotTold, metric.CallersNotTold, metric.DeletesNotListed,
	metric.KeysNotKept, metric.ChangesNotTold, metric.KeysNotJudged,
}

// logReached says in the log which limits were reached, beside the metrics. It is no warning: what is left out is named.
func (p *Pipeline) logReached(ctx context.Context, health *[len(metric.Health)]int64, what ...any) {
	args := what
	for _, m := range reached {
		if n := health[m]; n > 0 {
			args = append(args, metric.Health[m].Name, n)
		}
	}
	if len(args) > len(what) {
		p.Log.InfoContext(ctx, "limits reached", args...)
	}
}

// refused counts a file that was given up at a limit.
func (p *Pipeline) refused(ctx context.Context, f *file) {
	var health [len(metric.Health)]int64
	health[metric.FilesRefused] = 1
	w := p.writer(f)
	err := w.health(&health, "")
	if err == nil {
		err = p.out.write(&w.batch)
	}
	if err != nil {
		p.Log.ErrorContext(ctx, "refused file not counted", "error", err.Error())
	}
}

// objectBody is the content of an object, for as long as there is time and memory to read it.
type objectBody struct {
	io.ReadCloser
	ctx    context.Context
	memory func() int64 // in use by Go
	config *Config
}

func (b *objectBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if most := b.config.GoMemory(); most > 0 {
		if used := b.memory(); used > most {
			return 0, fmt.Errorf("%w: %d MB of the function's %d MB are in use, and the file needs more: raise the parameter MemorySize",
				errOutOfMemory, (used+besideGo)>>20, b.config.MemorySize)
		}
	}
	return b.ReadCloser.Read(p)
}

// goMemory returns what Go has taken from the system and not given back.
func goMemory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}
