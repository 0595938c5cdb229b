package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// resolve returns the column that an expression is.
func (fr *frame) resolve(v any) (place, bool) {
	c, ok := v.(*pg.ColumnRef)
	if !ok {
		return place{}, false
	}
	var names []string
	for _, f := range c.Fields {
		names = append(names, f.GetString_().GetSval())
	}
	switch {
	case len(names) == 1 && names[0] != "":
		if i, ok := fr.merged[names[0]]; ok {
			return place{i, names[0]}, true
		}
		return fr.bare(names[0], span{0, len(fr.rels)})
	case len(names) == 2 && names[1] != "":
		for i, r := range fr.rels {
			if r.alias == names[0] && r.table != nil {
				_, ok := r.table.column(names[1])
				return place{i, names[1]}, ok
			}
		}
	}
	return place{}, false
}

// bare finds the only relation of some that has a column.
func (fr *frame) bare(name string, in span) (p place, ok bool) {
	for i := in.from; i < in.to; i++ {
		if fr.rels[i].table == nil {
			continue
		}
		if _, has := fr.rels[i].table.column(name); has {
			if ok {
				return place{}, false
			}
			p, ok = place{i, name}, true
		}
	}
	return p, ok
}

func (fr *frame) typ(p place) string {
	c, _ := fr.rels[p.rel].table.column(p.name)
	return c.typ
}

// known works out which relations some columns name the rows of.
func (fr *frame) known(columns []place) (rels []bool) {
	rels = make([]bool, len(fr.rels))
	have := map[place]bool{}
	for _, p := range append(slices.Clone(columns), fr.pinned...) {
		have[p] = true
	}
	for changed := true; changed; {
		changed = false
		for _, e := range fr.equals {
			if (have[e.from] || rels[e.from.rel]) && !have[e.to] {
				have[e.to], changed = true, true
			}
		}
		for i, r := range fr.rels {
			if !rels[i] && r.named(i, have, rels) {
				rels[i], changed = true, true
			}
		}
	}
	return rels
}

func (r *rel) named(at int, have map[place]bool, rels []bool) bool {
	if r.table == nil || slices.Contains(rels[:r.after], false) {
		return false
	}
	return slices.ContainsFunc(r.table.keys, func(key []string) bool {
		return !slices.ContainsFunc(key, func(c string) bool { return !have[place{at, c}] })
	})
}
