package soundness

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// mutant is an analysis that is wrong on purpose.
type mutant struct {
	catalog func(*catalog.Catalog)
	effects func(sql string, e *stmt.Effects)
	owner   bool  // the statements are prepared as the owner
	theme   theme // of the schemas
	standby bool  // it takes a standby to catch it
	within  int   // schemas in which it must be caught
}

// relations makes a mutant of what is wrong with each relation.
func relations(wrong func(*catalog.Relation)) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		for _, r := range c.Relations {
			wrong(r)
		}
	}
}

var mutants = map[string]mutant{
	"foreign keys set nothing in motion": {within: 60,
		catalog: relations(func(r *catalog.Relation) { r.References, r.Referenced = nil, nil })},
	"triggers are not followed": {within: 100,
		catalog: relations(func(r *catalog.Relation) { r.Triggers = nil })},
	"a row key although a trigger alters the row": {within: 100, theme: altering,
		catalog: relations(func(r *catalog.Relation) {
			for i := range r.Triggers {
				r.Triggers[i].Before = false
			}
		})},
	"rules are not followed": {within: 100, theme: ruling,
		catalog: relations(func(r *catalog.Relation) {
			if r.Kind == 'r' || r.Kind == 'p' {
				r.Rules = nil
			}
		})},
	"partitions and children are not followed": {within: 100,
		catalog: relations(func(r *catalog.Relation) { r.Parents, r.Children, r.Partition = nil, nil, false })},
	"views are not followed to what is under them": {within: 60,
		effects: func(sql string, e *stmt.Effects) {
			if len(e.Writes)+len(e.Reaches) > 0 || e.Anything {
				return
			}
			var named []string
			for _, r := range e.Reads {
				if strings.Contains(sql, r) {
					named = append(named, r)
				}
			}
			e.Reads = named
		}},
	"a generated column does not follow its source": {within: 100, theme: generating,
		catalog: relations(func(r *catalog.Relation) {
			for i := range r.Columns {
				r.Columns[i].Generated = false
			}
		})},
	"policies are not followed": {within: 100, theme: policing, owner: true,
		catalog: relations(func(r *catalog.Relation) { r.Policies, r.RowSecurity = nil, false })},
	"function bodies do nothing": {within: 100,
		catalog: func(c *catalog.Catalog) {
			for _, f := range c.Functions {
				f.Language, f.Volatility = "c", 'i'
			}
		}},
	"a write's key is also that of what it reaches": {within: 100,
		effects: func(_ string, e *stmt.Effects) { e.Reaches = nil }},
	"every result may be kept": {within: 60,
		effects: func(_ string, e *stmt.Effects) { e.NotCacheable = "" }},
	"every read only reads": {within: 60, standby: true,
		effects: func(sql string, e *stmt.Effects) { e.ReadOnly = e.ReadOnly || strings.HasPrefix(sql, "SELECT") }},
	"bodies that nobody can read do nothing": {within: 100, theme: opaque,
		effects: func(_ string, e *stmt.Effects) { e.Anything, e.ReadsAnything = false, false }},
	"a read depends on the columns that it returns": {within: 60,
		effects: func(sql string, e *stmt.Effects) {
			list, _, _ := strings.Cut(sql, " FROM ")
			for i, c := range e.ReadColumns {
				e.ReadColumns[i].Names = slices.DeleteFunc(slices.Clone(c.Names), func(name string) bool { return !strings.Contains(list, name) })
			}
		}},
	"a write changes the columns that it names": {within: 60,
		effects: func(sql string, e *stmt.Effects) {
			for i, c := range e.SetColumns {
				e.SetColumns[i].Names = slices.DeleteFunc(slices.Clone(c.Names), func(name string) bool { return !strings.Contains(sql, name) })
			}
		}},
	"rows come and go without a column": {within: 60,
		effects: func(_ string, e *stmt.Effects) {
			for _, relation := range slices.Concat(e.Writes, e.Reaches) {
				if !slices.ContainsFunc(e.SetColumns, func(c stmt.Columns) bool { return c.Relation == relation }) {
					e.SetColumns = append(e.SetColumns, stmt.Columns{Relation: relation})
				}
			}
		}},
	"rows that come or go change nothing": {within: 60,
		effects: func(_ string, e *stmt.Effects) {
			for i := range e.ReadColumns {
				e.ReadColumns[i].Rows = true
			}
		}},
	"a list pins what it is compared with": {within: 100,
		effects: func(sql string, e *stmt.Effects) {
			for _, m := range listed.FindAllStringSubmatch(sql, -1) {
				n, _ := strconv.Atoi(m[2])
				for _, relation := range e.Reads {
					e.ReadKeys = append(e.ReadKeys, stmt.RowKey{Relation: relation, Column: m[1], Param: n, Each: true})
				}
			}
		}},
}

// listed is a column that is compared with a list.
var listed = regexp.MustCompile(`(\w+)(?:::text)? (?:=|<>) (?:ANY|ALL)\(+\$(\d+)::`)

func (m mutant) analyst() analyst {
	wrong := mutated(m.catalog, m.effects)
	if !m.owner {
		return wrong
	}
	return func(ctx context.Context, l *lab, s *scenario) (analysis, error) {
		owned := *s
		owned.role = ""
		return wrong(ctx, l, &owned)
	}
}

// The runner notices each analysis that is wrong on purpose.
func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fuzz{seed: 2, analyse: m.analyst(), stop: 1, brief: true, theme: m.theme}
			if m.standby {
				f.lab = newServers(t).lab
			}
			f.run(t, 0, m.within)
			if len(f.caught) == 0 {
				t.Fatalf("not caught: %s", f.tally.String())
			}
			t.Logf("caught in schema %d", f.caught[0].number)
		})
	}
}
