package variants

import (
	"strings"
	"testing"
)

// A LIMIT takes the rows that come first, and the order in which they come is the
// plan's: that of the full statement scans the table, the variant's an index.
func TestPruningUnderAnOpenOrderReturnsOtherRows(t *testing.T) {
	t.Parallel()
	b := setup(t, `
CREATE TABLE t (id int PRIMARY KEY, n int);
INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 5000) AS i;
CREATE INDEX ON t (n, id DESC);
ANALYZE t;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan`)
	const sql = "SELECT id FROM t WHERE ($1::text IS NULL OR n = $1::text::int) LIMIT 3"
	if p, _ := b.find(t, ":many", sql, "*string"); p != nil {
		t.Error("it is pruned")
	}
	p := b.cut(t, ":many", sql, "*string")
	arg := "7"
	d, rewritten, err := compare(t.Context(), b.conn, registry(t, p), 0, false, sql, []any{&arg})
	if err != nil || !rewritten || d == "" {
		t.Errorf("its rows are the same: %v %v", rewritten, err)
	}
}

// A view's own order matters as well: a condition goes down into it, and with it the
// plan is another.
func TestPruningOverAViewWithAnOpenOrderReturnsOtherRows(t *testing.T) {
	t.Parallel()
	b := setup(t, `
CREATE TABLE t (id int PRIMARY KEY, n int);
INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 5000) AS i;
CREATE INDEX ON t (n, id DESC);
CREATE VIEW firsts AS SELECT DISTINCT ON (n) n, id FROM t ORDER BY n;
CREATE VIEW over_it AS SELECT * FROM firsts;
CREATE VIEW sound AS SELECT DISTINCT ON (n) n, id FROM t ORDER BY n, id;
CREATE FUNCTION firsts_of(text, m int) RETURNS TABLE (n int, id int) LANGUAGE sql STABLE AS 'SELECT DISTINCT ON (t.n) t.n, t.id FROM t WHERE t.id > m AND $1 IS NOT NULL ORDER BY t.n';
CREATE FUNCTION atomic() RETURNS SETOF t LANGUAGE sql STABLE BEGIN ATOMIC SELECT t.id, t.n FROM t JOIN over_it o ON o.id = t.id; END;
CREATE FUNCTION whole(int) RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT t.id, t.n FROM t WHERE t.id > $1 ORDER BY t.n, t.id LIMIT 1';
CREATE FUNCTION opaque() RETURNS SETOF t LANGUAGE sql VOLATILE AS 'SELECT DISTINCT ON (t.n) t.* FROM t ORDER BY t.n';
CREATE MATERIALIZED VIEW kept AS SELECT DISTINCT ON (n) n, id FROM t ORDER BY n;
ANALYZE t;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan`)
	const sql = "SELECT id FROM over_it WHERE ($1::text IS NULL OR n = $1::text::int)"
	arg := "7"
	for from, why := range map[string]string{"over_it": "view firsts: DISTINCT ON", "firsts_of('x', 3)": "function firsts_of: DISTINCT ON", "atomic()": "view firsts: DISTINCT ON"} {
		sql := strings.ReplaceAll(sql, "over_it", from)
		p, remarks := b.find(t, ":many", sql, "*string")
		if p != nil || len(remarks) != 1 || !strings.Contains(remarks[0].Message, why) {
			t.Errorf("%s: pruned = %v: %v", from, p != nil, remarks)
		}
		p = b.cut(t, ":many", sql, "*string")
		d, rewritten, err := compare(t.Context(), b.conn, registry(t, p), 0, false, sql, []any{&arg})
		if err != nil || !rewritten || d == "" && from != "atomic()" {
			t.Errorf("%s: its rows are the same: %v %v", from, rewritten, err)
		}
	}
	for _, view := range []string{"sound", "kept", "whole(3)", "opaque()"} {
		if p, remarks := b.find(t, ":many", strings.ReplaceAll(sql, "over_it", view), "*string"); p == nil {
			t.Errorf("%s: %v", view, remarks)
		}
	}
}
