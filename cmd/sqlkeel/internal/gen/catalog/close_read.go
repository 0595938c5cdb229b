package catalog

import (
	"maps"
	"slices"
)

// reads follows what reading a relation rests on. A fired read is followed for
// what its functions do alone.
func (k *closer) reads(u use) {
	if k.read[u] {
		return
	}
	k.read[u] = true
	r := k.Relations[u.oid]
	if r == nil {
		return
	}
	if u.how == asked {
		k.out.Reads[u.oid] = true
		k.unkept(r)
	}
	if r.Kind == 'v' {
		for _, rule := range r.Rules {
			if rule.Event == 0 {
				k.depends(rule.Depends, u, "view "+r.printed)
			}
		}
	}
	k.policies(u)
	for _, child := range r.Children {
		k.reads(use{child, u.how, u.path})
	}
}

// unkept notes what makes a relation's rows change without a write that could be
// seen.
func (k *closer) unkept(r *Relation) {
	switch {
	case r.System:
		first(&k.out.Unseen, "it reads "+r.printed+", which is PostgreSQL's own")
	case r.Kind == 'f':
		first(&k.out.Unseen, "what is behind the foreign table "+r.printed+" may change unseen")
	case r.Kind == 'S':
		first(&k.out.Volatile, "sequence "+r.printed)
	case r.Temporary:
		first(&k.out.Session, "temporary table "+r.printed)
	}
}

// policies follows the row security of a relation.
func (k *closer) policies(u use) {
	r := k.Relations[u.oid]
	if r == nil || !r.RowSecurity {
		return
	}
	for _, p := range r.Policies {
		k.depends(p, u, "a policy on "+r.printed)
	}
}

// depends follows what an expression or query uses. by is what uses it.
func (k *closer) depends(d *Uses, by use, cause string) { k.uses(d, by, cause, cause) }

// uses follows what a part of the schema uses: cause is why its changes are made, and
// name is its own.
func (k *closer) uses(d *Uses, by use, cause, name string) {
	note := func(to *string, what string) {
		if what != "" {
			first(to, what+" in "+name)
		}
	}
	note(&k.out.Leaves, d.Leaves)
	if by.how == asked {
		note(&k.out.Volatile, d.Volatile)
		note(&k.out.Volatile, d.Sequence)
		note(&k.out.Clock, d.Clock)
		note(&k.out.Session, d.Session)
		note(&k.out.Effect, d.Effect)
		note(&k.out.Effect, d.Sequence)
	}
	if d.Anything != "" {
		k.opaque(name, d.Anything+" runs or reads what its arguments name", by.how)
	}
	// In order, because the first reason is the one that is reported.
	for _, r := range slices.Sorted(maps.Keys(d.Relations)) {
		k.reads(use{r, by.how, by.path})
	}
	for _, f := range slices.Sorted(maps.Keys(d.Functions)) {
		k.calls(use{f, by.how, by.path}, 0, name)
	}
	for _, change := range d.Changes {
		k.push(change, step{path: by.path}, cause)
		k.policies(use{change.Relation, by.how, by.path})
	}
}

// calls follows what a function does, as a trigger of a table when that is given. cause
// is what calls it; empty when it is the statement.
func (k *closer) calls(u use, table OID, cause string) {
	at := call{u, table}
	if k.called[at] {
		return
	}
	k.called[at] = true
	f := k.Functions[u.oid]
	if f == nil {
		k.opaque("a function that was made after the catalogs were read", "it is not known", u.how)
		return
	}
	if cause == "" {
		cause = f.printed()
	}
	if u.how == asked && !f.followed() {
		k.unread(f)
	}
	for _, path := range k.pathsIn(f, u.path) {
		b := k.body(f, path, table)
		if b.unknown != "" {
			k.opaque(f.printed(), b.unknown, u.how)
			k.out.Missing[f.printed()+": "+b.unknown] = b.missing
		}
		if b.reads != "" && u.how == asked {
			first(&k.out.ReadsAnything, f.printed()+": "+b.reads)
		}
		k.uses(b.Uses, use{u.oid, u.how, path}, cause, f.printed())
	}
}

// opaque notes that a function may do anything.
func (k *closer) opaque(function, why string, how manner) {
	first(&k.out.Anything, function+": "+why)
	if how == asked {
		first(&k.out.ReadsAnything, function+": "+why)
	}
}

// unread notes what a function is like whose body is not read.
func (k *closer) unread(f *Function) {
	switch f.Volatility {
	case 'v':
		first(&k.out.Volatile, f.printed())
		if f.system() && !isQuiet(f.Name) {
			first(&k.out.Effect, f.printed())
		}
	case 's':
		first(&k.out.Session, f.printed())
	}
}
