package soundness

import "fmt"

// maker makes one random scenario.
type maker struct {
	dice
	setup  []string
	tables []*relation // tables, roots and partitions that can be written
	hot    []*relation // tables without their partitions; the first is in most statements
	views  []*relation
	writer []function // functions that write
	reader []function // functions that read
	mats   []*relation
	acting []*relation // views that write when they are read
	twins  []*relation // tables in the other schema whose name is also in public
	serial int
	theme  theme
}

// size is how much a scenario holds, and of what much.
type size struct {
	reads, writes, args int
	theme               theme
}

// theme is what a scenario has more of than others.
type theme string

const (
	altering   theme = "triggers that alter the row"
	generating theme = "generated columns"
	ruling     theme = "rules"
	policing   theme = "policies"
	opaque     theme = "bodies that nobody can read"
)

// likely is chance, but high when a scenario has the theme.
func (m *maker) likely(t theme, share float64) bool {
	if m.theme == t {
		share = 0.75
	}
	return m.chance(share)
}

// newScenario makes the scenario of that seed and number.
func newScenario(seed uint64, number int, s size) *scenario {
	m := &maker{dice: newDice(seed, number), theme: s.theme}
	m.setup = append(m.setup, prelude...)
	m.makeTables()
	m.makeFunctions()
	m.makeViews()
	m.makeTriggers()
	m.makeRules()
	sc := &scenario{role: m.makePolicies(), sieved: true}
	sc.setup = m.setup
	for range s.writes {
		sc.writes = append(sc.writes, m.write())
	}
	for range s.reads {
		sc.reads = append(sc.reads, m.read(s.args))
	}
	return sc
}

// ddl adds a statement to the schema.
func (m *maker) ddl(format string, args ...any) {
	m.setup = append(m.setup, fmt.Sprintf(format, args...))
}

// number returns a number that no other object has.
func (m *maker) number() int {
	m.serial++
	return m.serial
}

// name returns a new name for a relation: now and then in another schema, or one
// that needs quotes.
func (m *maker) name(prefix string) (spelled, plain string) {
	n := m.number()
	plain = fmt.Sprintf("%s%d", prefix, n)
	switch {
	case m.chance(0.08):
		return fmt.Sprintf("%q.%s", "Other Place", plain), plain
	case m.chance(0.06):
		return fmt.Sprintf(`"%s Of %d"`, prefix, n), plain
	}
	return plain, plain
}

// readable picks a relation to read: one of the views, or a table.
func (m *maker) readable() *relation {
	if len(m.views) > 0 && m.chance(0.25) {
		return pick(m.dice, m.views)
	}
	return m.table()
}

// table picks a table: a partition, the table on which this scenario's statements
// meet, or any.
func (m *maker) table() *relation {
	switch {
	case m.chance(0.08):
		return pick(m.dice, m.tables)
	case m.theme != policing && m.chance(0.87): // a policy shows between tables
		return m.hot[0]
	}
	return pick(m.dice, m.hot)
}
