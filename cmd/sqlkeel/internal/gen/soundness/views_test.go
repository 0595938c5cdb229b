package soundness

import (
	"fmt"
	"strings"
)

// makeViews adds views over tables and over each other, and now and then a
// materialised one.
func (m *maker) makeViews() {
	for m.chance(0.65) {
		m.addView()
	}
	if len(m.writer) > 0 && m.chance(0.2) {
		r, f := m.table(), pick(m.dice, m.writer)
		v := m.newView("acts", nil, nil)
		m.ddl("CREATE VIEW %s AS SELECT *, %s AS acted FROM %s", v.name, f.call(literal(pick(m.dice, f.arg.domain), f.arg.kind)), r.name)
		m.acting = append(m.acting, v)
	}
	if m.chance(0.2) {
		r := m.readable()
		v := m.newView("mat", r.columns, r.pins)
		v.keys = r.keys
		m.ddl("CREATE MATERIALIZED VIEW %s AS SELECT %s FROM %s", v.name, names(r.columns, ""), r.name)
		m.views = append(m.views, v)
		m.mats = append(m.mats, v)
	}
}

func (m *maker) newView(prefix string, columns, pins []*column) *relation {
	spelled, plain := m.name(prefix)
	return &relation{name: spelled, plain: plain, columns: columns, pins: pins, virtual: true}
}

func (m *maker) addView() {
	m.views = append(m.views, weighted(m.dice, []choice[func() *relation]{
		{8, m.simpleView}, {3, m.joinView}, {3, m.groupView}, {3, m.rankView}, {2, m.unionView}, {2, m.callingView}, {2, m.outerView},
	})())
}

// simpleView is one that PostgreSQL can write through.
func (m *maker) simpleView() *relation {
	r := m.readable()
	v := m.newView("v", r.columns, r.pins)
	v.keys = r.keys
	options, where := "", ""
	if m.chance(0.4) {
		c := pick(m.dice, r.columns)
		where = fmt.Sprintf(" WHERE %s IS DISTINCT FROM %s", c.name, literal(pick(m.dice, c.kind.keys), c.kind))
		if m.chance(0.3) {
			options = " WITH CHECK OPTION"
		}
	}
	if m.chance(0.15) {
		where += m.and(where) + m.existsIn(r)
	}
	if m.chance(0.2) {
		v.columns, v.keys, v.pins = m.swapped(r), nil, nil
	}
	m.ddl("CREATE VIEW %s (%s) AS SELECT %s FROM %s%s%s", v.name, names(v.columns, ""), names(r.columns, ""), r.name, where, options)
	if c := pick(m.dice, v.columns); m.chance(0.1) && c.generated == "" {
		m.ddl("ALTER VIEW %s ALTER COLUMN %s SET DEFAULT %s", v.name, c.name, literal(pick(m.dice, c.domain), c.kind))
	}
	return v
}

// swapped returns a relation's columns under each other's names.
func (m *maker) swapped(r *relation) []*column {
	others := shuffled(m.dice, r.columns)
	list := make([]*column, len(r.columns))
	for i, c := range r.columns {
		copied := *c
		copied.name = others[i].name
		list[i] = &copied
	}
	return list
}

func (m *maker) and(where string) string {
	if where == "" {
		return " WHERE "
	}
	return " AND "
}

// existsIn is a condition on another relation.
func (m *maker) existsIn(r *relation) string {
	other := m.table()
	return fmt.Sprintf("(SELECT count(*) FROM %s) < %d", other.name, m.between(2, 6))
}

func (m *maker) joinView() *relation {
	a, b := m.readable(), m.readable()
	x, y := m.meeting(a, b)
	v := m.newView("joined", append(a.columns[:len(a.columns):len(a.columns)], renamed(b.columns)...), a.pins)
	v.keys = a.keys
	m.ddl("CREATE VIEW %s (%s) AS SELECT %s, %s FROM %s a %s %s b ON %s", v.name, names(v.columns, ""),
		names(a.columns, "a."), names(b.columns, "b."), a.name, pick(m.dice, []string{"JOIN", "LEFT JOIN"}), b.name, equal("a", x, "b", y))
	return v
}

// renamed returns the columns under names that no table has.
func renamed(columns []*column) []*column {
	list := make([]*column, len(columns))
	for i, c := range columns {
		copied := *c
		copied.name = "o_" + strings.ToLower(strings.Trim(c.name, `"`))
		list[i] = &copied
	}
	for i := range list { // a view over a view may have o_ twice
		for j := range i {
			if list[i].name == list[j].name {
				list[i].name += fmt.Sprint(i)
			}
		}
	}
	return list
}

