// Package catalog reads what PostgreSQL itself knows of a schema ([Load]). It follows
// what a write sets in motion and what a read rests on ([Catalog.Close]): foreign key
// actions, triggers, rules, views, partitions, inheritance, policies, defaults and
// function bodies.
//
// It errs towards more: what a closure names may be changed or read, what it does
// not name is not. Where a body cannot be understood the closure says why it has
// no bound.
package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// OID identifies an object in the scratch database.
type OID = tree.OID

// Catalog is a snapshot of a schema. It is read once, after the schema was applied.
// What functions do it asks the server when it is needed first, on the connection that
// it was loaded on. It is not safe for concurrent use.
type Catalog struct {
	// Relations holds PostgreSQL's own too, by name and kind alone.
	Relations map[OID]*Relation
	// Functions holds PostgreSQL's own too.
	Functions map[OID]*Function
	// UTF8 says that texts are stored as Go writes them.
	UTF8 bool

	path           []string     // the session's search_path
	paths          []searchPath // those of sessions, the analysed one's first, and of functions
	users          []string     // schemas that are called like a role
	sessions       int          // how many of paths are those of sessions
	wanders        bool         // bodies may set the search_path for others
	relations      map[syntax.Name]OID
	relationsNamed map[string][]OID       // by name alone, PostgreSQL's own left out
	functions      map[string][]*Function // by name alone
	operators      map[OID]OID            // an operator's function
	operatorsNamed map[string][]OID       // functions behind operators that are not PostgreSQL's own
	equal          map[equality]bool
	compares       comparisons
	loose          map[OID]bool // nondeterministic collations
	domains        map[OID]domain
	labels         map[OID]string // of the values of enums
	restricted     map[OID]bool   // domains that do not take every value as it is
	checks         map[OID]*Uses  // by type
	casts          map[conversion]castInfo
	types          map[OID]*Type
	typesNamed     map[string][]OID

	// Bodies are compiled when they are asked for, on conn.
	ctx       context.Context
	conn      *pgx.Conn
	err       error
	bodies    map[place]*body
	instances map[OID][]OID // of generic functions
}

// Name returns a relation's name as PostgreSQL prints it, with its schema unless
// that is public.
func (c *Catalog) Name(oid OID) string {
	if r := c.Relations[oid]; r != nil {
		return r.printed
	}
	return ""
}

// Resolve finds a relation by its name. An empty schema means the search_path of
// the connection that the catalog was loaded on.
func (c *Catalog) Resolve(schema, name string) (OID, bool) { return c.resolve(schema, name, c.path) }

func (c *Catalog) resolve(schema, name string, path []string) (OID, bool) {
	if schema != "" {
		oid, ok := c.relations[syntax.Name{Schema: schema, Name: name}]
		return oid, ok
	}
	for _, s := range append([]string{"pg_catalog"}, path...) {
		if oid, ok := c.relations[syntax.Name{Schema: s, Name: name}]; ok {
			return oid, true
		}
	}
	return 0, false
}

// ViewQuery returns the query of a view, as a tree of the caller's own; nil when the
// relation is none.
func (c *Catalog) ViewQuery(oid OID) *tree.Node {
	r := c.Relations[oid]
	if r == nil || r.query == "" {
		return nil
	}
	v, err := tree.Parse(r.query)
	if err != nil || len(v.List) != 1 || !v.List[0].Node.Is("QUERY") {
		return nil
	}
	return v.List[0].Node
}

// ViewUses returns what a view's query mentions, what views in it do left out; nil when
// the relation is no view.
func (c *Catalog) ViewUses(oid OID) *Uses {
	for _, rule := range c.rules(oid) {
		if rule.Event == 0 {
			return rule.Depends
		}
	}
	return nil
}

// Equality reports whether unique indexes of a type's default class compare by an
// operator, which has the type on one of its sides.
func (c *Catalog) Equality(operator, typ OID) bool { return c.equal[equality{operator, typ}] }

// Loose reports whether a collation takes different texts for equal.
func (c *Catalog) Loose(collation OID) bool { return c.loose[collation] }

// Err returns the first error of the connection on which bodies are compiled. What was
// worked out since is not to be used.
func (c *Catalog) Err() error { return c.err }

func (c *Catalog) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// equality is an operator and the type on one of its sides.
type equality struct{ operator, typ OID }

// Root returns the topmost partitioned table that a partition belongs to, and the
// relation itself when it is no partition.
func (c *Catalog) Root(oid OID) OID {
	for r := c.Relations[oid]; r != nil && r.Partition && len(r.Parents) > 0; r = c.Relations[oid] {
		oid = r.Parents[0]
	}
	return oid
}

// HasRules reports whether a write to the relation is rewritten by a rule.
func (c *Catalog) HasRules(oid OID) bool {
	for _, r := range c.rules(oid) {
		if r.Event != 0 {
			return true
		}
	}
	return false
}

// Policies returns what the policies on a relation depend on; nothing when it has
// no row-level security.
func (c *Catalog) Policies(oid OID) []*Uses {
	if r := c.Relations[oid]; r != nil && r.RowSecurity {
		return r.Policies
	}
	return nil
}

func (c *Catalog) rules(oid OID) []Rule {
	if r := c.Relations[oid]; r != nil {
		return r.Rules
	}
	return nil
}

// TriggersMayAlter returns the columns that triggers running before one of the
// events may alter in the row that is written, by number and sorted; any says
// that it may be every column. Triggers of the relation's partitions and children
// count, and so do columns that are generated from such.
func (c *Catalog) TriggersMayAlter(oid OID, events Event) (columns []int, any bool) {
	var set columnSet
	for _, r := range c.family(oid) {
		var own columnSet
		for _, t := range r.Triggers {
			if t.Before && t.Row && t.Events&events != 0 {
				own.add(c.altered(r, t))
			}
		}
		c.generated(r, &own)
		set.add(translated(r, c.Relations[oid], own), own.any)
	}
	return set.list(), set.any
}

// family returns a relation and all that inherits from it.
func (c *Catalog) family(oid OID) []*Relation {
	r := c.Relations[oid]
	if r == nil {
		return nil
	}
	out, seen := []*Relation{r}, map[OID]bool{oid: true}
	for i := 0; i < len(out); i++ {
		for _, child := range out[i].Children {
			if r := c.Relations[child]; r != nil && !seen[child] {
				seen[child] = true
				out = append(out, r)
			}
		}
	}
	return out
}
