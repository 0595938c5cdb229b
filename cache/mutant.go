package cache

// A mutant breaks one promise of a [Cache] on purpose. Tests of this package
// set it to show that the check of that promise would notice; nothing else can.
type mutant uint8

const (
	sound         mutant = iota
	deletesOnly          // Invalidate and Set delete, but move no clock
	keepsTables          // InvalidateTables moves no clock
	clearsOnly           // Clear deletes, but moves no clock
	joinsAnything        // a flight is found by its key, without the version
	tagsLate             // the version is read after the load
	neverJoins           // each miss loads for itself
	mixesTargets         // keys do not tell target databases apart
	keepsErrors          // every error is kept
	livesForever         // the TTL is not heeded
	outlivesTTL          // jitter lengthens lives
	loadsOnCtx           // the loader runs on the caller's context
	loadsAtWill          // MaxLoads is not heeded
	sharesResults        // WithClone is not heeded
)

// is reports whether the cache breaks its promises in the way of m.
func (c *Cache) is(m mutant) bool { return c.mutant == m }
