package rows

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// assume is what is known of the arguments in a variant.
func (s *subject) assume(m generated.Mask) fold.Assumption {
	a, bit := fold.Assumption{}, generated.Mask(1)
	for _, c := range s.plan.Params {
		is := fold.State{Not: c.Values}
		for _, v := range c.Values {
			if m&bit != 0 {
				is = fold.State{Is: &v}
			}
			bit <<= 1
		}
		a[c.Param] = is
	}
	return a
}

// drawer draws the arguments of one statement: the values of one row of each table that it
// touches, where names are alike, so that several conditions may hold at once.
type drawer struct {
	*pool
	*subject
	tables []*table
	rows   [][]*string
}

func (p *pool) drawer(s *subject, tables map[string]*table) *drawer {
	d := &drawer{pool: p, subject: s}
	for _, list := range [][]string{s.result.Reads, s.result.Writes} {
		for _, name := range list {
			if of := tables[name]; of != nil && len(of.rows) > 0 && !slices.Contains(d.tables, of) {
				d.tables = append(d.tables, of)
			}
		}
	}
	return d
}

// arguments draws those of a variant, as texts; nil is NULL.
func (d *drawer) arguments(m generated.Mask) [][]byte {
	d.rows = nil
	for _, of := range d.tables {
		n := len(of.rows)
		if d.rng.IntN(3) > 0 {
			n = min(n, 6) // to which others refer
		}
		d.rows = append(d.rows, of.rows[d.rng.IntN(n)])
	}
	states := d.assume(m)
	args := make([][]byte, len(d.result.Params))
	for i := range args {
		state, chooses := states[i+1]
		switch {
		case chooses && state.Is != nil:
			args[i] = written(*state.Is)
		case chooses:
			args[i] = d.other(i, state.Not)
		default:
			args[i] = d.draw(i)
		}
	}
	return args
}

// written is a value as a text.
func written(v generated.Value) []byte {
	switch v.Kind {
	case generated.Null:
		return nil
	case generated.Empty:
		return []byte("{}")
	case generated.String:
		return []byte(v.Text)
	}
	return []byte(v.String())
}

// other draws an argument that is not NULL and none of some values.
func (d *drawer) other(i int, not []generated.Value) []byte {
	for range 50 {
		text := d.draw(i)
		if text != nil && !slices.ContainsFunc(not, func(v generated.Value) bool { return v.Kind != generated.Null && string(written(v)) == string(text) }) {
			return text
		}
	}
	for k := range 1000 { // it has that value for rows of no table
		if text, ok := d.value(d.result.Params[i].OID, "", 0, k+1); ok && !slices.ContainsFunc(not, func(v generated.Value) bool { return v.Kind != generated.Null && string(written(v)) == text }) {
			return []byte(text)
		}
	}
	return nil
}

var (
	counts  = regexp.MustCompile(`(?i)limit|max_?rows|page_?size|count|first|take|size`)
	offsets = regexp.MustCompile(`(?i)offset|skip`)
)

// limit tells whether a parameter seems to be that of LIMIT or OFFSET.
func (d *drawer) limit(i int) (count, offset bool) {
	y, name := d.types[d.result.Params[i].OID], plain(d.Params[i].Name)
	number := y != nil && strings.HasPrefix(y.name, "int") && len(y.name) == 4
	offset = number && offsets.MatchString(name)
	return number && !offset && counts.MatchString(name), offset
}

// unlimited are arguments with which a statement returns all rows.
func (d *drawer) unlimited(args [][]byte) [][]byte {
	args = slices.Clone(args)
	for i := range args {
		switch count, offset := d.limit(i); {
		case count:
			args[i] = []byte("30000")
		case offset:
			args[i] = []byte("0")
		}
	}
	return args
}

// draw draws any argument.
func (d *drawer) draw(i int) []byte {
	of, name := d.result.Params[i], plain(d.Params[i].Name)
	switch count, offset := d.limit(i); {
	case offset:
		return []byte(strconv.Itoa(d.rng.IntN(3)))
	case count:
		return []byte(strconv.Itoa(1 + d.rng.IntN(60)))
	}
	y := d.types[of.OID]
	if y != nil && y.elem != 0 {
		if one := d.cell(y.elem, strings.TrimSuffix(name, "s")); one != nil {
			list := []string{quoted(*one)}
			for range d.rng.IntN(3) {
				if v, ok := d.value(y.elem, strings.TrimSuffix(name, "s"), 0, d.rng.IntN(6)); ok {
					list = append(list, quoted(v))
				}
			}
			return []byte("{" + strings.Join(list, ",") + "}")
		}
	}
	if d.rng.IntN(8) > 0 {
		if v := d.cell(of.OID, name); v != nil {
			return []byte(*v)
		}
	}
	if v, ok := d.value(of.OID, name, 0, d.rng.IntN(6)); ok {
		return []byte(v)
	}
	return nil
}

// cell finds a value of a type in the rows: that of a column whose name is alike, if there
// is one, or of any.
func (d *drawer) cell(typ uint32, name string) *string {
	var best, any []*string
	for i, of := range d.tables {
		for j, c := range of.columns {
			v := d.rows[i][j]
			if v == nil || d.base(c.typ) != d.base(typ) {
				continue
			}
			any = append(any, v)
			if short := plain(c.name); short == name || strings.HasSuffix(name, short) || strings.HasSuffix(name, strings.TrimSuffix(of.name, "s")+short) {
				best = append(best, v)
			}
		}
	}
	if len(best) == 0 || d.rng.IntN(8) == 0 {
		best = any
	}
	if len(best) == 0 {
		return nil
	}
	return best[d.rng.IntN(len(best))]
}

// base is the type behind domains; texts are one type.
func (p *pool) base(oid uint32) uint32 {
	for p.types[oid] != nil && p.types[oid].base != 0 {
		oid = p.types[oid].base
	}
	if y := p.types[oid]; y != nil && (y.name == "varchar" || y.name == "bpchar" || y.name == "citext") {
		return 25
	}
	return oid
}

// plain is a name in small letters alone.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
