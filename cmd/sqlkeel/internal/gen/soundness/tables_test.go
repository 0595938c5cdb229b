package soundness

import (
	"fmt"
	"slices"
	"strings"
)

// makeTables makes tables with rows, and the foreign keys between them.
func (m *maker) makeTables() {
	n := m.between(3, 6)
	for range n {
		m.addTable()
	}
	var constraints []string
	for _, t := range m.hot {
		for m.chance(0.45) {
			if c := m.addReference(t); c != "" {
				constraints = append(constraints, c)
			}
		}
	}
	for _, t := range m.hot {
		m.createTable(t)
	}
	for _, t := range m.hot {
		if t.suffix == "" && m.chance(0.07) {
			m.addHeir(t)
		}
	}
	m.hot = m.ordered()
	for _, c := range constraints {
		m.ddl("%s", c)
	}
}

// ordered shuffles the tables; the first is mostly one whose rows a key
// may distinguish.
func (m *maker) ordered() []*relation {
	list := shuffled(m.dice, m.hot)
	for i, t := range list {
		if slices.Contains(kinds[:4], t.columns[0].kind) && len(t.keys[0]) == 1 && m.chance(0.7) {
			list[0], list[i] = list[i], list[0]
			break
		}
	}
	return list
}

// addTable adds a table's columns and keys; the columns of foreign keys follow
// when all tables are known.
func (m *maker) addTable() {
	spelled, plain := m.name("t")
	t := &relation{name: spelled, plain: plain, rows: m.between(3, 5), serial: m.number()}
	id := &column{name: "id", kind: m.someKey(), notNull: true}
	if m.chance(0.1) {
		id.name = `"Id"`
	}
	id.identity = (id.kind == kinds[0] || id.kind == bigint) && m.chance(0.3)
	t.columns = append(t.columns, id)
	m.fillKey(t, id)
	for i := range m.between(1, 3) {
		c := &column{name: fmt.Sprintf("c%d", i), kind: pick(m.dice, kinds), notNull: m.chance(0.3)}
		m.fill(t, c)
		t.columns = append(t.columns, c)
		t.pins = append(t.pins, c)
	}
	t.keys = [][]*column{{id}}
	m.addKeys(t)
	switch {
	case !id.identity && m.chance(0.18):
		m.partition(t)
	case m.likely(generating, 0.18):
		m.addGenerated(t)
	}
	m.hot = append(m.hot, t)
	m.tables = append(m.tables, t)
}

// fillKey gives a unique column its values.
func (m *maker) fillKey(t *relation, c *column) {
	t.rows = min(t.rows, len(c.kind.keys)-1)
	order := shuffled(m.dice, c.kind.keys)
	c.values, c.domain = order[:t.rows], order
}

// fill gives a column values that may repeat.
func (m *maker) fill(t *relation, c *column) {
	c.domain = c.kind.pool()
	for range t.rows {
		c.values = append(c.values, m.valueFor(c))
	}
}

// valueFor returns a value for a row, now and then NULL.
func (m *maker) valueFor(c *column) any {
	if !c.notNull && m.chance(0.12) {
		return nil
	}
	return pick(m.dice, c.domain)
}

// addKeys adds a second unique key, on a column of its own or on two.
func (m *maker) addKeys(t *relation) {
	if m.chance(0.3) {
		u := &column{name: "u", kind: m.someKey(), notNull: m.chance(0.5)}
		m.fillKey(t, u)
		t.columns = append(t.columns, u)
		t.keys = append(t.keys, []*column{u})
	}
	if m.chance(0.15) {
		t.keys = append(t.keys, []*column{t.columns[0], t.columns[1]})
	}
}

// addGenerated adds a column that PostgreSQL works out from another.
func (m *maker) addGenerated(t *relation) {
	from := t.columns[1]
	if from.kind.change == "" || from.kind.sql == "timestamptz" {
		return
	}
	g := &column{name: "g", kind: from.kind, generated: fmt.Sprintf(from.kind.change, from.name)}
	if from.kind.sql == "text" {
		g.generated = "lower(" + from.name + ")"
	}
	for _, v := range from.values {
		switch v := v.(type) {
		case int64:
			g.values = append(g.values, v+1)
		case string:
			g.values = append(g.values, strings.ToLower(v))
		case bool:
			g.values = append(g.values, !v)
		}
	}
	g.values = append(g.values, from.kind.keys[0])
	g.domain = g.values
	t.columns = append(t.columns, g)
	t.pins = append(t.pins, g, g)
}

