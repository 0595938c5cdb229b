package soundness

import (
	"fmt"
	"strings"
)

// makeTriggers adds triggers to tables, partitions and views.
func (m *maker) makeTriggers() {
	for m.likely(altering, 0.5) {
		m.addTrigger(pick(m.dice, m.tables))
	}
	for _, v := range m.views {
		if m.chance(0.2) {
			m.addInstead(v)
		}
	}
	if len(m.writer)+len(m.reader) > 0 && m.chance(0.15) {
		m.addDefault()
	}
}

// event is one or two kinds of change, with their columns now and then.
func (m *maker) event(t *relation) string {
	e := pick(m.dice, []string{"INSERT", "UPDATE", "DELETE", "UPDATE", "INSERT OR UPDATE", "INSERT OR UPDATE OR DELETE", "UPDATE OR DELETE"})
	if m.chance(0.2) {
		e = strings.Replace(e, "UPDATE", "UPDATE OF "+pick(m.dice, t.columns).name, 1)
	}
	return e
}

// addTrigger adds one trigger of any sort.
func (m *maker) addTrigger(t *relation) {
	name := fmt.Sprintf("fires%d", m.number())
	event := m.event(t)
	if m.chance(0.15) && !strings.Contains(event, "DELETE") {
		m.triggerFunction(name, m.reaction(t)+" RETURN NEW;")
		m.ddl("CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW WHEN (NEW.%s IS NOT NULL) EXECUTE FUNCTION %s()", name, event, t.name, pick(m.dice, t.columns).name, name)
		return
	}
	switch {
	case m.likely(altering, 0.3):
		m.triggerFunction(name, m.alterNew(t))
		m.ddl("CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION %s()", name, event, t.name, name)
	case m.chance(0.15):
		m.triggerFunction(name, m.reaction(t)+" RETURN NULL;")
		m.ddl("CREATE TRIGGER %s %s TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()", name, pick(m.dice, []string{"BEFORE", "AFTER"}), t.name, name)
	case m.chance(0.2):
		m.triggerFunction(name, m.reaction(t)+" RETURN NULL;")
		m.ddl("CREATE TRIGGER %s AFTER %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()", name, event, t.name, name)
	case m.chance(0.15):
		u := m.table()
		c := pick(m.dice, u.writable())
		m.triggerFunction(name, fmt.Sprintf("UPDATE %s SET %s = %s WHERE EXISTS (SELECT FROM changed); RETURN NULL;", u.name, c.name, m.changed("", c)))
		m.ddl("CREATE TRIGGER %s AFTER UPDATE ON %s REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION %s()", name, t.name, name)
	case m.chance(0.15):
		m.triggerFunction(name, m.reaction(t)+" RETURN NULL;")
		m.ddl("CREATE CONSTRAINT TRIGGER %s AFTER %s ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION %s()", name, event, t.name, name)
	default:
		m.triggerFunction(name, m.reaction(t)+" RETURN NULL;")
		m.ddl("CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW EXECUTE FUNCTION %s()", name, event, t.name, name)
	}
}

// triggerFunction adds the function of a trigger, which does nothing when it is
// called by triggers of triggers of its own.
func (m *maker) triggerFunction(name, body string) {
	m.ddl("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() > 3 THEN RETURN coalesce(NEW, OLD); END IF; %s END $$", name, body)
}

