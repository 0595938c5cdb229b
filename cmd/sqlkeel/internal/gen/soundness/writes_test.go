package soundness

import (
	"fmt"
	"strings"
)

// write makes a statement that changes rows.
func (m *maker) write() statement {
	b := &builder{maker: m}
	sql := weighted(m.dice, []choice[func() string]{
		{30, b.insert}, {6, b.upsert}, {46, b.update}, {5, b.updateKey}, {4, b.updateFrom}, {26, b.remove}, {2, b.removeUsing},
		{3, b.truncate}, {5, b.moveRows}, {4, b.merge}, {2, b.insertSelect}, {3, b.callWriter}, {2, b.refresh}, {2, b.cteUpdate}, {5, b.updateBySubquery},
		{4, b.insertLists}, {4, b.updateLists},
	})()
	s := statement{sql: sql, params: b.types(), command: weighted(m.dice, []choice[string]{{7, ":many"}, {2, ":one"}, {1, ":exec"}})}
	for turn := range 4 {
		args := b.draw(m.IntN(5) + turn)
		for i, p := range b.params {
			if list, is := args[i].([]any); is {
				p.column.written = append(p.column.written, list...)
			} else {
				p.column.written = append(p.column.written, args[i])
			}
		}
		s.args = append(s.args, args)
		if len(b.params) == 0 {
			break
		}
	}
	return s
}

// target picks what to write: a table, now and then a partition or view.
func (b *builder) target() *relation {
	if len(b.views) > 0 && b.chance(0.08) {
		return pick(b.dice, b.views)
	}
	return b.table()
}

// returning asks for the changed rows, or for nothing.
func (b *builder) returning(r *relation, prefix string) string {
	switch {
	case b.chance(0.3):
		return ""
	case b.chance(0.65):
		if prefix != "" {
			return " RETURNING " + prefix + "*"
		}
		return " RETURNING *"
	}
	return " RETURNING " + names(shuffled(b.dice, r.columns)[:b.between(1, len(r.columns))], prefix)
}

// row returns the columns of a row to insert and its values.
func (b *builder) row(r *relation) (columns, values string) {
	var list []*column
	var parts []string
	for _, c := range r.writable() {
		if !c.notNull && b.chance(0.2) || c.identity && b.chance(0.6) {
			continue
		}
		list = append(list, c)
		switch {
		case b.chance(0.1):
			parts = append(parts, literal(pick(b.dice, c.domain), c.kind))
		case b.chance(0.03) && len(list) > 1:
			list = list[:len(list)-1] // so that its default is used
		default:
			parts = append(parts, b.fresh(c))
		}
	}
	return names(list, ""), strings.Join(parts, ", ")
}

func (b *builder) insert() string {
	r := b.target()
	columns, values := b.row(r)
	conflict := weighted(b.dice, []choice[string]{{4, ""}, {1, " ON CONFLICT DO NOTHING"}})
	if b.chance(0.1) {
		_, more := b.row(r)
		if strings.Count(more, ",") == strings.Count(values, ",") {
			values += "), (" + more
		}
	}
	overriding := weighted(b.dice, []choice[string]{{20, ""}, {1, " OVERRIDING USER VALUE"}, {1, " OVERRIDING SYSTEM VALUE"}})
	return fmt.Sprintf("INSERT INTO %s (%s)%s VALUES (%s)%s%s", r.name, columns, overriding, values, conflict, b.returning(r, ""))
}

