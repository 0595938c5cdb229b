package cache

import "time"

const (
	defaultMaxEntries  = 10_000
	defaultLoadTimeout = 30 * time.Second
	defaultMaxLoads    = 64
)

// Config is what [New] needs. The zero value is usable.
type Config struct {
	// MaxEntries is how many results each view keeps at most, over all targets,
	// unless [WithMaxEntries] says otherwise. Those least likely to be asked
	// for again make room. Default: 10,000.
	MaxEntries int
	// TTL is the longest time for which a result is served, counted from when
	// its load began, unless [WithTTL] says otherwise. With 0, results do not
	// expire by time: they are served until they are invalidated or make room.
	// Default: 0.
	TTL time.Duration
	// Jitter is the part of the TTL, from 0 up to but not including 1, by which
	// the life of each result is shortened at random, so that results loaded
	// together do not expire together. The TTL stays the upper bound.
	// Default: 0, no jitter.
	Jitter float64
	// LoadTimeout bounds one load, the wait for its turn included. Loaders must
	// heed their context for it to have an effect. Default: 30 s.
	LoadTimeout time.Duration
	// MaxLoads is how many loads run at a time, over all views; further ones
	// wait for their turn. Default: 64.
	MaxLoads int
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
	return c
}

// validate names every field that cannot be used.
func (c Config) validate() error {
	var bad problems
	bad.add(
		checkMaxEntries(c.MaxEntries),
		checkTTL(c.TTL),
		checkThat(c.Jitter >= 0 && c.Jitter < 1, "Jitter", "must be at least 0 and below 1, is %v", c.Jitter),
		checkThat(c.LoadTimeout > 0, "LoadTimeout", "must be above 0, is %v", c.LoadTimeout),
		checkThat(c.MaxLoads > 0, "MaxLoads", "must be above 0, is %d", c.MaxLoads),
	)
	return bad.in("")
}

func checkMaxEntries(n int) *ConfigError {
	return checkThat(n > 0, "MaxEntries", "must be above 0, is %d", n)
}

func checkTTL(d time.Duration) *ConfigError {
	return checkThat(d >= 0, "TTL", "must not be negative (0 means no expiry by time), is %v", d)
}
