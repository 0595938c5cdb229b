package catalog

// reads follows what reading a relation rests on. A fired read is followed for
// what its functions do alone.
func (k *closer) reads(oid OID, how manner) {
	if k.read[use{oid, how}] {
		return
	}
	k.read[use{oid, how}] = true
	r := k.Relations[oid]
	if r == nil {
		return
	}
	if how == asked {
		k.out.Reads[oid] = true
		k.unkept(r)
	}
	if r.Kind == 'v' && !k.is(flatViews) {
		for _, rule := range r.Rules {
			if rule.Event == 0 {
				k.depends(rule.Depends, how, "view "+r.printed)
			}
		}
	}
	k.policies(oid, how)
	if !k.is(noPartitions) {
		for _, child := range r.Children {
			k.reads(child, how)
		}
	}
}

// unkept notes what makes a relation's rows change without a write that could be
// seen.
func (k *closer) unkept(r *Relation) {
	switch {
	case r.System:
		k.readsUnbounded("it reads " + r.printed + ", which is PostgreSQL's own")
	case r.Kind == 'f':
		k.readsUnbounded("what is behind the foreign table " + r.printed + " may change unseen")
	case r.Kind == 'S':
		k.volatile("sequence " + r.printed)
	case r.Temporary:
		k.session("temporary table " + r.printed)
	}
}

// policies follows the row security of a relation.
func (k *closer) policies(oid OID, how manner) {
	r := k.Relations[oid]
	if r == nil || !r.RowSecurity || k.is(noPolicies) {
		return
	}
	for _, p := range r.Policies {
		k.depends(p, how, "a policy on "+r.printed)
	}
}

// depends follows what an expression or query uses.
func (k *closer) depends(d Dependency, how manner, cause string) {
	if how == asked && d.Session != "" {
		k.session(d.Session + " in " + cause)
	}
	for _, r := range d.Relations {
		k.reads(r, how)
	}
	for _, f := range d.Functions {
		k.calls(f, how, cause)
	}
}

// calls follows what a function does. cause is what calls it; empty when it is the
// statement.
func (k *closer) calls(oid OID, how manner, cause string) {
	if k.called[use{oid, how}] {
		return
	}
	k.called[use{oid, how}] = true
	f := k.Functions[oid]
	if f == nil {
		k.opaque("a function that was made after the catalogs were read", "it is not known", how)
		return
	}
	if cause == "" {
		cause = f.printed()
	}
	if how == asked {
		k.nature(f)
	}
	if k.is(noBodies) {
		return
	}
	b := f.body()
	if b.unknown != "" {
		k.opaque(f.printed(), b.unknown, how)
	}
	if how == asked && b.effect != "" && k.out.Effect == "" {
		k.out.Effect = b.effect + " in " + f.printed()
	}
	k.depends(b.Dependency, how, f.printed())
	for _, change := range b.changes {
		k.push(change, step{}, cause)
		k.policies(change.Relation, how)
	}
}

// opaque notes that a function may do anything.
func (k *closer) opaque(function, why string, how manner) {
	k.unbounded(function + ": " + why)
	if how == asked {
		k.readsUnbounded(function + ": " + why)
	}
}

// nature notes what a function without a body that can be read is like.
func (k *closer) nature(f *Function) {
	if !f.system() && (f.Language == "sql" || f.Language == "plpgsql" || f.Kind == 'a') {
		return
	}
	switch f.Volatility {
	case 'v':
		k.volatile(f.printed())
		if f.system() && !Quiet(f.Name) && k.out.Effect == "" {
			k.out.Effect = f.printed()
		}
	case 's':
		k.session(f.printed())
	}
}

func (k *closer) volatile(what string) {
	if k.out.Volatile == "" {
		k.out.Volatile = what
	}
}

func (k *closer) session(what string) {
	if k.out.Session == "" {
		k.out.Session = what
	}
}

func (k *closer) readsUnbounded(why string) {
	if k.out.ReadsAnything == "" {
		k.out.ReadsAnything = why
	}
}
