package cache

import (
	"hash/maphash"
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/rowkey"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// stripes is how many slots the rows of a table share, or the keys of a view. They are
// kept dense: 8 share a cache line, and all of them fit into 8 KiB.
const stripes = 1024

// scope is what some results depend on of a table: the rows that there are, with some of
// their columns. They may be pinned by another.
type scope struct {
	all     bool        // of the columns, as they are not known
	columns []string    // else these, sorted
	beside  bool        // rows that come or go change nothing by themselves
	key     string      // the column that pins the rows; empty: all rows
	kind    rowkey.Kind // of its values
}

func (s scope) same(o scope) bool {
	return s.key == o.key && s.kind == o.kind && s.all == o.all && s.beside == o.beside && slices.Equal(s.columns, o.columns)
}

// scopeClocks are those of a scope. A write moves the slots of the values that it wrote,
// where they are known, and else the one for rows that are not known.
type scopeClocks struct {
	scope
	table *tableClocks
	rest  line // writes of rows that are not known
	seed  maphash.Seed
	rows  *[stripes]slot // nil without a key
}

func newScope(t *tableClocks, s scope) *scopeClocks {
	c := &scopeClocks{scope: s, table: t}
	if s.key != "" {
		c.seed, c.rows = maphash.MakeSeed(), new([stripes]slot)
	}
	return c
}

// slots are those that a result of rows with these values depends on.
func (c *scopeClocks) slots(values rowkey.List) slots {
	all := append(make(slots, 0, 1+len(values)), &c.rest.slot)
	for _, v := range values {
		all = append(all, c.row(v))
	}
	return all
}

// row returns the slot of a value, or nil when it is of another kind.
func (c *scopeClocks) row(value any) *slot {
	hash, kind := rowkey.Hash(c.seed, value)
	if kind != c.kind && kind != rowkey.Null {
		return nil
	}
	return &c.rows[hash%stripes]
}

// write takes the slots of the rows that are written a step further. What rows a write
// returned is known only when it has ended. Its fence is that of all rows until then.
func (c *scopeClocks) write(w *stmt.Run, relation string, to step) {
	told := false // by a result
	for _, k := range w.WriteKeys {
		if k.Relation != relation || k.Column != c.key {
			continue
		}
		if k.Param == 0 {
			told = told || to == ending && c.moveRows(w.Rows, k.Result)
			continue
		}
		if k.Param <= len(w.Args) && c.stepRows(w.Args[k.Param-1], k.Each, to) {
			return
		}
	}
	if told {
		to = lowering
	}
	c.rest.step(to)
}

// stepRows takes the slot of a value a step further, or those of all elements of an array.
// It reports whether they are known.
func (c *scopeClocks) stepRows(value any, each bool, to step) bool {
	if !each {
		s := c.row(value)
		if s != nil {
			s.step(to)
		}
		return s != nil
	}
	list, known := rowkey.Elements(value)
	if !known || len(list) > 0 && c.row(list[0]) == nil { // all are of one kind
		return false
	}
	for _, v := range list {
		c.row(v).step(to)
	}
	return true
}

// moveRows makes old what was read of the rows that a write returned. It reports whether
// all of them are known.
func (c *scopeClocks) moveRows(rows [][]any, result int) bool {
	if rows == nil {
		return false
	}
	for _, row := range rows {
		if result > len(row) || c.row(row[result-1]) == nil {
			return false
		}
	}
	for _, row := range rows {
		c.row(row[result-1]).move()
	}
	return true
}

// columnsOf returns what is known of the columns of a relation, and whether that is anything.
func columnsOf(list []stmt.Columns, relation string) (of stmt.Columns, known bool) {
	for i := range list {
		if list[i].Relation == relation {
			return list[i], true
		}
	}
	return of, false
}

// valuesOf returns those by which a key pins rows. An array without elements pins none.
func valuesOf(k stmt.RowKey, args []any) (values rowkey.List, known bool) {
	if k.Param < 1 || k.Param > len(args) {
		return nil, false
	}
	value := args[k.Param-1]
	if k.Each {
		return rowkey.Elements(value)
	}
	kind := rowkey.KindOf(value)
	return rowkey.List{value}, kind != rowkey.Unknown && kind != rowkey.Null
}
