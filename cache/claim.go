package cache

import (
	"cmp"
	"fmt"
	"sync"
)

// Claim is for package db, which calls it before it uses a database: target is the
// database's name, identity what its server says that it is, and session the settings of its
// sessions that may decide a result, such as the role and the search path. So two databases
// of one name do not answer each other's reads, and neither do sessions that see it
// differently. And a write by one of a database's names makes old what was read by its
// other names, though each name has results of its own.
//
// writes is the name to give to BeforeWrite and AfterWrite. release gives the claim back
// when the database is no longer used.
//
// With an error nothing that is read of the database may be kept, and what it writes must
// be announced all the same. It says that the name stands for another database, which is
// in use; or for one that was, while this one is in use by another name. Views are not
// answered by that name until release. A name that no other database had is never refused
// for that. The error may also say that the name is in use with other settings.
//
// An empty identity is one that cannot be found out. Such a database may be any other: the
// whole cache is off until release, and the error says so.
func (c *Cache) Claim(target, identity, session string) (writes string, release func(), err error) {
	if c == nil {
		return target, func() {}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if identity == "" {
		return target, c.distrust(), fmt.Errorf("cache: which database %q is cannot be found out, so the whole cache is off", target)
	}
	t, d := (*c.targets.Load())[target], c.databases[identity]
	switch {
	case t == nil:
		d = c.database(identity)
		t = c.addTarget(target, d)
	case t.databaseClocks == d:
	case t.claims == 0 && (d == nil || d.claims == 0):
		d = c.identify(t.databaseClocks, identity)
	default:
		return c.refuse(t, identity)
	}
	d.claims++
	if t.sessions > 0 && t.session != session {
		err = fmt.Errorf("cache: %q is in use with other settings of its sessions (%s) than this (%s): give this one a name of its own", target, t.session, session)
		return target, c.releases(func() { d.claims-- }), err
	}
	if t.session != session {
		t.session = session
		t.all.moveAll() // what was read with the others
	}
	t.sessions++
	return target, c.releases(func() { d.claims--; t.sessions-- }), nil
}

// distrust turns the cache off until it is released.
func (c *Cache) distrust() (release func()) {
	c.strangers++
	c.off.Store(true)
	return c.releases(func() {
		for _, t := range *c.targets.Load() { // what was written may have been of any
			t.all.moveAll()
		}
		c.strangers--
		c.off.Store(c.paused || c.strangers > 0)
	})
}

// refuse is the claim of a name that stands for another database. What is written by the
// one that claims it is announced by one of its own names, or by its identity.
func (c *Cache) refuse(t *targetClocks, identity string) (writes string, release func(), err error) {
	t.mistaken.Add(1)
	t.all.moveAll()
	d := c.database(identity)
	d.claims++
	release = c.releases(func() { d.claims--; t.mistaken.Add(-1) })
	err = fmt.Errorf("cache: %q is the name of another database (%s) than this (%s): give this one a name that no other has",
		t.name, cmp.Or(t.identity, "used without db"), identity)
	for name, own := range *c.targets.Load() {
		if own.databaseClocks == d {
			return name, release, err
		}
	}
	c.addTarget(identity, d)
	return identity, release, err
}

// database returns the one with the identity.
func (c *Cache) database(identity string) *databaseClocks {
	if d := c.databases[identity]; d != nil {
		return d
	}
	if t := (*c.targets.Load())[identity]; t != nil { // its name from an earlier refusal
		return c.identify(t.databaseClocks, identity)
	}
	return c.identify(newDatabase(), identity)
}

// identify gives an identity to clocks that stood for another one, which is not in use.
func (c *Cache) identify(d *databaseClocks, identity string) *databaseClocks {
	d.all.moveAll()
	if c.databases[d.identity] == d {
		delete(c.databases, d.identity)
	}
	if was := c.databases[identity]; was != nil {
		was.identity = ""
	}
	c.databases[identity], d.identity = d, identity
	return d
}

// releases returns a function that calls release once.
func (c *Cache) releases(release func()) func() {
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		release()
	})
}
