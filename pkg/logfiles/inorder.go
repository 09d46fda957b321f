package logfiles

import "context"

// InOrder has work done for 0 to n-1 by several goroutines, and calls done with what comes of it, one after the other and
// in order: log files are opened at the same time, and taken in by their delivery. No more is under way, or waits, than
// parallel and one.
func InOrder[T any](ctx context.Context, n, parallel int, work func(int) T, done func(int, T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chan T, max(parallel, 1)-1)
	go func() {
		defer close(queue)
		for i := range n {
			one := make(chan T, 1)
			select {
			case queue <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- work(i) }()
		}
	}()
	i := 0
	for one := range queue {
		if err := done(i, <-one); err != nil {
			return err
		}
		i++
	}
	return ctx.Err()
}
