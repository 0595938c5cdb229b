package query_test

import (
	"fmt"
	"testing"
)

// Each view reads the one before twice, so that the last reads the table 2¹¹ times.
func TestViewsOverViewsAreProvenInBoundedTime(t *testing.T) {
	t.Parallel()
	script := "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL); CREATE VIEW j0 AS SELECT id, n FROM t; CREATE VIEW u0 AS SELECT id, n FROM t;"
	for i := range 11 {
		script += fmt.Sprintf("CREATE VIEW j%d AS SELECT a.id, b.n FROM j%d a JOIN j%d b ON b.id = a.id;", i+1, i, i)
		script += fmt.Sprintf("CREATE VIEW u%d AS SELECT id, n FROM u%d UNION SELECT n, id FROM u%d;", i+1, i, i)
	}
	h := build(t, script)
	for _, view := range []string{"j3", "j11", "u11"} {
		p, q := h.prover(t, fmt.Sprintf("SELECT x.id, y.m FROM %[1]s x, (SELECT max(id) AS m FROM %[1]s) y WHERE x.id = $1 ORDER BY x.id", view))
		single, ties, chosen, present := p.Single(q), p.Ties(q), p.Chosen(q), p.NotNull(q, q.List("targetList")[0].Child("expr"))
		if known := view == "j3"; single != known || (ties == "") != known || chosen != "" || known && !present {
			t.Errorf("%s: single %v, ties %q, chosen %q, never NULL %v", view, single, ties, chosen, present)
		}
	}
}
