package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"bucketwatch/pkg/cloudtrail"
	"bucketwatch/pkg/trigger"
)

// task is one object that a message names, and what came of it.
type task struct {
	object trigger.Object
	err    error
}

// inTurn has to wait for what is before it, and what is after it waits: a digest is held against the log files that
// were processed.
func (t *task) inTurn() bool { return cloudtrail.ParseKey(t.object.Key).Kind == cloudtrail.Digest }

// sideBySide processes objects, several at once if there is memory for them. One that fails leaves the others alone. What
// is named several times is processed so often, one after the other: the second finds that it was done.
func (p *Pipeline) sideBySide(ctx context.Context, tasks []*task) {
	var names []trigger.Object
	named := map[trigger.Object][]*task{}
	for _, t := range tasks {
		if named[t.object] == nil {
			names = append(names, t.object)
		}
		named[t.object] = append(named[t.object], t)
	}
	alone := len(names) <= 1 || p.config.filesAtOnce() == 1
	atOnce(p.config.filesAtOnce(), len(names), func(n int) {
		for _, t := range named[names[n]] {
			t.err = p.process(ctx, t.object, alone)
		}
	})
	if !alone {
		p.again(ctx, tasks)
	}
}

// again processes once more, one after the other, those objects that there was no memory for beside the others.
func (p *Pipeline) again(ctx context.Context, tasks []*task) {
	released := false
	for _, t := range tasks {
		if !errors.Is(t.err, errOutOfMemory) {
			continue
		}
		if !released {
			debug.FreeOSMemory() // what the others have left would count as in use
			released = true
		}
		p.Log.InfoContext(ctx, "log file taken again, alone", "bucket", t.object.Bucket, "key", t.object.Key, "reason", t.err.Error())
		t.err = p.process(ctx, t.object, true)
	}
}

// atOnce calls do(0) to do(n-1), begun in this order, and as many at once as limit says. What one does doesn't end the
// others. If some panic, atOnce does so when all have ended, and says where: Lambda's library tells of it, and ends the
// process.
func atOnce(limit, n int, do func(i int)) {
	if limit == 1 || n == 1 {
		for i := range n {
			do(i)
		}
		return
	}
	panics := make([]error, n)
	var working errgroup.Group // without a context, which the first error would end
	working.SetLimit(limit)
	for i := range n {
		working.Go(func() error {
			defer func() { panics[i] = panicked(recover()) }()
			do(i)
			return nil
		})
	}
	_ = working.Wait()
	if err := errors.Join(panics...); err != nil {
		panic(err)
	}
}

// panicked returns what a goroutine has panicked with and where, which whoever else panics with it doesn't know.
func panicked(value any) error {
	if value == nil {
		return nil
	}
	return fmt.Errorf("%v\n%s", value, debug.Stack())
}
