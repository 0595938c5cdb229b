package cache

import (
	"fmt"
	"reflect"
	"time"
)

// ViewOption is a setting of one [View]. Of two of a kind the later one counts.
type ViewOption interface {
	apply(*viewConfig)
}

type viewOption func(*viewConfig)

func (o viewOption) apply(c *viewConfig) { o(c) }

// viewConfig is what the options of one view say.
type viewConfig struct {
	ttl        time.Duration
	maxEntries int
	notFound   func(error) bool
	clone      any // a func(V) V
	bad        problems
}

// WithTTL sets the longest time for which the view serves a result, in place of
// [Config.TTL]. With 0, results do not expire by time. A negative one is
// refused.
func WithTTL(ttl time.Duration) ViewOption {
	return viewOption(func(c *viewConfig) {
		c.ttl = ttl
		c.bad.add(checkTTL(ttl))
	})
}

// WithMaxEntries sets how many results the view keeps at most, in place of
// [Config.MaxEntries]. It must be above 0.
func WithMaxEntries(n int) ViewOption {
	return viewOption(func(c *viewConfig) {
		c.maxEntries = n
		c.bad.add(checkMaxEntries(n))
	})
}

// WithNotFound says which errors of loaders mean that there is nothing, so that
// this is kept as a result: Get returns the same error again without a load,
// until the result is invalidated or expires. Other errors are never kept, and
// without this option none is.
func WithNotFound(is func(error) bool) ViewOption {
	return viewOption(func(c *viewConfig) {
		c.notFound = is
		c.bad.add(checkThat(is != nil, "NotFound", "must not be nil"))
	})
}

// WithClone makes the view hand out copies, so that callers may change what
// they get. The function is called with each result before it is returned, by
// several goroutines at a time, and must leave its argument as it is. Without
// this option all callers share one value.
func WithClone[V any](clone func(V) V) ViewOption {
	return viewOption(func(c *viewConfig) {
		c.clone = clone
		c.bad.add(checkThat(clone != nil, "Clone", "must not be nil"))
	})
}

// cloneOf returns the function of [WithClone], or nil without one.
func cloneOf[V any](c *viewConfig) func(V) V {
	clone, ok := c.clone.(func(V) V)
	if c.clone != nil && !ok {
		c.bad.add(&ConfigError{Field: "Clone", Reason: fmt.Sprintf("is a %T, must be a %v", c.clone, reflect.TypeFor[func(V) V]())})
	}
	return clone
}
