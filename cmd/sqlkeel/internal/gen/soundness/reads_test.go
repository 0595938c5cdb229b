package soundness

import (
	"fmt"
	"strings"
)

// read makes a statement that reads.
func (m *maker) read(sets int) statement {
	b := &builder{maker: m}
	sql := weighted(m.dice, []choice[func() string]{
		{78, b.readPoint}, {16, b.readAggregate}, {9, b.readJoin}, {5, b.readExists}, {3, b.readScalar}, {4, b.readCTE},
		{4, b.readUnion}, {4, b.readWindow}, {4, b.readLimit}, {2, b.readLateral}, {4, b.readFunction}, {3, b.readGroup},
		{2, b.readLocked}, {1, b.readOnly}, {1, b.readRecursive}, {1, b.readSelf}, {1, b.readGroupingKey},
		{9, b.readNested}, {4, b.readUsing}, {5, b.readThree}, {2, b.readDistinctOn}, {3, b.readTimed},
		{14, b.readColumns}, {5, b.readList}, {12, b.readReferring},
	})()
	s := statement{sql: sql, params: b.types()}
	if len(b.params) == 0 {
		sets = 1
	}
	for turn := range sets {
		s.args = append(s.args, b.draw(turn))
	}
	return s
}

func (b *builder) readPoint() string {
	r := b.readable()
	if b.chance(0.4) {
		return fmt.Sprintf("SELECT a.* FROM %s AS a WHERE %s", r.name, b.where(r, "a."))
	}
	list := "*"
	if b.chance(0.3) {
		list = names(shuffled(b.dice, r.columns)[:b.between(1, len(r.columns))], "")
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s", list, r.name, b.where(r, ""))
}

// all folds whole rows into one value that shows every change.
func all(alias string) string {
	return fmt.Sprintf("string_agg(%s::text, ';' ORDER BY %s::text)", alias, alias)
}

func (b *builder) readAggregate() string {
	r := b.readable()
	list := pick(b.dice, []string{"count(*)", all("a"), "count(*), " + all("a"), fmt.Sprintf("count(DISTINCT a.%s)", pick(b.dice, r.columns).name)})
	return fmt.Sprintf("SELECT %s FROM %s a WHERE %s", list, r.name, b.where(r, "a."))
}

func (b *builder) readJoin() string {
	r, s := b.readable(), b.readable()
	x, y := b.meeting(r, s)
	word := weighted(b.dice, []choice[string]{{5, "JOIN"}, {4, "LEFT JOIN"}, {1, "FULL JOIN"}, {1, "RIGHT JOIN"}})
	on := equal("a", x, "b", y)
	where := b.where(r, "a.")
	switch {
	case b.chance(0.3):
		where += " AND " + b.where(s, "b.")
	case b.chance(0.15) && word != "FULL JOIN":
		on += " AND " + b.where(s, "b.")
	case b.chance(0.1) && word != "FULL JOIN":
		on, where = on+" AND "+where, "true"
	}
	list := pick(b.dice, []string{"a.*, b.*", "a.*", "count(*)", all("a") + ", " + all("b"), "b." + pick(b.dice, s.columns).name})
	if b.chance(0.2) {
		return fmt.Sprintf("SELECT %s FROM %s a, %s b WHERE %s AND %s", list, r.name, s.name, on, where)
	}
	return fmt.Sprintf("SELECT %s FROM %s a %s %s b ON %s WHERE %s", list, r.name, word, s.name, on, where)
}

func (b *builder) readExists() string {
	r, s := b.readable(), b.readable()
	x, y := b.meeting(r, s)
	where := b.where(r, "a.")
	if b.chance(0.3) {
		return fmt.Sprintf("SELECT * FROM %s a WHERE %s AND EXISTS (SELECT FROM %s b WHERE %s)", r.name, where, s.name, b.where(s, "b."))
	}
	sub := weighted(b.dice, []choice[string]{
		{3, fmt.Sprintf("EXISTS (SELECT FROM %s b WHERE %s)", s.name, equal("a", x, "b", y))},
		{2, fmt.Sprintf("NOT EXISTS (SELECT FROM %s b WHERE %s)", s.name, equal("a", x, "b", y))},
		{2, fmt.Sprintf("a.%s::text IN (SELECT b.%s::text FROM %s b)", x.name, y.name, s.name)},
	})
	return fmt.Sprintf("SELECT * FROM %s a WHERE %s AND %s", r.name, where, sub)
}

func (b *builder) readScalar() string {
	r, s := b.readable(), b.readable()
	x, y := b.meeting(r, s)
	inner := equal("a", x, "b", y)
	if b.chance(0.3) {
		inner = b.where(s, "b.")
	}
	return fmt.Sprintf("SELECT a.*, (SELECT count(*) FROM %s b WHERE %s) AS n FROM %s a WHERE %s", s.name, inner, r.name, b.where(r, "a."))
}

func (b *builder) readCTE() string {
	r := b.readable()
	word := pick(b.dice, []string{"AS", "AS MATERIALIZED", "AS NOT MATERIALIZED"})
	switch b.IntN(5) {
	case 3:
		c := pick(b.dice, r.columns)
		return fmt.Sprintf("WITH w %s (SELECT * FROM %s) SELECT a.*, (SELECT count(*) FROM w b WHERE b.%s = a.%s) FROM w a WHERE %s", word, r.name, c.name, c.name, b.where(r, "a."))
	case 4:
		c := pick(b.dice, r.columns)
		return fmt.Sprintf("WITH w %s (SELECT * FROM %s), x AS (SELECT * FROM w WHERE %s) SELECT %s, %s FROM x LEFT JOIN w ON x.%s = w.%s", word, r.name, b.where(r, ""), all("x"), all("w"), c.name, c.name)
	case 0:
		return fmt.Sprintf("WITH w %s (SELECT * FROM %s) SELECT * FROM w WHERE %s", word, r.name, b.where(r, ""))
	case 1:
		return fmt.Sprintf("WITH w %s (SELECT * FROM %s WHERE %s) SELECT count(*), %s FROM w", word, r.name, b.where(r, ""), all("w"))
	}
	s := b.readable()
	return fmt.Sprintf("WITH w %s (SELECT count(*) AS n FROM %s) SELECT a.*, w.n FROM %s a, w WHERE %s", word, s.name, r.name, b.where(r, "a."))
}

func (b *builder) readUnion() string {
	r, s := b.readable(), b.readable()
	if b.chance(0.4) {
		s = r
	}
	word := pick(b.dice, []string{"UNION ALL", "UNION", "EXCEPT", "INTERSECT"})
	return fmt.Sprintf("SELECT a::text AS row FROM %s a WHERE %s %s SELECT b::text FROM %s b WHERE %s", r.name, b.where(r, "a."), word, s.name, b.where(s, "b."))
}

func (b *builder) readWindow() string {
	r := b.readable()
	c := pick(b.dice, r.columns)
	call := pick(b.dice, []string{"rank() OVER (ORDER BY a." + c.name + ")", "count(*) OVER ()", "count(*) OVER (PARTITION BY a." + c.name + ")", "row_number() OVER (ORDER BY a::text)"})
	if b.chance(0.4) {
		return fmt.Sprintf("SELECT a.*, %s AS w FROM %s a WHERE %s", call, r.name, b.where(r, "a."))
	}
	return fmt.Sprintf("SELECT * FROM (SELECT a.*, %s AS w FROM %s a) q WHERE %s", call, r.name, b.where(r, "q."))
}

func (b *builder) readLimit() string {
	r := b.readable()
	where, offset := "true", pick(b.dice, []string{"", " OFFSET 1"})
	if b.chance(0.4) {
		where, offset = b.where(r, "a."), ""
	}
	return fmt.Sprintf("SELECT a.* FROM %s a WHERE %s ORDER BY a::text %s LIMIT %d%s", r.name, where, pick(b.dice, []string{"", "DESC"}), b.between(1, 3), offset)
}

func (b *builder) readLateral() string {
	r, s := b.readable(), b.readable()
	x, y := b.meeting(r, s)
	return fmt.Sprintf("SELECT a.*, l.* FROM %s a LEFT JOIN LATERAL (SELECT b::text AS one FROM %s b WHERE %s ORDER BY b::text LIMIT 1) l ON true WHERE %s",
		r.name, s.name, equal("a", x, "b", y), b.where(r, "a."))
}

func (b *builder) readFunction() string {
	if len(b.reader) == 0 {
		return b.readPoint()
	}
	f := pick(b.dice, b.reader)
	arg := ""
	if f.arg != nil {
		arg = b.existing(f.arg)
	}
	switch r := b.readable(); {
	case f.set != nil && b.chance(0.5):
		return fmt.Sprintf("SELECT f.* FROM %s f WHERE %s", f.call(arg), b.where(f.set, "f."))
	case f.set != nil || b.chance(0.4):
		return "SELECT * FROM " + f.call(arg)
	case b.chance(0.5):
		return fmt.Sprintf("SELECT a.*, %s AS called FROM %s a WHERE %s", f.call(arg), r.name, b.where(r, "a."))
	default:
		return fmt.Sprintf("SELECT * FROM %s a WHERE %s < %d AND %s", r.name, f.call(arg), b.between(1, 4), b.where(r, "a."))
	}
}

func (b *builder) readGroup() string {
	r := b.readable()
	c := b.exactColumn(r)
	if c == nil {
		return b.readPoint()
	}
	switch b.IntN(3) {
	case 0:
		return fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s", c.name, r.name, b.where(r, ""))
	case 1:
		return fmt.Sprintf("SELECT a.%s, count(*) FROM %s a WHERE %s GROUP BY 1 HAVING count(*) < %d", c.name, r.name, b.where(r, "a."), b.between(2, 4))
	}
	return fmt.Sprintf("SELECT %s, %s FROM %s a GROUP BY 1", "a."+c.name, all("a"), r.name)
}

// readGroupingKey filters groups, not rows, by a placeholder.
func (b *builder) readGroupingKey() string {
	r := b.readable()
	c := b.exactColumn(r)
	if c == nil {
		return b.readPoint()
	}
	return fmt.Sprintf("SELECT a.%s, count(*) FROM %s a GROUP BY a.%s HAVING a.%s = %s", c.name, r.name, c.name, c.name, b.existing(c))
}

func (b *builder) readLocked() string {
	r := b.table()
	return fmt.Sprintf("SELECT * FROM %s WHERE %s %s", r.name, b.where(r, ""), pick(b.dice, []string{"FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE SKIP LOCKED"}))
}

func (b *builder) readOnly() string {
	r := b.table()
	return fmt.Sprintf("SELECT * FROM ONLY %s WHERE %s", r.name, b.where(r, ""))
}

// readSelf pins one of two references to the same table.
func (b *builder) readSelf() string {
	r := b.table()
	x := pick(b.dice, r.columns)
	where := b.where(r, "a.")
	if b.chance(0.4) {
		where = strings.Join([]string{where, b.where(r, "b.")}, " AND ")
	}
	return fmt.Sprintf("SELECT * FROM %s a JOIN %s b ON %s WHERE %s", r.name, r.name, equal("a", x, "b", x), where)
}

func (b *builder) readRecursive() string {
	r := b.table()
	c := r.keys[0][0]
	x := pick(b.dice, r.columns)
	return fmt.Sprintf("WITH RECURSIVE w(key, depth) AS (SELECT %s::text, 1 FROM %s WHERE %s = %s UNION SELECT a.%s::text, w.depth + 1 FROM %s a JOIN w ON a.%s::text = w.key WHERE w.depth < 4) SELECT * FROM w",
		c.name, r.name, c.name, b.existing(c), c.name, r.name, x.name)
}
