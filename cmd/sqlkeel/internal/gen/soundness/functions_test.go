package soundness

import (
	"fmt"
	"strings"
)

// function is a function with one argument, or none when its argument is nil.
type function struct {
	name string
	arg  *column
	set  *relation // the relation whose rows it returns; nil: a bigint
}

func (f function) call(arg string) string {
	if f.arg == nil {
		arg = ""
	}
	return f.name + "(" + arg + ")"
}

// makeFunctions adds functions that read and functions that write.
func (m *maker) makeFunctions() {
	for m.chance(0.55) {
		m.reader = append(m.reader, m.readFunction())
	}
	for _, twin := range m.twins {
		m.addPathed(twin)
	}
	if len(m.reader) > 0 && m.chance(0.3) {
		m.overload(m.reader[0])
	}
	for m.chance(0.55) {
		m.writer = append(m.writer, m.writeFunction())
	}
}

// addPathed adds functions to which the twin's name means the twin, because of
// their own search_path.
func (m *maker) addPathed(twin *relation) {
	key := twin.keys[0][0]
	f := function{name: fmt.Sprintf("pathed%d", m.number()), arg: key}
	head := fmt.Sprintf("CREATE FUNCTION %s(p %s) RETURNS bigint LANGUAGE %s SET search_path = \"Other Place\", public AS $$", f.name, key.kind.cast(), pick(m.dice, []string{"sql", "plpgsql"}))
	read, write := fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = p", twin.plain, key.name), fmt.Sprintf("DELETE FROM %s WHERE %s = p", twin.plain, key.name)
	writes := m.chance(0.5)
	switch sql := strings.Contains(head, "LANGUAGE sql"); {
	case sql && writes:
		m.ddl("%s %s; SELECT 1::bigint $$", head, write)
	case sql:
		m.ddl("%s %s $$", head, read)
	case writes:
		m.ddl("%s BEGIN %s; RETURN 1; END $$", head, write)
	default:
		m.ddl("%s BEGIN RETURN (%s); END $$", head, read)
	}
	if writes {
		m.writer = append(m.writer, f)
	} else {
		m.reader = append(m.reader, f)
	}
}

// overload adds a function of the same name that reads something else.
func (m *maker) overload(f function) {
	t := m.table()
	m.ddl("CREATE FUNCTION %s(p point) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM %s $$", f.name, t.name)
	m.ddl("CREATE FUNCTION %s(p money, q %s) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM %s $$", f.name, t.columns[0].kind.cast(), t.name)
}

// body gives a function with the parameter p its body, in one of the languages.
func (m *maker) body(name string, arg *column, returns, body string, volatility string) {
	params := ""
	if arg != nil {
		params = "p " + arg.kind.cast()
	}
	head := fmt.Sprintf("CREATE FUNCTION %s(%s) RETURNS %s", name, params, returns)
	if m.chance(0.5) {
		m.ddl("%s LANGUAGE sql %s AS $$ %s $$", head, volatility, body)
		return
	}
	m.ddl("%s LANGUAGE sql %s BEGIN ATOMIC %s; END", head, volatility, body)
}

// readFunction adds a function that counts rows, or returns them.
func (m *maker) readFunction() function {
	r := m.table()
	arg := pick(m.dice, r.columns)
	f := function{name: fmt.Sprintf("reads%d", m.number()), arg: arg}
	volatility := pick(m.dice, []string{"STABLE", "STABLE", "VOLATILE", ""})
	switch {
	case m.chance(0.3):
		f.set = r
		m.body(f.name, arg, "SETOF "+r.name, fmt.Sprintf("SELECT * FROM %s WHERE %s = p", r.name, arg.name), volatility)
	case len(m.reader) > 0 && m.chance(0.3):
		inner := pick(m.dice, m.reader)
		if inner.set != nil || inner.arg == nil {
			return m.plpgsqlReader(f, r, arg, volatility)
		}
		f.arg = inner.arg
		m.body(f.name, inner.arg, "bigint", "SELECT "+inner.call("p")+" + 1", volatility)
	case m.chance(0.35):
		return m.plpgsqlReader(f, r, arg, volatility)
	case m.chance(0.4):
		f.arg = nil
		m.body(f.name, nil, "bigint", fmt.Sprintf("SELECT count(*) FROM %s WHERE %s IS NOT NULL", r.name, arg.name), volatility)
	default:
		m.body(f.name, arg, "bigint", fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = p", r.name, arg.name), volatility)
	}
	return f
}

func (m *maker) plpgsqlReader(f function, r *relation, arg *column, volatility string) function {
	f.arg = arg
	body := fmt.Sprintf("SELECT count(*) INTO n FROM %s t WHERE t.%s = p;", r.name, arg.name)
	switch {
	case m.likely(opaque, 0.1):
		body = fmt.Sprintf("EXECUTE 'SELECT' || ' count(*) FROM %s t WHERE t.%s = $1' INTO n USING p;", r.name, arg.name)
	case m.chance(0.3):
		body = fmt.Sprintf("FOR n IN SELECT 1 FROM %s t WHERE t.%s = p LOOP total := total + n; END LOOP; n := total;", r.name, arg.name)
	case m.chance(0.3):
		body = fmt.Sprintf("IF EXISTS (SELECT FROM %s t WHERE t.%s = p) THEN n := 1; ELSE n := 0; END IF;", r.name, arg.name)
	case m.chance(0.3):
		body = fmt.Sprintf("n := (SELECT count(*) FROM %s t WHERE t.%s = p);", r.name, arg.name)
	}
	m.ddl("CREATE FUNCTION %s(p %s) RETURNS bigint LANGUAGE plpgsql %s AS $$ DECLARE n bigint; total bigint := 0; BEGIN %s RETURN n; END $$",
		f.name, arg.kind.cast(), volatility, body)
	return f
}

// writeFunction adds a function that changes a table and returns a number.
func (m *maker) writeFunction() function {
	t := m.table()
	arg := pick(m.dice, t.columns)
	f := function{name: fmt.Sprintf("writes%d", m.number()), arg: arg}
	change := fmt.Sprintf("DELETE FROM %s WHERE %s = p", t.name, arg.name)
	if c := pick(m.dice, t.writable()); m.chance(0.6) {
		change = fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = p", t.name, c.name, m.changed("", c), arg.name)
	}
	if m.chance(0.5) {
		m.body(f.name, arg, "bigint", change+"; SELECT 1::bigint", "")
		return f
	}
	if m.likely(opaque, 0.1) {
		change = fmt.Sprintf("EXECUTE 'DELETE' || ' FROM %s WHERE %s = $1' USING p", t.name, arg.name)
	} else if len(m.writer) > 0 && m.chance(0.3) {
		inner := pick(m.dice, m.writer)
		if inner.arg != nil && inner.arg.kind == arg.kind {
			change += "; PERFORM " + inner.call("p")
		}
	}
	m.ddl("CREATE FUNCTION %s(p %s) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN %s; RETURN 1; END $$", f.name, arg.kind.cast(), change)
	return f
}

// changed is an expression that gives the column, known by prefix ("" or "u."),
// another value.
func (m *maker) changed(prefix string, c *column) string {
	if c.kind.change != "" && m.chance(0.5) {
		return fmt.Sprintf(c.kind.change, prefix+c.name)
	}
	return literal(pick(m.dice, c.domain), c.kind)
}
