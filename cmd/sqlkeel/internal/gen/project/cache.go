package project

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseCache reads ttl=30s [stale=5m] [max=1000], in any order.
func (a *Annotation) parseCache() string {
	given := map[string]bool{}
	for _, arg := range strings.Fields(a.Args) {
		key, value, _ := strings.Cut(arg, "=")
		if given[key] {
			return "says " + key + " twice: keep one"
		}
		given[key] = true
		switch key {
		case "ttl", "stale":
			d, err := time.ParseDuration(value)
			if err != nil || d <= 0 {
				return fmt.Sprintf("has %s, which is no duration above 0: write %s=30s", arg, key)
			}
			if key == "ttl" {
				a.Duration = d
			} else {
				a.Stale = d
			}
		case "max":
			n, err := strconv.Atoi(value)
			if err != nil || n <= 0 {
				return fmt.Sprintf("has %s, which is no number above 0: write max=1000", arg)
			}
			a.Max = n
		default:
			return fmt.Sprintf("has %s, which it does not know: it may say ttl=30s stale=5m max=1000, of which ttl must be there", arg)
		}
	}
	if !given["ttl"] {
		return "needs the longest time for which a result may be served, as what other processes change is not noticed before: ttl=30s"
	}
	return ""
}
