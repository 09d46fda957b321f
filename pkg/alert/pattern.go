package alert

import (
	"regexp"
	"sync"
)

// pattern returns what compiles a regular expression when it is first asked for: nearly all processes end without having
// written a message, and each would have waited for it to start.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
