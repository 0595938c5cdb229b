package fold

import (
	"math/rand/v2"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// TestTreesThatAreNoneNeverPanic changes nodes, fields and atoms of trees by chance.
func TestTreesThatAreNoneNeverPanic(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	statements := []string{
		"SELECT a, count(*), GROUPING(a) FROM t WHERE ($1 IS NULL OR b = $1) AND $1 IN ('a', 'b') AND $1 = ANY('{a,b}') AND CASE $1 WHEN 'a' THEN true END GROUP BY ROLLUP (a) ORDER BY CASE WHEN $1 = 'a' THEN a END, 1 LIMIT 3",
		"SELECT id, rank() OVER (PARTITION BY a ORDER BY b) FROM t WHERE cardinality($2) > 0 AND array_length($2, 1) IS NULL AND $2 = '{}' AND $3 IS NOT TRUE AND NOT $3 AND NULLIF($1, '') IS NULL AND coalesce($3, false) ORDER BY CASE WHEN $3 THEN b END",
		"UPDATE t SET b = coalesce($1, b) WHERE m = $4 OR $4 IN ('sad', 'ok') OR $5 = 0::bigint OR $5 <> ALL('{1,2}')",
	}
	types := []string{"text", "int[]", "bool", "mood", "bigint"}
	r := rand.New(rand.NewPCG(uint64(setting(t, "SEED")), 4))
	a := Assumption{1: str("a"), 2: empty(), 3: flagged(1), 4: other(str("sad")), 5: nothing()}
	for _, sql := range statements {
		whole := d.analyse(t, sql, types...)
		for range 250 * setting(t, "TIMES") {
			broken := breaks(r, tree.Value{Node: whole}).Node
			f := New(d.cat, broken)
			f.Differs(whole, []int{1, 2, 3, 4}, a)
			New(d.cat, whole).Differs(broken, nil, a)
			for i := range types {
				f.Refused(i + 1)
			}
		}
	}
}

// breaks returns a copy in which a few things are others.
func breaks(r *rand.Rand, v tree.Value) tree.Value {
	const rarely = 60
	switch {
	case r.IntN(rarely) > 0:
	case v.Atom != "":
		return tree.Value{Atom: []string{"<>", "-1", "0", "99", "true", "x", "", "4294967296"}[r.IntN(8)]}
	default:
		return []tree.Value{{}, {Atom: "<>"}, {List: []tree.Value{}}, {List: []tree.Value{{}, v}}, {Node: &tree.Node{Kind: "CONST"}}, {Node: &tree.Node{Kind: "PARAM"}}}[r.IntN(6)]
	}
	if v.Node != nil {
		n := &tree.Node{Kind: v.Node.Kind}
		for _, f := range v.Node.Fields {
			if r.IntN(rarely) == 0 {
				continue
			}
			field := tree.Field{Name: f.Name}
			for _, w := range f.Values {
				field.Values = append(field.Values, breaks(r, w))
			}
			n.Fields = append(n.Fields, field)
		}
		return tree.Value{Node: n}
	}
	if v.List == nil {
		return v
	}
	out := tree.Value{List: []tree.Value{}}
	for _, w := range v.List {
		out.List = append(out.List, breaks(r, w))
	}
	return out
}
