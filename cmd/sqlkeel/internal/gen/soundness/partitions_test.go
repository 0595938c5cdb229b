package soundness

import (
	"fmt"
	"strings"
)

// partition makes the table partitioned, by its id or by another column, which
// then is part of the primary key.
func (m *maker) partition(t *relation) {
	by := t.columns[0]
	if m.chance(0.5) {
		by = t.columns[1]
		by.notNull = true
		for i, v := range by.values {
			if v == nil {
				by.values[i] = by.domain[0]
			}
		}
		t.keys = [][]*column{{t.columns[0], by}}
	} else {
		t.keys = t.keys[:1]
	}
	t.part = []*column{by}
	way := weighted(m.dice, []choice[string]{{3, "LIST"}, {3, "HASH"}, {3, "RANGE"}})
	if way == "RANGE" && !by.kind.number {
		way = "LIST"
	}
	t.suffix = fmt.Sprintf(" PARTITION BY %s (%s)", way, by.name)
}

// createPartitions adds two or three partitions, one of them now and then
// partitioned again.
func (m *maker) createPartitions(t *relation) {
	by := t.part[0]
	var bounds []string
	switch {
	case strings.Contains(t.suffix, " HASH "):
		bounds = []string{"FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 2, REMAINDER 1)"}
	case strings.Contains(t.suffix, " RANGE "):
		bounds = []string{"FOR VALUES FROM (MINVALUE) TO (4)", "FOR VALUES FROM (4) TO (MAXVALUE)"}
	default:
		half := len(by.kind.keys) / 2
		var values []string
		for _, v := range by.kind.keys[:half] {
			values = append(values, literal(v, by.kind))
		}
		bounds = []string{"FOR VALUES IN (" + strings.Join(values, ", ") + ")", "DEFAULT"}
	}
	split := m.chance(0.3)
	for i, bound := range bounds {
		leaf := &relation{name: fmt.Sprintf("%s_p%d", t.plain, i), plain: fmt.Sprintf("%s_p%d", t.plain, i),
			columns: t.columns, keys: t.keys, pins: t.pins, rows: t.rows, part: t.part}
		again := ""
		if split && i == 0 {
			again = fmt.Sprintf(" PARTITION BY HASH (%s)", by.name)
		}
		if again == "" && m.chance(0.25) {
			m.attach(t, leaf, bound)
		} else {
			m.ddl("CREATE TABLE %s PARTITION OF %s %s%s", leaf.name, t.name, bound, again)
		}
		if again != "" {
			for j := range 2 {
				m.ddl("CREATE TABLE %s_%d PARTITION OF %s FOR VALUES WITH (MODULUS 2, REMAINDER %d)", leaf.plain, j, leaf.name, j)
			}
		}
		m.tables = append(m.tables, leaf)
	}
}

// attach makes a partition of a table that was made alone, with its columns in
// another order.
func (m *maker) attach(t, leaf *relation, bound string) {
	var parts []string
	for _, c := range shuffled(m.dice, t.columns) {
		def := c.name + " " + c.kind.sql
		if c.generated != "" {
			def += " GENERATED ALWAYS AS (" + c.generated + ") STORED"
		}
		if c.notNull {
			def += " NOT NULL"
		}
		parts = append(parts, def)
	}
	m.ddl("CREATE TABLE %s (%s)", leaf.name, strings.Join(parts, ", "))
	m.ddl("ALTER TABLE %s ATTACH PARTITION %s %s", t.name, leaf.name, bound)
}
