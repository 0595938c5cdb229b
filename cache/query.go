package cache

import (
	"context"
	"reflect"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// QueryConfig is what [NewQuery] needs. `sqlkeel generate` writes one for each statement
// that is annotated with @cache.
type QueryConfig[K comparable, P, V any] struct {
	// Statement is what is read: its result is made old by writes that may change it.
	Statement *stmt.Statement
	// TTL is the longest time for which a result is served, and must be above 0: it
	// bounds the age of what other processes changed. [Config].Jitter shortens it.
	TTL time.Duration
	// Stale is how long after the TTL a result is served when its load fails. A result
	// that was written is never served. Default: 0, not at all.
	Stale time.Duration
	// MaxEntries is how many results are kept at most. Default: [Config].MaxEntries.
	MaxEntries int
	// Key returns the parameters as a value that compares the way PostgreSQL does. Two
	// parameters that may have different results must have different keys.
	Key func(P) K
	// Args returns the values of the placeholders, $1 first, as they are sent. nil stands
	// for values that are not known. It is called when a result is loaded.
	Args func(P) []any
	// Own copies the parameters for a load, which may read them after a caller that did
	// not wait has left and changes its own. Default: they are used as they are.
	Own func(P) P
	// Clone makes the copies that Get returns, so that callers may change them. Default:
	// all callers share one value.
	Clone func(V) V
	// NotFound says which errors of the load mean that there is nothing, so that this is
	// kept as well. Default: none.
	NotFound func(error) bool
}

// Query answers the reads of one statement from memory, and loads what is not there. It
// knows from the statement's effects which writes make a result old, and by its row keys
// which rows.
//
// Once a write through the library has returned, no Get that begins later returns what
// was read before it. A Get that runs beside a write returns what a read of the database
// could have returned at a moment while it ran: each result is linearizable.
type Query[K comparable, P, V any] struct {
	cache    *Cache
	results  *results[K, V] // nil: nothing is kept
	database reader
	load     func(context.Context, P) (V, error)
	cfg      *QueryConfig[K, P, V]
	unfit    bool // the statement's result must not be kept
}

// reader is a database of package db, as far as reads of it can be cached.
type reader interface {
	// CachedBy returns the name of the database that ctx chooses, and why its results
	// must not be kept in c, or nothing.
	CachedBy(ctx context.Context, c stmt.Invalidator) (target, why string)
}

// queryName is what tells the results of queries apart.
type queryName struct {
	sql     string
	results reflect.Type
}

// NewQuery returns the cached reads of cfg.Statement through database, by load. What is
// kept belongs to c and the statement, so a Query may be made for each use. Without c, for
// a database other than a db.DB or db.Set, or for a statement that cannot be cached, each
// Get is a load.
func NewQuery[K comparable, P, V any](c *Cache, database any, load func(context.Context, P) (V, error), cfg *QueryConfig[K, P, V]) *Query[K, P, V] {
	q := &Query[K, P, V]{cache: c, load: load, cfg: cfg}
	q.database, _ = database.(reader)
	if c != nil && q.database != nil && cfg.Statement != nil {
		s := cfg.Statement
		q.unfit = s.NotCacheable != "" || s.ReadsAnything || !s.ReadOnly || cfg.TTL <= 0
		q.results = resultsOf[K, P, V](c, cfg)
	}
	return q
}

// resultsOf returns what c keeps for the statement.
func resultsOf[K comparable, P, V any](c *Cache, cfg *QueryConfig[K, P, V]) *results[K, V] {
	name := queryName{cfg.Statement.SQL, reflect.TypeFor[results[K, V]]()}
	c.mu.RLock()
	known := c.queries[name]
	c.mu.RUnlock()
	if r, ok := known.(*results[K, V]); ok {
		return r
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.queries[name]; known != nil {
		r, _ := known.(*results[K, V])
		return r
	}
	r := &results[K, V]{
		name: cfg.Statement.Name, cache: c, ttl: cfg.TTL, staleFor: cfg.Stale, notFound: cfg.NotFound, clone: cfg.Clone,
	}
	if err := r.open(cfg.MaxEntries); err != nil {
		return nil
	}
	c.queries[name] = r
	return r
}

// Get returns the result for the parameters: the kept one if there is one to serve, else
// a load's. One load at a time runs for a result; callers that miss it meanwhile wait for
// it. See [View.Get] for the load's context and the errors.
//
// The load is called as it is, on ctx, when the result cannot be kept or served:
// [Stats] has the reasons. It is so in a transaction, where the read may see rows that
// are never committed.
func (q *Query[K, P, V]) Get(ctx context.Context, params P) (V, error) {
	r := q.results
	if r == nil {
		return q.load(ctx, params)
	}
	target, why := q.may(ctx)
	if why < bypasses {
		r.counters.bypassed[why].Add(1)
		return q.load(ctx, params)
	}
	t := q.cache.target(target)
	k := key[K]{t.id, q.cfg.Key(params)}
	if e := r.live(k); e != nil {
		r.counters.hits.add()
		return r.give(e)
	}
	own := params
	if q.cfg.Own != nil {
		own = q.cfg.Own(params)
	}
	return r.miss(ctx, k, q.needs(t, params), func(ctx context.Context, _ K) (V, error) { return q.load(ctx, own) })
}

// may returns the target, and why it must not be used; bypasses if it may.
func (q *Query[K, P, V]) may(ctx context.Context) (target string, why bypass) {
	switch {
	case q.cache.off.Load():
		return "", byOff
	case q.unfit:
		return "", byStatement
	}
	target, reason := q.database.CachedBy(ctx, q.cache)
	switch reason {
	case "":
		return target, bypasses
	case stmt.InTransaction:
		return "", byTransaction
	case stmt.SchemaDiffers:
		return "", bySchema
	}
	return "", byUnfenced
}

// needs is what a result that is loaded now depends on.
func (q *Query[K, P, V]) needs(t *targetClocks, params P) needs {
	s := q.cfg.Statement
	args := q.cfg.Args(params)
	n := needs{target: t}
	n.on(t.all.whole, &t.all.whole.rest.slot)
	for _, relations := range [...][]string{s.Reads, s.Locks} {
		for _, name := range relations {
			if scope, of := t.table(name).needs(&s.Effects, args); scope != nil {
				n.on(scope, of...)
			}
		}
	}
	return n
}
