package soundness

import (
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// gridMutants are analyses that are wrong on purpose, and what is seen of each: the
// fault, and the expression of which it is.
var gridMutants = map[string]struct {
	catalog   func(*catalog.Catalog)
	effects   func(sql string, e *stmt.Effects)
	fault, of string
}{
	"every SELECT only reads": {fault: "the standby", of: "a transaction's new number",
		effects: func(sql string, e *stmt.Effects) { e.ReadOnly = strings.HasPrefix(sql, "SELECT") }},
	"every result may be kept, elsewhere": {fault: "differs elsewhere", of: "a time as text",
		effects: func(_ string, e *stmt.Effects) { e.NotCacheable = "" }},
	"every result may be kept, later": {fault: "differs elsewhere", of: "a transaction's new number",
		effects: func(_ string, e *stmt.Effects) { e.NotCacheable = "" }},
	"nothing is read": {fault: "a read", of: "a read in SQL",
		effects: func(_ string, e *stmt.Effects) { e.Reads = nil }},
	"nothing is changed": {fault: "a row changed", of: "a write in PL/pgSQL",
		effects: func(_ string, e *stmt.Effects) { e.Writes, e.Reaches, e.WriteKeys, e.Anything = nil, nil, nil, false }},
	"functions change nothing": {fault: "effects", of: "a write in PL/pgSQL", catalog: silent},
	"functions read nothing":   {fault: "reads", of: "a read in SQL", catalog: silent},
	"triggers are not followed": {fault: "effects", of: "a write in PL/pgSQL",
		catalog: relations(func(r *catalog.Relation) { r.Triggers = nil })},
	"policies are not followed": {fault: "reads", of: "a read in SQL",
		catalog: relations(func(r *catalog.Relation) { r.Policies, r.RowSecurity = nil, false })},
	"some places only read": {fault: "read_only", of: "a transaction's new number",
		effects: onlyIn("f_", func(e *stmt.Effects) { e.ReadOnly = true })},
	"the results of some places may be kept": {fault: "cacheable", of: "a time as text",
		effects: onlyIn("f_", func(e *stmt.Effects) { e.NotCacheable = "" })},
	"some places are not volatile": {fault: "volatile", of: "a transaction's new number",
		effects: onlyIn("f_", func(e *stmt.Effects) { e.Volatile = false })},
	"some places may do anything": {fault: "unknown", of: "nothing",
		effects: onlyIn("f_", func(e *stmt.Effects) { e.Anything = true })},
	"some places read another table": {fault: "coarser: reads", of: "nothing",
		effects: onlyIn("f_", func(e *stmt.Effects) { e.Reads = append(e.Reads, "other") })},
}

// silent makes the functions of places say nothing.
func silent(c *catalog.Catalog) {
	for _, f := range c.Functions {
		if strings.HasPrefix(f.Name, "f_") {
			f.Language, f.Volatility = "c", 'i'
		}
	}
}

// onlyIn makes what is wrong only of statements that name a function of a place.
func onlyIn(name string, wrong func(*stmt.Effects)) func(string, *stmt.Effects) {
	return func(sql string, e *stmt.Effects) {
		if strings.Contains(sql, name) {
			wrong(e)
		}
	}
}

// The runner notices each analysis that is wrong on purpose, and none is noticed of
// that which is right.
func TestMutantsAreCaughtInPlaces(t *testing.T) {
	t.Parallel()
	l := newServers(t).lab(t)
	kinds := func(analyse analyst) (list []string) {
		got, err := l.tryGrid(t.Context(), mutantGrid(), analyse)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range got.faults {
			list = append(list, f.what+" of "+f.site.expression.String())
		}
		return list
	}
	if got := kinds(generator); len(got) > 0 {
		t.Errorf("of the right analysis: %q", got)
	}
	for name, m := range gridMutants {
		t.Run(name, func(t *testing.T) {
			if got, want := kinds(mutated(m.catalog, m.effects)), m.fault+" of "+m.of; !slices.Contains(got, want) {
				t.Errorf("got %q, want %s among them", got, want)
			}
		})
	}
}

// mutantGrid has a few expressions in the places where functions, triggers and
// policies are.
func mutantGrid() *grid {
	few := func(list []place, names ...string) []place {
		return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return !slices.Contains(names, p.name) })
	}
	var list []recipe
	for _, l := range slices.Concat(leaves...) {
		if slices.Contains([]string{"a write in PL/pgSQL", "a read in SQL", "a transaction's new number", "a time as text", "nothing"}, l.name) {
			list = append(list, recipe{leaf: l})
		}
	}
	families := [][]place{few(slices.Concat(valuePlaces, writePlaces), "a policy", "an SQL body", "PL/pgSQL: RETURN", "a trigger before", "a CHECK")}
	return gridOf(&grammar{dice: newDice(1, 0)}, 1, 0, list, families, 1)
}

// Each place does run its expression: one that writes changes its table there.
func TestEveryPlaceRunsItsExpression(t *testing.T) {
	t.Parallel()
	i := slices.IndexFunc(writingLeaves, func(l leaf) bool { return l.name == "a write that is called IMMUTABLE" })
	list := []recipe{{leaf: writingLeaves[i]}} // PostgreSQL takes it everywhere
	g := &grammar{dice: newDice(1, 0)}
	got, err := newServer(t).lab(t).tryGrid(t.Context(), gridOf(g, 1, 0, list, slices.Concat(plainFamilies, typeFamilies), 1), everything)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(valuePlaces) + len(writePlaces); got.tally.places != want {
		t.Errorf("%d places, want all %d; refused: %q", got.tally.places, want, got.refused)
	}
	for _, row := range got.rows {
		for _, s := range row {
			undone := strings.Contains(s.place.name, "an exception's") // with the block that ends so
			if did := s.did(); !undone && !strings.Contains(did, "l_") {
				t.Errorf("%s: %s", s, did)
			}
		}
	}
}
