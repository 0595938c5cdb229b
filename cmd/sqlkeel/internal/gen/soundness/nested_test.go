package soundness

import "fmt"

// readNested filters a subquery from outside, where some filters reach the rows
// below and some do not.
func (b *builder) readNested() string {
	r := b.readable()
	c := b.pinned(r)
	d := pick(b.dice, r.columns)
	inner := weighted(b.dice, []choice[string]{
		{3, fmt.Sprintf("SELECT * FROM %s", r.name)},
		{2, fmt.Sprintf("SELECT a.* FROM %s a ORDER BY a::text LIMIT %d", r.name, b.between(1, 3))},
		{2, fmt.Sprintf("SELECT a.*, rank() OVER (PARTITION BY a.%s ORDER BY a.%s) AS w FROM %s a", c.name, d.name, r.name)},
		{2, fmt.Sprintf("SELECT a.*, rank() OVER (PARTITION BY a.%s ORDER BY a.%s) AS w FROM %s a", d.name, c.name, r.name)},
		{2, fmt.Sprintf("SELECT a.%s, count(*) AS n FROM %s a GROUP BY a.%s", c.name, r.name, c.name)},
		{1, fmt.Sprintf("SELECT max(a.%s::text) AS top, a.%s FROM %s a GROUP BY 2", d.name, c.name, r.name)},
		{1, fmt.Sprintf("SELECT a.* FROM %s a WHERE (SELECT count(*) FROM %s) < 9", r.name, b.readable().name)},
		{1, fmt.Sprintf("SELECT %s FROM %s UNION ALL SELECT %s FROM %s", c.name, r.name, c.name, r.name)},
		{1, fmt.Sprintf("SELECT a.*, (SELECT count(*) FROM %s b WHERE b.%s = a.%s) AS n FROM %s a", r.name, d.name, d.name, r.name)},
		{1, fmt.Sprintf("SELECT a.* FROM %s a LEFT JOIN %s b ON a.%s = b.%s", r.name, r.name, c.name, c.name)},
		{1, fmt.Sprintf("SELECT a.* FROM %s a WHERE a.%s IS NOT NULL OFFSET 1", r.name, d.name)},
	})
	if !c.kind.exact {
		inner = fmt.Sprintf("SELECT * FROM %s", r.name)
	}
	list := "*"
	if len(inner) > 8 && inner[len(inner)-8:] == "OFFSET 1" {
		list = "count(*)" // which row is left out is not promised
	}
	if b.chance(0.3) {
		s := b.readable()
		y := pick(b.dice, s.columns)
		return fmt.Sprintf("SELECT %s FROM (%s) q LEFT JOIN %s s ON q.%s::text = s.%s::text WHERE %s", list, inner, s.name, c.name, y.name, b.pin("q."+c.name, c))
	}
	return fmt.Sprintf("SELECT %s FROM (%s) q WHERE %s", list, inner, b.pin("q."+c.name, c))
}

// readUsing joins by a column of the same name, which then is one of the two or a
// mixture.
func (b *builder) readUsing() string {
	r, s := b.readable(), b.readable()
	for _, x := range shuffled(b.dice, r.columns) {
		for _, y := range s.columns {
			if x.name == y.name && x.kind == y.kind {
				word := weighted(b.dice, []choice[string]{{4, "JOIN"}, {2, "LEFT JOIN"}, {2, "FULL JOIN"}, {1, "RIGHT JOIN"}})
				return fmt.Sprintf("SELECT %s, %s FROM %s a %s %s b USING (%s) WHERE %s", all("a"), all("b"), r.name, word, s.name, x.name, b.pin(x.name, x))
			}
		}
	}
	return b.readJoin()
}

// readThree joins three relations in a chain.
func (b *builder) readThree() string {
	r, s, u := b.readable(), b.readable(), b.readable()
	x, y := b.meeting(r, s)
	y2, z := b.meeting(s, u)
	word := func() string {
		return weighted(b.dice, []choice[string]{{5, "JOIN"}, {4, "LEFT JOIN"}, {1, "RIGHT JOIN"}, {1, "FULL JOIN"}})
	}
	pinned, prefix := r, "a."
	if b.chance(0.3) {
		pinned, prefix = s, "b."
	}
	where := b.where(pinned, prefix)
	if b.chance(0.2) {
		where += " AND " + b.where(u, "c.")
	}
	list := all("a") + ", " + all("b") + ", " + all("c")
	if b.chance(0.4) {
		return fmt.Sprintf("SELECT %s FROM %s a %s (%s b %s %s c ON %s) ON %s WHERE %s", list, r.name, word(), s.name, word(), u.name, equal("b", y2, "c", z), equal("a", x, "b", y), where)
	}
	return fmt.Sprintf("SELECT %s FROM %s a %s %s b ON %s %s %s c ON %s WHERE %s", list, r.name, word(), s.name, equal("a", x, "b", y), word(), u.name, equal("b", y2, "c", z), where)
}

func (b *builder) readDistinctOn() string {
	r := b.readable()
	c := b.pinned(r)
	if !c.kind.exact {
		return b.readPoint()
	}
	if b.chance(0.5) {
		return fmt.Sprintf("SELECT DISTINCT ON (a.%s) a.* FROM %s a WHERE %s ORDER BY a.%s, a::text", c.name, r.name, b.where(r, "a."), c.name)
	}
	return fmt.Sprintf("SELECT * FROM (SELECT DISTINCT ON (a.%s) a.* FROM %s a ORDER BY a.%s, a::text) q WHERE %s", c.name, r.name, c.name, b.where(r, "q."))
}

// readTimed looks at a point in time in ways of which some depend on the session.
func (b *builder) readTimed() string {
	r := b.readable()
	for _, c := range shuffled(b.dice, r.columns) {
		if c.kind.sql != "timestamptz" {
			continue
		}
		form := pick(b.dice, []string{"a.%s::date", "extract(hour FROM a.%s)", "to_char(a.%s, 'HH24')", "a.%s > '2021-01-01'", "date_trunc('day', a.%s)",
			"a.%s - interval '1 day'", "a.%s AT TIME ZONE 'UTC'", "extract(epoch FROM a.%s)", "a.%s > timestamp '2021-01-01 00:00'", "to_jsonb(a.%s)",
			"a.%s::timestamp", "age(a.%s, '2021-01-01 00:00+00')", "date_part('day', a.%s)", "a.%s > '2021-01-01 00:00+00'", "(a.%s)::text"})
		return fmt.Sprintf("SELECT a.%s, %s AS form FROM %s a WHERE %s", r.columns[0].name, fmt.Sprintf(form, c.name), r.name, b.where(r, "a."))
	}
	return b.readPoint()
}
