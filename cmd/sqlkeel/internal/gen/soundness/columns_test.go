package soundness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// readColumns speaks of some columns of a relation, each of which has its reason to be in
// the statement.
func (b *builder) readColumns() string {
	r, s := b.readable(), b.readable()
	x, y := b.meeting(r, s)
	c, d, e := pick(b.dice, r.columns).name, pick(b.dice, r.columns).name, pick(b.dice, s.columns).name
	where := b.where(r, "a.")
	return weighted(b.dice, []choice[string]{
		{6, fmt.Sprintf("SELECT a.%s FROM %s a WHERE %s", c, r.name, where)},
		{2, fmt.Sprintf("SELECT count(*) FROM %s a WHERE %s", r.name, where)},
		{2, fmt.Sprintf("SELECT count(*), count(a.%s::text) FILTER (WHERE a.%s::text > 'b') FROM %s a WHERE %s", c, d, r.name, where)},
		{3, fmt.Sprintf("SELECT a.%s, b.%s FROM %s a LEFT JOIN %s b ON %s WHERE %s", c, e, r.name, s.name, equal("a", x, "b", y), where)},
		{2, fmt.Sprintf("SELECT a.%s FROM %s a WHERE EXISTS (SELECT FROM %s b WHERE %s) AND %s", c, r.name, s.name, equal("a", x, "b", y), where)},
		{2, fmt.Sprintf("SELECT a.%s, (SELECT max(b.%s::text) FROM %s b WHERE %s) AS m FROM %s a WHERE %s", c, e, s.name, equal("a", x, "b", y), r.name, where)},
		{2, fmt.Sprintf("SELECT q.%s FROM (SELECT * FROM %s) q ORDER BY q.%s::text LIMIT 2", c, r.name, c)},
		{2, fmt.Sprintf("SELECT a.%s::text AS v FROM %s a WHERE %s UNION SELECT b.%s::text FROM %s b", c, r.name, where, e, s.name)},
		{2, fmt.Sprintf("WITH w AS (SELECT a.%s, a.%s::text AS o FROM %s a WHERE %s) SELECT w.o, count(*) OVER (ORDER BY w.o) FROM w", c, d, r.name, where)},
		{1, fmt.Sprintf("SELECT a.%s, (a).%s::text AS two FROM %s a WHERE %s", c, d, r.name, where)},
		{1, fmt.Sprintf("SELECT j.* FROM (SELECT a.%s AS p FROM %s a WHERE %s) AS j (q)", c, r.name, where)},
		{1, fmt.Sprintf("SELECT a.%s FROM %s a FULL JOIN (SELECT b.%s FROM %s b) o ON a.%s::text = o.%s::text", c, r.name, e, s.name, d, e)},
		{1, fmt.Sprintf("SELECT a.%s, a.tableoid::regclass::text FROM %s a WHERE %s", c, r.name, where)},
	})
}

// readReferring joins rows with those to which they refer, of which few columns are read:
// mostly so that these matter only beside them.
func (b *builder) readReferring() string {
	var all []*relation
	for _, t := range b.hot {
		if len(t.refers) > 0 {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return b.readColumns()
	}
	r := pick(b.dice, all)
	to := pick(b.dice, r.refers)
	on := make([]string, len(to.mine))
	for i, c := range to.mine {
		on[i] = "b." + to.its[i].name + " = a." + c.name
	}
	if b.chance(0.1) {
		on = on[:1]
	}
	c, d := pick(b.dice, r.columns).name, pick(b.dice, to.target.columns).name
	if b.chance(0.5) {
		d = to.its[0].name
	}
	return fmt.Sprintf(weighted(b.dice, []choice[string]{
		{6, "SELECT a.%s, b.%s FROM %s a JOIN %s b ON %s WHERE %s"},
		{4, "SELECT a.%s, b.%s FROM %s a LEFT JOIN %s b ON %s WHERE %s"},
		{1, "SELECT a.%s, b.%s FROM %s a RIGHT JOIN %s b ON %s WHERE %s"},
		{1, "SELECT a.%s, b.%s FROM %s a FULL JOIN %s b ON %s WHERE %s"},
		{1, "SELECT a.%s, b.%s FROM %s a JOIN (SELECT * FROM %s) b ON %s WHERE %s"},
		{1, "SELECT max(a.%s::text), count(b.%s) FROM %s a JOIN %s b ON %s OR %s"},
	}), c, d, r.name, to.target.name, strings.Join(on, " AND "), weighted(b.dice, []choice[string]{{2, "true"}, {1, b.where(r, "a.")}}))
}

// readList joins a relation with the elements of an array.
func (b *builder) readList() string {
	r := b.readable()
	c := b.pinned(r)
	list := pick(b.dice, []string{"a.*", all("a"), "a." + pick(b.dice, r.columns).name, "count(*)"})
	return fmt.Sprintf(weighted(b.dice, []choice[string]{
		{4, "SELECT %s FROM %s a JOIN unnest(%s) x ON x = a.%s"},
		{2, "SELECT %s FROM %s a RIGHT JOIN unnest(%s) x ON x = a.%s"},
		{2, "SELECT %s FROM %s a LEFT JOIN unnest(%s) x ON x = a.%s"},
		{2, "SELECT %s FROM %s a, (SELECT unnest(%s) AS x) l WHERE l.x = a.%s"},
		{1, "SELECT %s FROM %s a JOIN unnest(%s) WITH ORDINALITY x (k, i) ON x.k = a.%s"},
		{1, "SELECT %s FROM %s a JOIN unnest(%s) x ON x = a.%s OR x IS NULL"},
	}), list, r.name, b.list(c), c.name)
}

// compareColumns holds the rows of relations against the columns that a write is said to
// change: without these, the same rows must be there. A partition's rows are the root's too.
func (t *trial) compareColumns(nth int, write stmt.Run, after []result) {
	for _, set := range write.SetColumns {
		if set.Rows {
			continue
		}
		rows := map[string]int{}
		for i, one := range t.tables {
			if t.named(one.oid) != set.Relation && t.root(one.oid) != set.Relation {
				continue
			}
			names := after[i].names
			for _, r := range one.rows {
				rows[without(names, r.values, set.Names)] -= r.times
			}
			for _, r := range after[i].rows {
				rows[without(names, r, set.Names)]++
			}
		}
		for text, more := range rows {
			if more != 0 && !write.Anything {
				t.misses = append(t.misses, miss{read: statement{sql: "(any read of other columns of " + set.Relation + ")"}, write: t.scenario.writes[nth],
					readBy: stmt.Run{Effects: &stmt.Effects{Reads: []string{set.Relation}}}, writeBy: write, before: fmt.Sprintf("%d more of %s", more, text), readNth: -1, writeNth: nth})
				break
			}
		}
	}
}

// without is a row without some columns, by their names.
func without(names []string, values []any, set []string) string {
	var parts []string
	for i, name := range names {
		if !slices.Contains(set, name) {
			parts = append(parts, name+show(values[i:i+1]))
		}
	}
	slices.Sort(parts) // in partitions they may have another order
	return fmt.Sprint(parts)
}