// meeting picks a column of each relation to join them by.
func (m *maker) meeting(a, b *relation) (x, y *column) {
	var pairs [][2]*column
	for _, x := range a.columns {
		for _, y := range b.columns {
			if x.kind == y.kind {
				pairs = append(pairs, [2]*column{x, y})
			}
		}
	}
	if len(pairs) == 0 {
		return pick(m.dice, a.columns), pick(m.dice, b.columns)
	}
	p := pick(m.dice, pairs)
	return p[0], p[1]
}

// equal compares two columns, as text when their kinds differ.
func equal(a string, x *column, b string, y *column) string {
	if x.kind == y.kind {
		return fmt.Sprintf("%s.%s = %s.%s", a, x.name, b, y.name)
	}
	return fmt.Sprintf("%s.%s::text = %s.%s::text", a, x.name, b, y.name)
}

// exactColumn picks a column whose equal values print alike.
func (m *maker) exactColumn(r *relation) *column {
	for range 20 {
		if c := pick(m.dice, r.columns); c.kind.exact {
			return c
		}
	}
	return nil
}

func (m *maker) groupView() *relation {
	r := m.readable()
	by := m.exactColumn(r)
	if by == nil {
		return m.simpleView()
	}
	one := *by
	one.generated = ""
	v := m.newView("grouped", []*column{&one, {name: "n", kind: bigint, domain: bigint.keys, values: bigint.keys}}, nil)
	v.keys = [][]*column{{&one}}
	m.ddl("CREATE VIEW %s AS SELECT %s, count(*) AS n FROM %s GROUP BY 1", v.name, by.name, r.name)
	return v
}

func (m *maker) rankView() *relation {
	r := m.readable()
	v := m.newView("ranked", append(r.columns[:len(r.columns):len(r.columns)], &column{name: "place", kind: bigint, domain: bigint.keys, values: bigint.keys}), r.pins)
	for _, c := range r.columns {
		if c.name == "place" {
			return m.simpleView()
		}
	}
	v.keys = r.keys
	partition := ""
	if m.chance(0.4) {
		partition = "PARTITION BY " + pick(m.dice, r.columns).name + " "
	}
	m.ddl("CREATE VIEW %s AS SELECT *, rank() OVER (%sORDER BY %s) AS place FROM %s", v.name, partition, pick(m.dice, r.columns).name, r.name)
	return v
}

func (m *maker) unionView() *relation {
	a, b := m.readable(), m.readable()
	x, y := m.meeting(a, b)
	if x.kind != y.kind {
		return m.simpleView()
	}
	one := *x
	one.generated = ""
	v := m.newView("both", []*column{&one}, []*column{&one})
	m.ddl("CREATE VIEW %s AS SELECT %s FROM %s UNION ALL SELECT %s FROM %s", v.name, x.name, a.name, y.name, b.name)
	return v
}

func (m *maker) callingView() *relation {
	r := m.readable()
	if len(m.reader) == 0 {
		return m.simpleView()
	}
	f := pick(m.dice, m.reader)
	if f.set != nil {
		return m.simpleView()
	}
	v := m.newView("calling", append(r.columns[:len(r.columns):len(r.columns)], &column{name: "called", kind: bigint, domain: bigint.keys, values: bigint.keys}), r.pins)
	v.keys = r.keys
	arg := ""
	if f.arg != nil {
		arg = literal(pick(m.dice, f.arg.domain), f.arg.kind)
		for _, c := range r.columns {
			if c.kind == f.arg.kind {
				arg = c.name
			}
		}
	}
	m.ddl("CREATE VIEW %s AS SELECT %s, %s AS called FROM %s", v.name, names(r.columns, ""), f.call(arg), r.name)
	return v
}

// outerView hides a subquery below its columns.
func (m *maker) outerView() *relation {
	a, b := m.readable(), m.readable()
	x, y := m.meeting(a, b)
	v := m.newView("outer", append(a.columns[:len(a.columns):len(a.columns)], &column{name: "beside", kind: bigint, domain: bigint.keys, values: bigint.keys}), a.pins)
	v.keys = a.keys
	m.ddl("CREATE VIEW %s AS SELECT %s, (SELECT count(*) FROM %s b WHERE %s) AS beside FROM %s a", v.name,
		names(a.columns, "a."), b.name, equal("a", x, "b", y), a.name)
	return v
}
