package soundness

import "fmt"

// builder makes one statement.
type builder struct {
	*maker
	params []param
}

// param is a placeholder: which column its values are for, whether it should meet
// rows that exist, and whether it is an array of such values.
type param struct {
	column *column
	meets  bool
	list   bool
}

// existing adds a placeholder for a value that is likely in the column.
func (b *builder) existing(c *column) string { return b.add(param{column: c, meets: true}) }

// fresh adds a placeholder for a value to write.
func (b *builder) fresh(c *column) string { return b.add(param{column: c}) }

// list adds a placeholder for an array of values that are likely in the column.
func (b *builder) list(c *column) string {
	return b.add(param{c, true, true}) + "::" + c.kind.cast() + "[]"
}

// freshList adds a placeholder for an array of values to write.
func (b *builder) freshList(c *column) string {
	return b.add(param{column: c, list: true}) + "::" + c.kind.cast() + "[]"
}

func (b *builder) add(p param) string {
	b.params = append(b.params, p)
	return fmt.Sprintf("$%d", len(b.params))
}

// types are the parameters' Go types.
func (b *builder) types() []string {
	list := make([]string, len(b.params))
	for i, p := range b.params {
		if list[i] = p.column.kind.goType; p.list {
			list[i] = "[]" + list[i]
		}
	}
	return list
}

// draw returns values for all placeholders; the turn makes sets differ.
func (b *builder) draw(turn int) []any {
	args := make([]any, len(b.params))
	for i, p := range b.params {
		if !p.list {
			args[i] = b.value(p, i, turn)
			continue
		}
		list := []any{}
		for range b.IntN(4) {
			list = append(list, b.value(p, i, turn))
		}
		args[i] = list
	}
	return args
}

// value returns one for the placeholder at a place.
func (b *builder) value(p param, place, turn int) any {
	known, written := p.column.values, p.column.written
	switch {
	case p.meets && len(written) > 0 && (turn > 3 || b.chance(0.1)):
		return pick(b.dice, written)
	case p.meets && len(known) > 0 && b.chance(0.85):
		if p.list {
			return pick(b.dice, known)
		}
		return known[(turn+place)%len(known)]
	case p.meets && b.chance(0.9):
		return pick(b.dice, p.column.kind.pool())
	case !p.column.notNull && b.chance(0.07):
		return nil
	}
	return pick(b.dice, p.column.domain)
}

// pinned picks a column that identifies rows, mostly.
func (b *builder) pinned(r *relation) *column {
	switch {
	case len(r.keys) > 0 && b.chance(0.75):
		return r.keys[0][0]
	case len(r.keys) > 0 && b.chance(0.4):
		return pick(b.dice, pick(b.dice, r.keys))
	case len(r.pins) > 0:
		return pick(b.dice, r.pins)
	}
	return pick(b.dice, r.columns)
}

// pin is a condition on the column with a placeholder: mostly equality, else
// something that looks like it.
func (b *builder) pin(ref string, c *column) string {
	if b.chance(0.12) {
		return b.oneOf(ref, c)
	}
	v := b.existing(c)
	cast := c.kind.cast()
	if b.chance(0.83) {
		return ref + " = " + v
	}
	return weighted(b.dice, []choice[func() string]{
		{6, func() string { return v + " = " + ref }},
		{4, func() string { return ref + " = " + v + "::" + cast }},
		{2, func() string { return ref + " IN (" + v + ")" }},
		{2, func() string { return ref + " IS NOT DISTINCT FROM " + v + "::" + cast }},
		{2, func() string { return "(" + ref + " = " + v + " OR " + ref + " = " + b.existing(c) + ")" }},
		{2, func() string { return "NOT (" + ref + " = " + v + ")" }},
		{2, func() string { return ref + "::text = " + v + "::" + cast + "::text" }},
		{2, func() string { return ref + " >= " + v }},
		{2, func() string { return "(" + ref + " = " + v + ") IS NOT FALSE" }},
		{2, func() string { return ref + " = coalesce(" + v + ", " + ref + ")" }},
		{2, func() string { return "(" + v + "::" + cast + " IS NULL OR " + ref + " = " + v + ")" }},
		{1, func() string { return ref + " = (SELECT " + v + "::" + cast + ")" }},
		{1, func() string { return "lower(" + ref + "::text) = " + v + "::text" }},
		{1, func() string { return "(" + ref + ", 1) = (" + v + ", 1)" }},
		{1, func() string { return "ROW(" + ref + ") IS NOT DISTINCT FROM ROW(" + v + "::" + cast + ")" }},
		{1, func() string { return "NOT (" + ref + " IS DISTINCT FROM " + v + ") AND true" }},
		{1, func() string { return ref + " BETWEEN " + v + " AND " + v }},
		{1, func() string { return "(" + ref + " = " + v + " AND " + ref + " IS NOT NULL)" }},
		{1, func() string { return "CASE WHEN " + ref + " = " + v + " THEN true END" }},
		{1, func() string { return "NULLIF(" + v + ", " + ref + ") IS NULL" }},
		{1, func() string { return ref + " = ANY(ARRAY[" + v + "::" + cast + "])" }},
	})()
}

// oneOf is a condition on the column with an array: mostly that it has one of its elements,
// else something that looks like it.
func (b *builder) oneOf(ref string, c *column) string {
	v := b.list(c)
	return weighted(b.dice, []choice[string]{
		{12, ref + " = ANY(" + v + ")"}, {3, ref + " IN (SELECT unnest(" + v + "))"}, {3, ref + " IN (SELECT x FROM unnest(" + v + ") x)"},
		{1, "EXISTS (SELECT FROM unnest(" + v + ") x WHERE x = " + ref + ")"}, {1, ref + " = ALL(" + v + ")"}, {1, ref + " <> ALL(" + v + ")"},
		{1, "NOT " + ref + " = ANY(" + v + ")"}, {1, "(cardinality(" + v + ") = 0 OR " + ref + " = ANY(" + v + "))"},
		{1, ref + " = ANY(array_append(" + v + ", (" + v + ")[1]))"}, {1, ref + "::text = ANY((" + v + ")::text[])"},
	})
}

// where is a condition on a relation known by prefix ("" or "a."): nothing, one
// pinned column, or several.
func (b *builder) where(r *relation, prefix string) string {
	if b.chance(0.09) {
		return "true"
	}
	c := b.pinned(r)
	s := b.pin(prefix+c.name, c)
	if b.chance(0.1) {
		d := pick(b.dice, r.columns)
		s += weighted(b.dice, []choice[string]{{4, " AND "}, {1, " OR "}}) + b.pin(prefix+d.name, d)
	}
	if b.chance(0.1) {
		d := pick(b.dice, r.columns)
		s = prefix + d.name + " IS NOT NULL AND " + s
	}
	return s
}