// alterNew is a body that changes the row before it is written, or refuses it.
func (m *maker) alterNew(t *relation) string {
	c := pick(m.dice, t.writable())
	if m.chance(0.4) {
		c = t.keys[0][0]
	}
	value := literal(pick(m.dice, c.domain), c.kind)
	if c.kind.change != "" && m.chance(0.5) {
		value = fmt.Sprintf(c.kind.change, "NEW."+c.name)
	}
	set := fmt.Sprintf("NEW.%s := %s;", c.name, value)
	switch {
	case m.chance(0.2):
		set = fmt.Sprintf("IF NEW.%s IS NOT NULL THEN %s END IF;", pick(m.dice, t.columns).name, set)
	case m.chance(0.1):
		set = fmt.Sprintf("SELECT %s INTO NEW.%s;", value, c.name)
	case m.chance(0.2):
		set += " " + m.reaction(t)
	case m.chance(0.15):
		return fmt.Sprintf("DECLARE r record; BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; r := NEW; r.%s := %s; RETURN r; END;", c.name, value)
	case m.chance(0.1):
		set = fmt.Sprintf("NEW := jsonb_populate_record(NEW, jsonb_build_object('%s', %s));", strings.Trim(c.name, `"`), value)
	case m.chance(0.1):
		set = fmt.Sprintf("SELECT x.* INTO NEW FROM %s x ORDER BY x::text LIMIT 1;", t.name)
	case m.chance(0.1):
		set = fmt.Sprintf("FOR NEW.%s IN SELECT %s LOOP NULL; END LOOP;", c.name, value)
	}
	return "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; " + set + " RETURN NEW;"
}

// reaction is what a trigger does to other tables, mostly.
func (m *maker) reaction(t *relation) string {
	if len(m.writer) > 0 && m.chance(0.3) {
		if f := pick(m.dice, m.writer); f.arg != nil {
			return "PERFORM " + f.call(literal(pick(m.dice, f.arg.domain), f.arg.kind)) + ";"
		}
	}
	u := m.table()
	if u == t && m.chance(0.7) {
		u = pick(m.dice, m.hot)
	}
	if m.likely(opaque, 0.05) {
		return fmt.Sprintf("EXECUTE concat('DELETE', ' FROM ', '%s');", u.name)
	}
	return m.change(u) + ";"
}

// change is a write without placeholders, as bodies have it.
func (m *maker) change(u *relation) string {
	c := pick(m.dice, u.writable())
	key := u.keys[0][0]
	where := fmt.Sprintf(" WHERE %s = %s", key.name, literal(pick(m.dice, key.domain), key.kind))
	if m.chance(0.4) {
		where = ""
	}
	switch {
	case m.chance(0.3):
		return "DELETE FROM " + u.name + where
	case m.chance(0.4):
		return m.insertLiteral(u)
	}
	return fmt.Sprintf("UPDATE %s SET %s = %s%s", u.name, c.name, m.changed("", c), where)
}

// insertLiteral inserts a row of constants.
func (m *maker) insertLiteral(u *relation) string {
	columns := u.writable()
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = literal(pick(m.dice, c.domain), c.kind)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING", u.name, names(columns, ""), strings.Join(values, ", "))
}

// addInstead makes a view writable through a trigger.
func (m *maker) addInstead(v *relation) {
	name := fmt.Sprintf("instead%d", m.number())
	u := m.table()
	m.ddl("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN coalesce(NEW, OLD); END $$", name, m.change(u))
	m.ddl("CREATE TRIGGER %s INSTEAD OF INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()", name, v.name, name)
}

// addDefault makes a function the default of a column.
func (m *maker) addDefault() {
	t := m.table()
	for _, c := range t.writable() {
		if c.kind != bigint {
			continue
		}
		f := pick(m.dice, append(append([]function(nil), m.writer...), m.reader...))
		if f.set != nil {
			return
		}
		arg := ""
		if f.arg != nil {
			arg = literal(pick(m.dice, f.arg.domain), f.arg.kind)
		}
		m.ddl("ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", t.name, c.name, f.call(arg))
		return
	}
}

// makeRules adds rules that do more than was asked, to tables and views.
func (m *maker) makeRules() {
	for m.likely(ruling, 0.12) {
		t := m.table()
		if len(m.views) > 0 && m.chance(0.4) {
			t = pick(m.dice, m.views)
		}
		u := m.table()
		action := strings.TrimSuffix(m.change(u), " ON CONFLICT DO NOTHING")
		m.ddl("CREATE RULE also%d AS ON %s TO %s DO %s %s", m.number(), pick(m.dice, []string{"INSERT", "UPDATE", "DELETE"}), t.name,
			pick(m.dice, []string{"ALSO", "ALSO", "INSTEAD"}), action)
	}
}
