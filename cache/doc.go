// Package cache keeps results of reads in memory until something that they were read
// from is written.
//
// A [Cache] holds the settings and the clocks. It is given to db.Config as the Invalidator,
// so that it is notified of every write that goes through the library. A [Query] has the
// results of one SQL statement: `sqlkeel generate` writes one for each statement that is
// annotated with `-- @cache ttl=30s`, and knows what the statement reads. A [View] has the
// results of any other loader, by the names of the tables that it reads.
//
//	c, err := cache.New(cache.Config{})
//	d, err := db.Open(ctx, db.Config{DSN: dsn, Statements: queries.Statements, Invalidator: c})
//	q := queries.NewCached(queries.New(d), c)
//	book, err := q.GetBook(ctx, id) // from memory, if it is there
//
// # What is promised
//
// After a write made through the library has returned, whatever its outcome, no cached
// read that begins later in this process returns data that a direct read could no longer
// return. A cached read beside a write returns what a direct read could have returned at
// a moment while it ran. So each result, by its statement and arguments, is linearizable,
// together with direct reads.
//
// Changes made elsewhere, by other processes or past the library, are not noticed: until
// then a result is at most its TTL old. Not promised either is that several results come
// from one snapshot of the database.
//
// # How
//
// The means are clocks instead of deletions. Each table of each target database has a
// version, which only grows, and a fence. So have groups of its rows, by the columns that
// statements pin rows by. There is a set of such clocks for each selection of columns that
// results depend on, and a write leaves those alone of which it sets no column. A write
// puts the fence up before it can become visible. When it has ended, its version grows and
// the fence comes down. A load notes the sum of the versions that concern it before it
// begins. Its result is served only while the sum is the same and no fence is up. Under a
// fence reads go to the database.
//
// After a write with an unknown outcome, its connection lost, the fence stays up until
// the write is known to be over: it may become visible at any time. [Config].FenceAlarm
// reports one that stays up for long.
//
// # Duties of the caller
//
// Results are shared unless there is a Clone, as there is in generated code for results
// that hold slices, maps or pointers: treat them as immutable. A [View] knows nothing of
// transactions: its loader must not read in one that writes, since it may see rows that
// are never committed. Tables are known by the names that are given, letter for letter:
// spell each in one way.
//
// A nil *Cache is a cache that is off: reads call their loader each time, and its methods
// do nothing.
package cache