func (b *builder) upsert() string {
	r := b.table()
	columns, values := b.row(r)
	key := pick(b.dice, r.keys)
	c := pick(b.dice, r.writable())
	set := pick(b.dice, []string{"excluded." + c.name, literal(pick(b.dice, c.domain), c.kind)})
	if b.chance(0.3) {
		set = b.fresh(c)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s = %s%s", r.name, columns, values, names(key, ""), c.name, set, b.returning(r, ""))
}

// assign is a SET of one or two columns.
func (b *builder) assign(r *relation, prefix string) string {
	columns := shuffled(b.dice, r.writable())
	if last := len(columns) - 1; columns[0] == r.columns[0] && b.chance(0.7) {
		columns[0], columns[last] = columns[last], columns[0]
	}
	n := 1
	if len(columns) > 1 && b.chance(0.3) {
		n = 2
	}
	var parts []string
	for _, c := range columns[:n] {
		value := b.changed(prefix, c)
		if b.chance(0.4) {
			value = b.fresh(c)
		}
		parts = append(parts, c.name+" = "+value)
	}
	return strings.Join(parts, ", ")
}

func (b *builder) update() string {
	r := b.target()
	if b.chance(0.25) {
		return fmt.Sprintf("UPDATE %s AS u SET %s WHERE %s%s", r.name, b.assign(r, ""), b.where(r, "u."), b.returning(r, "u."))
	}
	only := weighted(b.dice, []choice[string]{{12, ""}, {1, "ONLY "}})
	return fmt.Sprintf("UPDATE %s%s SET %s WHERE %s%s%s", only, r.name, b.assign(r, ""), b.where(r, ""), b.alsoWrites(), b.returning(r, ""))
}

// alsoWrites is a condition that calls a function which writes, now and then.
func (b *builder) alsoWrites() string {
	if len(b.writer) == 0 || b.chance(0.9) {
		return ""
	}
	f := pick(b.dice, b.writer)
	return " AND " + f.call(literal(pick(b.dice, f.arg.domain), f.arg.kind)) + " = 1"
}

func (b *builder) updateKey() string {
	r := b.table()
	c := pick(b.dice, pick(b.dice, r.keys))
	if len(r.part) > 0 && b.chance(0.6) {
		c = r.part[0]
	}
	return fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s%s", r.name, c.name, b.fresh(c), b.where(r, ""), b.returning(r, ""))
}

func (b *builder) updateFrom() string {
	r, s := b.target(), b.readable()
	x, y := b.meeting(r, s)
	pinned, prefix := r, "u."
	if b.chance(0.4) {
		pinned, prefix = s, "s."
	}
	side := b.where(pinned, prefix)
	return fmt.Sprintf("UPDATE %s u SET %s FROM %s s WHERE %s AND %s%s", r.name, b.assign(r, "u."), s.name, equal("u", x, "s", y), side, b.returning(r, "u."))
}

func (b *builder) remove() string {
	r := b.target()
	return fmt.Sprintf("DELETE FROM %s WHERE %s%s%s", r.name, b.where(r, ""), b.alsoWrites(), b.returning(r, ""))
}

func (b *builder) removeUsing() string {
	r, s := b.table(), b.readable()
	x, y := b.meeting(r, s)
	return fmt.Sprintf("DELETE FROM %s u USING %s s WHERE %s AND %s%s", r.name, s.name, equal("u", x, "s", y), b.where(s, "s."), b.returning(r, "u."))
}

func (b *builder) truncate() string {
	return "TRUNCATE " + b.table().name + pick(b.dice, []string{" CASCADE", " CASCADE", ""})
}

// moveRows writes in a CTE, and again with what that returned.
func (b *builder) moveRows() string {
	r, s := b.table(), b.table()
	columns, values := b.row(s)
	return fmt.Sprintf("WITH gone AS (DELETE FROM %s WHERE %s RETURNING *) INSERT INTO %s AS i (%s) SELECT %s WHERE EXISTS (SELECT FROM gone)%s",
		r.name, b.where(r, ""), s.name, columns, values, b.returning(s, "i."))
}

func (b *builder) cteUpdate() string {
	r := b.table()
	return fmt.Sprintf("WITH done AS (UPDATE %s SET %s WHERE %s RETURNING *) SELECT count(*) FROM done", r.name, b.assign(r, ""), b.where(r, ""))
}

// updateBySubquery finds its rows, or their values, in another relation.
func (b *builder) updateBySubquery() string {
	r, s := b.table(), b.readable()
	x, y := b.meeting(r, s)
	c := pick(b.dice, r.writable())
	switch b.IntN(4) {
	case 0:
		return fmt.Sprintf("UPDATE %s u SET %s WHERE u.%s::text IN (SELECT s.%s::text FROM %s s WHERE %s)%s", r.name, b.assign(r, "u."), x.name, y.name, s.name, b.where(s, "s."), b.returning(r, "u."))
	case 1:
		return fmt.Sprintf("DELETE FROM %s u WHERE EXISTS (SELECT FROM %s s WHERE %s AND %s)%s", r.name, s.name, equal("u", x, "s", y), b.where(s, "s."), b.returning(r, "u."))
	case 2:
		return fmt.Sprintf("UPDATE %s u SET %s = (SELECT v.%s FROM %s v ORDER BY v::text LIMIT 1) WHERE %s%s", r.name, c.name, c.name, r.name, b.where(r, "u."), b.returning(r, "u."))
	}
	return fmt.Sprintf("WITH few AS (SELECT * FROM %s WHERE %s) UPDATE %s u SET %s FROM few WHERE u.%s = few.%s%s", r.name, b.where(r, ""), r.name, b.assign(r, "u."), r.columns[0].name, r.columns[0].name, b.returning(r, "u."))
}

func (b *builder) merge() string {
	r, s := b.table(), b.readable()
	x, y := b.meeting(r, s)
	matched := "DELETE"
	if b.chance(0.6) {
		matched = "UPDATE SET " + b.assign(r, "u.")
	}
	missed := ""
	if b.chance(0.3) {
		columns, values := b.row(r)
		missed = fmt.Sprintf(" WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)", columns, values)
	}
	return fmt.Sprintf("MERGE INTO %s u USING (SELECT * FROM %s s WHERE %s) s ON %s WHEN MATCHED THEN %s%s", r.name, s.name, b.where(s, "s."), equal("u", x, "s", y), matched, missed)
}

func (b *builder) insertSelect() string {
	r := b.table()
	columns := r.writable()
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "s." + c.name
	}
	list[0] = b.fresh(columns[0]) + "::" + columns[0].kind.cast()
	return fmt.Sprintf("INSERT INTO %s AS i (%s) SELECT %s FROM %s s WHERE %s%s", r.name, names(columns, ""), strings.Join(list, ", "), r.name, b.where(r, "s."), b.returning(r, "i."))
}

