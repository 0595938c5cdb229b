package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const shopRows = `
INSERT INTO a (id, name, alt) SELECT i, 'n' || i, nullif('x' || i % 3, 'x' || i) FROM generate_series(1, 2) AS i;
INSERT INTO a (id, name) SELECT i, 'n' || i FROM generate_series(3, 6) AS i;
INSERT INTO b SELECT i, 1 + i % 5, 't' || i % 4 || i / 5, nullif(i % 3, 2), 'k' || i % 2 FROM generate_series(1, 14) AS i;
INSERT INTO c SELECT 1 + i % 16, 'k' || i % 2 || i / 16, i FROM generate_series(1, 25) AS i;
INSERT INTO parent SELECT i, i % 2 FROM generate_series(1, 3) AS i;
INSERT INTO child SELECT i, i % 2 FROM generate_series(2, 5) AS i`

// sources are relations with their columns.
var sources = []struct {
	from    string
	columns []string
}{
	{"a", []string{"id", "name", "alt"}},
	{"b", []string{"id", "a_id", "title", "n", "kind"}},
	{"c", []string{"b_id", "tag", "late"}},
	{"parent", []string{"id", "x"}},
	{"v", []string{"id", "title", "name", "tags"}},
	{"w", []string{"a_id", "books"}},
	{"(SELECT x.a_id AS id, x.kind, count(*) AS n FROM b x GROUP BY x.a_id, x.kind)", []string{"id", "kind", "n"}},
	{"(SELECT DISTINCT x.b_id AS id, x.tag FROM c x)", []string{"id", "tag"}},
	{"(SELECT x.id, y.b_id FROM b x LEFT JOIN c y ON y.b_id = x.id)", []string{"id", "b_id"}},
	{"(SELECT x.id, y.id AS a_id FROM b x JOIN a y ON y.id = x.a_id)", []string{"id", "a_id"}},
	{"(SELECT max(x.id) AS id FROM b x)", []string{"id"}},
	{"(VALUES (1), (1), (NULL))", []string{"column1"}},
}

// joined makes a FROM of up to four relations, a WHERE, and all their columns.
func joined(rng *rand.Rand) (from, where string, columns []string) {
	var parts []string
	for i := range 1 + rng.IntN(4) {
		s, name := sources[rng.IntN(len(sources))], fmt.Sprintf("r%d", i)
		if rng.IntN(3) > 0 {
			s = sources[rng.IntN(3)]
		}
		var own []string
		for _, c := range s.columns {
			own = append(own, name+"."+c)
		}
		if i == 0 {
			from = s.from + " " + name
		} else {
			kind := []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"}[rng.IntN(4)]
			on := comparing(rng, own, columns)
			if rng.IntN(4) == 0 && kind != "FULL JOIN" {
				on += " AND " + comparing(rng, own, append(columns, "'1'"))
			}
			from = fmt.Sprintf("(%s %s %s %s ON %s)", from, kind, s.from, name, on)
		}
		columns = append(columns, own...)
	}
	for range rng.IntN(3) {
		parts = append(parts, comparing(rng, columns, append(columns, "'1'", "'k1'", "'t1'")))
	}
	return from, strings.Join(append(parts, "true"), " AND "), columns
}

// comparing compares one of a with one of b, mostly ids with ids.
func comparing(rng *rand.Rand, a, b []string) string {
	for range 20 {
		x, y := a[rng.IntN(len(a))], b[rng.IntN(len(b))]
		if strings.HasSuffix(x, "id") && (strings.HasSuffix(y, "id") || y == "'1'") {
			return x + " = " + y
		}
	}
	return a[rng.IntN(len(a))] + " = " + b[rng.IntN(len(b))]
}

// tied looks for a query whose order is said to be total and leaves two rows tied.
func tied(t *testing.T, b *testbed, rounds int) (example string, accepted int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 3))
	for tried := 0; tried < rounds; {
		from, where, columns := joined(rng)
		var keys []string
		for range 1 + rng.IntN(3) {
			keys = append(keys, columns[rng.IntN(len(columns))])
		}
		body := " FROM " + from + " WHERE " + where
		rows, err := query(t.Context(), b.conn, 0, "SELECT "+strings.Join(keys, ", ")+body, nil)
		if err != nil {
			continue // a comparison of two types
		}
		tried++
		p, _ := b.find(t, ":many", "SELECT 1"+body+" AND ($1::text IS NULL OR $1 = '') ORDER BY "+strings.Join(keys, ", ")+" LIMIT 1", "*string")
		if p == nil {
			continue
		}
		accepted++
		seen := map[string]bool{}
		for _, r := range rows.rows {
			if seen[r] {
				return strings.Join(keys, ", ") + body, accepted
			}
			seen[r] = true
		}
	}
	return "", accepted
}

func TestATotalOrderLeavesNoTwoRowsTied(t *testing.T) {
	t.Parallel()
	b := setup(t, shop+";"+shopRows)
	example, accepted := tied(t, b, 4**count)
	if example != "" {
		t.Errorf("tied: %s", example)
	}
	if accepted < *count/3 {
		t.Errorf("%d of %d orders are total", accepted, 4**count)
	}
	t.Logf("%d of %d orders are total", accepted, 4**count)
}
