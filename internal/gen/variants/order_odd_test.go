package variants

import "testing"

const oddSchema = shop + `;
CREATE TABLE ev (at timestamp PRIMARY KEY, n int, kind text NOT NULL)`

// oddOrders are statements whose order looks total at first sight.
var oddOrders = []struct {
	sql    string
	pruned bool
}{
	// ORDER BY means a column of the result, whose name PostgreSQL made up.
	{"SELECT at::date, n FROM ev WHERE " + filter + " ORDER BY at LIMIT 3", false},
	{"SELECT at::date, n FROM ev WHERE " + filter + " ORDER BY ev.at LIMIT 3", true},
	{"SELECT at::date AS day, n FROM ev WHERE " + filter + " ORDER BY at LIMIT 3", true},
	{"SELECT CASE WHEN n > 3 THEN 0 ELSE id END, title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT CASE WHEN n > 3 THEN id END, title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"SELECT (SELECT c.late AS id FROM c WHERE c.b_id = b.id), title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT a.at::date, max(a.id) FROM a WHERE ($1::text IS NULL OR a.name = $1) GROUP BY a.at ORDER BY at LIMIT 3", false},
}

func TestAnOrderThatLooksTotalIsReadAsPostgreSQLReadsIt(t *testing.T) {
	t.Parallel()
	b := setup(t, oddSchema)
	for _, c := range oddOrders {
		p, remarks := b.find(t, sound, ":many", c.sql, "*string")
		if pruned := p != nil; pruned != c.pruned {
			t.Errorf("pruned = %v: %s\n%v", pruned, c.sql, remarks)
		}
		if p == nil {
			continue
		}
		if err := p.Prove(t.Context(), b.conn); err != nil {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}
