package anomaly

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"bucketwatch/pkg/s3event"
)

// when says the time as people do: "at 14:02 UTC", "between 14:02 and 14:40 UTC".
func (s *Sample) when() string {
	first, last := s.First.UTC().Format("15:04"), s.Last.UTC().Format("15:04")
	if first == last {
		return "at " + first + " UTC"
	}
	return "between " + first + " and " + last + " UTC"
}

func times(n int64) string {
	if n == 1 {
		return ""
	}
	return ", " + group(n) + " times"
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(n) + " " + noun + "s"
}

// group writes n with a comma before each three digits.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// names says who they are, as people do: "role/app-web", "user/alice and user/bob", "user/alice, user/bob and 3 others".
func names(principals []string) string {
	const most = 3
	var list []string
	for _, p := range principals {
		switch short := s3event.ShortName(p); {
		case p == s3event.Unattributed:
			list = append(list, "somebody (the records do not say who)")
		case p == s3event.Anonymous:
			list = append(list, "anonymous callers")
		case short == "":
			list = append(list, "a caller without a name")
		default:
			list = append(list, short)
		}
	}
	if len(list) > most {
		list = append(list[:most-1:most-1], strconv.Itoa(len(list)-most+1)+" others")
	}
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// shownKey is a key as it stands in a sentence: whatever it holds, on one line, and not longer than the sentence.
func shownKey(key string) string {
	const most = 120
	shown := strings.ToValidUTF8(key, "\uFFFD")
	shown = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, shown)
	if runes := []rune(shown); len(runes) > most {
		shown = string(runes[:most]) + "…"
	}
	return shown
}
