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
	atOnce := p.config.filesAtOnce()
	if len(names) <= 1 || atOnce == 1 {
		for _, t := range tasks {
			t.err = p.process(ctx, t.object, true)
		}
		return
	}
	var working errgroup.Group // without a context: nothing of one file's is another's
	working.SetLimit(atOnce)
	panics := make([]error, len(names))
	for n, name := range names {
		working.Go(func() error {
			defer func() { panics[n] = panicked(recover()) }()
			for _, t := range named[name] {
				t.err = p.process(ctx, t.object, false)
			}
			return nil
		})
	}
	_ = working.Wait() // each job has its own error
	if err := errors.Join(panics...); err != nil {
		panic(err)
	}
	p.again(ctx, tasks)
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

// panicked returns the error to panic with where all have ended: Lambda's library tells of it, and ends the process. It
// would know the stack of that one place alone.
func panicked(value any) error {
	if value == nil {
		return nil
	}
	return fmt.Errorf("%v\n%s", value, debug.Stack())
}
