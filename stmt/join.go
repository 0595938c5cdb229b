package stmt

import (
	"reflect"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Declare returns a registry of one statement that was written by hand. sql is
// the whole text as it is given to Exec, Query and the like. effects must name all
// that it reads and writes, through triggers, views and functions too: nothing
// checks it. Nothing else of it is known: it has no variants.
func Declare(sql string, effects Effects) *Registry {
	effects.Reads = set(effects.Reads)
	effects.Writes = set(effects.Writes)
	effects.Locks = set(effects.Locks)
	effects.Reaches = set(effects.Reaches)
	effects.ReadColumns = union(effects.ReadColumns, effects.ReadColumns, each)
	effects.SetColumns = union(effects.SetColumns, effects.SetColumns, either)
	return NewRegistry(nil, Statement{Name: sqltext.Name(sql), SQL: sql, Effects: effects})
}

// Join returns the statements of several registries in one, for a service whose
// statements are in several packages. Where two hold one text, both are right of
// their own schema, so less is known of it: reads, writes and all else that it may
// do are united, and it is read-only, cacheable, unique, or has keys, known columns and
// variants only if both say so. Registries that are nil are left out.
//
// A relation of two registries that expect different definitions fits no database,
// and db.DB.Verify reports it.
func Join(registries ...*Registry) *Registry {
	var all []Statement
	place := map[string]int{}
	relations := map[string]string{}
	for _, r := range registries {
		if r == nil {
			continue
		}
		for _, s := range r.statements {
			if i, twice := place[s.SQL]; twice {
				all[i] = unite(all[i], s)
				continue
			}
			place[s.SQL] = len(all)
			all = append(all, s)
		}
		for name, digest := range r.relations {
			if other, twice := relations[name]; twice && other != digest {
				digest = other + " or " + digest
			}
			relations[name] = digest
		}
	}
	return NewRegistry(relations, all...)
}

// unite returns what is known of a statement of which a and b say what it does.
func unite(a, b Statement) Statement {
	a.Types = set(a.Types, b.Types)
	if !sameVariants(a.Variants, b.Variants) {
		a.Variants, a.chooser = nil, nil
	}
	a.Effects = Effects{
		Reads: set(a.Reads, b.Reads), Writes: set(a.Writes, b.Writes),
		Locks: set(a.Locks, b.Locks), Reaches: set(a.Reaches, b.Reaches),
		Anything: a.Anything || b.Anything, ReadsAnything: a.ReadsAnything || b.ReadsAnything,
		ReadKeys: both(a.ReadKeys, b.ReadKeys), WriteKeys: both(a.WriteKeys, b.WriteKeys),
		ReadColumns: union(a.ReadColumns, b.ReadColumns, each), SetColumns: union(a.SetColumns, b.SetColumns, either),
		ReadOnly: a.ReadOnly && b.ReadOnly, Volatile: a.Volatile || b.Volatile,
		NotCacheable: first(a.NotCacheable, b.NotCacheable), Session: first(a.Session, b.Session),
		Unique: a.Unique && b.Unique,
	}
	return a
}

// set returns what is in any of lists, sorted and without repeats.
func set(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// both returns the keys that are in both lists.
func both(a, b []RowKey) []RowKey {
	var list []RowKey
	for _, k := range a {
		if slices.Contains(b, k) {
			list = append(list, k)
		}
	}
	return list
}

// union returns the relations whose columns both lists tell, with the columns of either.
// rows unites what they say of rows.
func union(a, b []Columns, rows func(a, b bool) bool) []Columns {
	var list []Columns
	for _, c := range a {
		if i := slices.IndexFunc(b, func(other Columns) bool { return other.Relation == c.Relation }); i >= 0 {
			list = append(list, Columns{c.Relation, set(c.Names, b[i].Names), rows(c.Rows, b[i].Rows)})
		}
	}
	slices.SortFunc(list, func(a, b Columns) int { return strings.Compare(a.Relation, b.Relation) })
	return list
}

func either(a, b bool) bool { return a || b }

func each(a, b bool) bool { return a && b }

// sameVariants reports whether two statements have the same variants. Functions
// that read arguments are not compared: they follow from the parameters' Go types,
// and with an argument of another type the full statement runs.
func sameVariants(a, b *generated.Variants) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(plan(a), plan(b))
}

// plan returns a copy of v without functions.
func plan(v *generated.Variants) generated.Variants {
	c := *v
	c.Params = slices.Clone(v.Params)
	for i := range c.Params {
		c.Params[i].Read = nil
	}
	return c
}
