package soundness

import "fmt"

// reader is a role that every server has and that row security holds for.
const reader = "pg_read_all_data"

// makePolicies puts tables under row-level security now and then, and returns the
// role that reads them.
func (m *maker) makePolicies() string {
	if !m.likely(policing, 0.12) {
		return ""
	}
	for m.likely(policing, 0.5) {
		t := m.table()
		m.ddl("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", t.name)
		m.ddl("CREATE POLICY allowed%d ON %s FOR SELECT USING (%s)", m.number(), t.name, m.policy(t))
	}
	return reader
}

// policy is a condition on the table's rows, mostly by way of another table.
func (m *maker) policy(t *relation) string {
	u := m.readable()
	x, y := m.meeting(t, u)
	c := pick(m.dice, t.columns)
	switch {
	case t != u && m.chance(0.6):
		return fmt.Sprintf("EXISTS (SELECT FROM %s u WHERE u.%s::text = %s.%s::text)", u.name, y.name, t.name, x.name)
	case len(m.reader) > 0 && m.chance(0.5):
		if f := pick(m.dice, m.reader); f.set == nil && f.arg != nil {
			return fmt.Sprintf("%s < 3", f.call(literal(pick(m.dice, f.arg.domain), f.arg.kind)))
		}
	}
	return fmt.Sprintf("%s IS DISTINCT FROM %s", c.name, literal(pick(m.dice, c.kind.keys), c.kind))
}