// insertLists inserts the elements of arrays, of which one may be longer.
func (b *builder) insertLists() string {
	r := b.table()
	columns := r.writable()
	lists := make([]string, len(columns))
	for i, c := range columns {
		lists[i] = b.freshList(c)
	}
	conflict := weighted(b.dice, []choice[string]{{3, ""}, {2, " ON CONFLICT DO NOTHING"}})
	if c := pick(b.dice, columns); b.chance(0.2) {
		conflict = fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s = excluded.%s", names(r.keys[0], ""), c.name, c.name)
	}
	if b.chance(0.5) {
		return fmt.Sprintf("INSERT INTO %s AS i (%s) SELECT * FROM unnest(%s)%s%s", r.name, names(columns, ""), strings.Join(lists, ", "), conflict, b.returning(r, "i."))
	}
	return fmt.Sprintf("INSERT INTO %s AS i (%s) SELECT unnest(%s)%s%s", r.name, names(columns, ""), strings.Join(lists, "), unnest("), conflict, b.returning(r, "i."))
}

// updateLists takes rows by one array and their values from another.
func (b *builder) updateLists() string {
	r := b.target()
	c, key := pick(b.dice, r.writable()), b.pinned(r)
	from := fmt.Sprintf("unnest(%s, %s) AS x (k, v)", b.list(key), b.freshList(c))
	if b.chance(0.4) {
		from = fmt.Sprintf("(SELECT unnest(%s) AS k, unnest(%s) AS v) AS x", b.list(key), b.freshList(c))
	}
	return fmt.Sprintf("UPDATE %s u SET %s = x.v FROM %s WHERE u.%s = x.k%s", r.name, c.name, from, key.name, b.returning(r, "u."))
}

func (b *builder) callWriter() string {
	if len(b.writer) == 0 {
		return b.update()
	}
	if len(b.acting) > 0 && b.chance(0.4) {
		return "SELECT * FROM " + pick(b.dice, b.acting).name
	}
	f := pick(b.dice, b.writer)
	arg := b.existing(f.arg)
	if b.chance(0.3) {
		r := b.readable()
		return fmt.Sprintf("SELECT %s FROM %s a WHERE %s", f.call(arg), r.name, b.where(r, "a."))
	}
	return "SELECT " + f.call(arg)
}

func (b *builder) refresh() string {
	if len(b.mats) == 0 {
		return b.remove()
	}
	return "REFRESH MATERIALIZED VIEW " + pick(b.dice, b.mats).name
}
