package cache

import (
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/config"
)

const (
	defaultMaxEntries  = 10_000
	defaultLoadTimeout = 30 * time.Second
	defaultMaxLoads    = 64
	defaultJitter      = 0.1
	defaultFenceAlarm  = time.Minute
)

// Config is what [New] needs. The zero value is usable.
type Config struct {
	// MaxEntries is how many results each view keeps at most, over all targets,
	// unless [ViewConfig] says otherwise. Those least likely to be asked
	// for again make room. Default: 10,000.
	MaxEntries int
	// TTL is the longest time for which a result is served, counted from when
	// its load began, unless [ViewConfig] says otherwise. With 0, results do not
	// expire by time: they are served until they are invalidated or make room.
	// Default: 0.
	TTL time.Duration
	// Jitter is the part of the TTL, below 1, by which the
	// life of each result is shortened at random. So results that were loaded together
	// do not expire together. The TTL stays the upper bound. Default: 0.1. Below 0 there is
	// no jitter.
	Jitter float64
	// LoadTimeout bounds one load, the wait for its turn included. Loaders must
	// heed their context for it to have an effect. Default: 30 s.
	LoadTimeout time.Duration
	// MaxLoads is how many loads run at a time, over all views; further ones
	// wait for their turn. Default: 64.
	MaxLoads int
	// Off is whether the cache starts switched off, see [Cache.Switch].
	Off bool
	// FenceAlarm is how long writes may keep reads of a table from the cache before an
	// error is logged, once: a write that takes so long, or one whose outcome is
	// unknown. Default: 1 min.
	FenceAlarm time.Duration
	// Logger gets that error, and a warning for each text that makes everything old.
	// Default: slog.Default().
	Logger *slog.Logger
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	if c.MaxEntries == 0 {
		c.MaxEntries = defaultMaxEntries
	}
	if c.LoadTimeout == 0 {
		c.LoadTimeout = defaultLoadTimeout
	}
	if c.MaxLoads == 0 {
		c.MaxLoads = defaultMaxLoads
	}
	if c.Jitter == 0 {
		c.Jitter = defaultJitter
	}
	c.Jitter = max(c.Jitter, 0)
	if c.FenceAlarm == 0 {
		c.FenceAlarm = defaultFenceAlarm
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// validate names every field that cannot be used.
func (c Config) validate() error {
	p := config.Problems{Package: "cache"}
	p.Unless(c.MaxEntries > 0, "MaxEntries", "must be above 0, is %d", c.MaxEntries)
	p.Unless(c.TTL >= 0, "TTL", ttlProblem, c.TTL)
	p.Unless(c.Jitter < 1, "Jitter", "must be below 1, is %v", c.Jitter)
	p.Unless(c.LoadTimeout > 0, "LoadTimeout", "must be above 0, is %v", c.LoadTimeout)
	p.Unless(c.MaxLoads > 0, "MaxLoads", "must be above 0, is %d", c.MaxLoads)
	p.Unless(c.FenceAlarm > 0, "FenceAlarm", "must be above 0, is %v", c.FenceAlarm)
	return p.Err()
}

const ttlProblem = "must not be negative, is %v"

// ViewConfig is what [NewView] needs. Name and Tables must be set; the zero value of
// every other field stands for its default.
type ViewConfig[V any] struct {
	// Name is for statistics and errors, and must be the only one of its kind within
	// the cache.
	Name string
	// Tables are those that the results are read from; [Cache.InvalidateTables]
	// knows them by these names.
	Tables []string
	// TTL is the longest time for which a result is served. Default: [Config].TTL.
	TTL time.Duration
	// MaxEntries is how many results are kept at most. Default: [Config].MaxEntries.
	MaxEntries int
	// NotFound says which errors of loaders mean that there is nothing, so that
	// this is cached: Get returns the same error again without a load, until the
	// result is invalidated or expires. Other errors are not cached. Default: none is.
	NotFound func(error) bool
	// Clone makes the copies that Get returns, so that callers may change them.
	// Several goroutines call it at a time, and it must leave its argument as it
	// is. Default: all callers share one value.
	Clone func(V) V
}

// validate names every field that cannot be used, and of the type of the arguments.
func (c ViewConfig[V]) validate(args reflect.Type) error {
	p := config.Problems{Package: "cache: view " + strconv.Quote(c.Name)}
	p.Unless(c.Name != "", "Name", "must not be empty")
	p.Unless(len(c.Tables) > 0, "Tables", "must not be empty: no write could invalidate the results")
	p.Unless(!slices.Contains(c.Tables, ""), "Tables", "must not hold an empty name")
	p.Unless(c.TTL >= 0, "TTL", ttlProblem, c.TTL)
	p.Unless(c.MaxEntries >= 0, "MaxEntries", "must not be negative, is %d", c.MaxEntries)
	checkKey(&p, args, "args")
	return p.Err()
}
