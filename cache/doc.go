// Package cache keeps results of reads in memory until something that they were read
// from is written.
//
// A [Cache] holds the settings and the version clocks; a [View] holds the results of
// one statement, typed by the statement's arguments and its result. [View.Get] is
// read-through: it returns the cached result or calls its loader, once for all callers
// that ask for the same result at that moment.
//
// # What is promised
//
// Once [View.Invalidate], [Cache.InvalidateTables] or [Cache.Clear] has returned, no
// Get that begins later returns a result whose load had begun before. This also holds
// for a load that was under way: its result goes to the callers that were already
// waiting for it. It is not cached, and no later caller joins it. A writer therefore
// commits first and invalidates afterwards, whatever the outcome, before it reports
// that it is done. Invalidating before the commit leaves a gap in which the old result
// is read and cached.
//
// The means are clocks instead of deletions. Every table in every target database has a
// counter that only grows. So have the cache as a whole and groups of keys within a
// view. A load notes the sum of the counters that concern it before it begins; its
// result is cached under that sum and served only while the sum is still the same.
//
// Not promised: that several results come from one snapshot of the database. Writes
// that are not reported to this Cache, such as those of other processes, are not
// noticed. For these the TTL is the bound.
//
// # Duties of the caller
//
// Results are shared: treat what Get returns as immutable, or set
// [ViewConfig].Clone. A read inside a transaction that writes must not use the cache,
// since it may see rows that are never committed. Tables are known by the names
// that are given, letter for letter: spell each in one way.
//
// A nil *Cache is a cache that is off: views on it call the loader each time,
// and its methods do nothing.
package cache
