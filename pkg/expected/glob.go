package expected

import "unicode/utf8"

// glob is a pattern in which * stands for any text, / included, and ? for one character. Everything else stands for
// itself.
type glob string

func (g glob) startsWild() bool { return len(g) > 0 && (g[0] == '*' || g[0] == '?') }

// match tells whether the pattern matches all of s. It needs at most len(g) * len(s) steps, and no memory: the last *
// is the only one that ever has to take more.
func (g glob) match(s string) bool {
	p, i := 0, 0
	star, taken := -1, 0 // the last *, and the end of what it took
	for i < len(s) {
		switch {
		case p < len(g) && g[p] == '*':
			star, taken = p, i
			p++
			continue
		case p < len(g) && g[p] == '?':
			p++
			i += width(s[i:])
			continue
		case p < len(g) && g[p] == s[i]:
			p++
			i++
			continue
		case star < 0:
			return false
		}
		taken += width(s[taken:])
		p, i = star+1, taken
	}
	for p < len(g) && g[p] == '*' {
		p++
	}
	return p == len(g)
}

// width is the length of the first character.
func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