// addReference adds a foreign key to t, mostly in a column of its own, and returns
// the constraint.
func (m *maker) addReference(t *relation) string {
	target := hot(m.dice, m.hot)
	key := pick(m.dice, target.keys)
	if len(key) != 1 {
		return m.addWideReference(t, target, key)
	}
	var c *column
	if t != target && t.columns[0].kind == key[0].kind && m.chance(0.3) {
		c = t.columns[0]
		c.domain = key[0].values
		n := min(t.rows, len(c.values), len(key[0].values))
		t.rows, c.values = n, key[0].values[:n]
	} else {
		c = &column{name: fmt.Sprintf("f%d", len(t.columns)), kind: key[0].kind, notNull: m.chance(0.2), domain: key[0].values}
		for range t.rows {
			c.values = append(c.values, m.valueFor(c))
		}
		t.columns = append(t.columns, c)
		t.pins = append(t.pins, c)
	}
	t.refers = append(t.refers, reference{target, []*column{c}, key})
	return fmt.Sprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)%s", t.name, c.name, target.name, key[0].name, m.actions())
}

// addWideReference adds a foreign key of several columns.
func (m *maker) addWideReference(t, target *relation, key []*column) string {
	var mine []*column
	for _, k := range key {
		c := &column{name: fmt.Sprintf("w%d", len(t.columns)), kind: k.kind, domain: k.values}
		t.columns = append(t.columns, c)
		t.pins = append(t.pins, c)
		mine = append(mine, c)
	}
	for range t.rows {
		from, null := m.IntN(target.rows), m.chance(0.15)
		for i, c := range mine {
			v := key[i].values[from]
			if null {
				v = nil
			}
			c.values = append(c.values, v)
		}
	}
	t.refers = append(t.refers, reference{target, mine, key})
	return fmt.Sprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)%s", t.name, names(mine, ""), target.name, names(key, ""), m.actions())
}

// actions are what a foreign key does when its target goes or changes.
func (m *maker) actions() string {
	actions := []choice[string]{{4, "CASCADE"}, {3, "SET NULL"}, {1, "SET DEFAULT"}, {2, "NO ACTION"}, {1, "RESTRICT"}}
	s := weighted(m.dice, []choice[string]{{5, ""}, {1, " MATCH FULL"}}) + " ON DELETE " + weighted(m.dice, actions) + " ON UPDATE " + weighted(m.dice, actions)
	if m.chance(0.15) {
		s += " DEFERRABLE INITIALLY DEFERRED"
	}
	return s
}

// createTable adds the table, its partitions and its rows.
func (m *maker) createTable(t *relation) {
	var parts []string
	dropped := m.chance(0.1)
	if dropped {
		parts = append(parts, "gone integer")
	}
	for i, c := range t.columns {
		def := c.name + " " + c.kind.sql
		switch {
		case c.identity:
			def += " GENERATED BY DEFAULT AS IDENTITY (START WITH 101)"
		case c.generated != "":
			def += " GENERATED ALWAYS AS (" + c.generated + ") STORED"
		case i > 0 && m.chance(0.25):
			def += " DEFAULT " + literal(pick(m.dice, c.domain), c.kind)
		}
		if c.notNull {
			def += " NOT NULL"
		}
		parts = append(parts, def)
	}
	for i, key := range t.keys {
		word := "UNIQUE"
		if i == 0 {
			word = "PRIMARY KEY"
		}
		parts = append(parts, word+" ("+names(key, "")+")")
	}
	m.ddl("CREATE TABLE %s (%s)%s", t.name, strings.Join(parts, ", "), t.suffix)
	if dropped {
		m.ddl("ALTER TABLE %s DROP COLUMN gone", t.name)
	}
	if t.suffix != "" {
		m.createPartitions(t)
	}
	m.insertRows(t)
	if m.chance(0.08) {
		m.addTwin(t)
	}
}

// addTwin adds a table of the same name in another schema.
func (m *maker) addTwin(t *relation) {
	if t.suffix != "" || t.name != t.plain {
		return
	}
	twin := &relation{name: fmt.Sprintf("%q.%s", "Other Place", t.plain), plain: t.plain, columns: t.columns, keys: t.keys, pins: t.pins, rows: min(2, t.rows)}
	m.ddl("CREATE TABLE %s (LIKE %s INCLUDING ALL)", twin.name, t.name)
	m.insertRows(twin)
	m.tables = append(m.tables, twin)
	m.twins = append(m.twins, twin)
}

// insertRows adds the rows, each with a statement of its own: one that breaks a
// constraint is left out.
func (m *maker) insertRows(t *relation) {
	columns := t.writable()
	for i := range t.rows {
		values := make([]string, len(columns))
		for j, c := range columns {
			values[j] = literal(c.values[i], c.kind)
		}
		m.ddl("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING", t.name, names(columns, ""), strings.Join(values, ", "))
	}
}

// addHeir adds a table that inherits from t, with a row of its own.
func (m *maker) addHeir(t *relation) {
	spelled, plain := m.name("heir")
	heir := &relation{name: spelled, plain: plain, rows: 2, columns: t.columns, pins: append(t.pins, t.keys[0]...), keys: t.keys}
	m.ddl("CREATE TABLE %s (extra integer) INHERITS (%s)", heir.name, t.name)
	m.insertRows(&relation{name: heir.name, columns: t.columns, rows: min(2, t.rows)})
	m.tables = append(m.tables, heir)
}
