package cacheproof

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// A block is four cells in two groups, and a mark. Each history has one of its own in each
// database. The cells of block b are those with id 4b to 4b+3, its groups 2b and 2b+1, and
// cell i is in group i/4*2 + i%2. A cell has two values, v and w.
const schema = `
	CREATE TABLE cells (id bigint PRIMARY KEY, grp bigint NOT NULL, v bigint NOT NULL DEFAULT 0, w bigint NOT NULL DEFAULT 0);
	CREATE TABLE marks (block bigint PRIMARY KEY, v bigint NOT NULL DEFAULT 0);`

const (
	cellsOf = 4
	markAt  = 2 * cellsOf
)

// image is the values of a block: v of its cells, then w of its cells, then v of its mark.
// What a statement does not return is 0.
type image [markAt + 1]int64

// places is a set of an image's places.
type places uint16

func (p places) has(i int) bool { return p>>i&1 == 1 }

// of returns the image without the other places.
func (p places) of(m image) image {
	for i := range m {
		if !p.has(i) {
			m[i] = 0
		}
	}
	return m
}

// put returns the image with the value at those places.
func (p places) put(m image, value int64) image {
	for i := range m {
		if p.has(i) {
			m[i] = value
		}
	}
	return m
}

// cells returns the ids of those places that are cells of the block.
func (p places) cells(block int64) (ids []int64) {
	for i := range int64(cellsOf) {
		if p.has(int(i)) || p.has(int(i)+cellsOf) {
			ids = append(ids, block*cellsOf+i)
		}
	}
	return ids
}

const (
	allCells places = 1<<cellsOf - 1 // of v
	allWide         = allCells << cellsOf
)

// reading is a statement that is cached, by one number: place is a cell or group of the
// block, from 0, or is not used.
type reading struct {
	stmt.Statement
	arg    func(block, place int64) int64
	args   func(arg int64) []any // nil: the number
	covers func(place int64) places
}

// values are those of the statement's placeholders.
func (r *reading) values(arg int64) []any {
	if r.args == nil {
		return []any{arg}
	}
	return r.args(arg)
}

func cellID(block, place int64) int64 { return block*cellsOf + place }

func groupID(cell int64) int64 { return cell/cellsOf*2 + cell%2 }

func groupOf(place int64) places { return 0b0101 << (place % 2) }

func oneCell(place int64) places { return 1 << place }

func halfID(block, place int64) int64 { return block*2 + place%2 }

// some are most of a block's cells; of every second half with more ids beside them than
// the cache looks at.
func some(half int64) []any {
	block := half / 2 * cellsOf
	if half%2 == 0 {
		return []any{[]int64{block, block + 1, block, block + 3}}
	}
	ids := []int64{block + 1, block + 2}
	for n := range int64(300) {
		ids = append(ids, -1-n)
	}
	return []any{ids}
}

func someOf(place int64) places { return [2]places{0b1011, 0b0110}[place%2] }

// readings are a row by its key, rows by another column, a table, a row beside rows of
// another table that nothing pins, rows by a list, a row by two columns, and all of that
// of the other value.
var readings = []*reading{
	{statement("cell", "SELECT id, v, 0::bigint, 0::bigint FROM cells WHERE id = $1", stmt.Effects{
		Reads: cells, ReadKeys: []stmt.RowKey{byID}, ReadColumns: columns("id", "v"),
	}), cellID, nil, oneCell},
	{statement("group", "SELECT id, v, 0::bigint, 0::bigint FROM cells WHERE grp = $1", stmt.Effects{
		Reads: cells, ReadKeys: []stmt.RowKey{byGroup}, ReadColumns: columns("grp", "id", "v"),
	}), halfID, nil, groupOf},
	{statement("block", "SELECT id, v, w, 0::bigint FROM cells WHERE id BETWEEN 4 * $1::bigint AND 4 * $1::bigint + 3", stmt.Effects{
		Reads: cells,
	}), func(block, _ int64) int64 { return block }, nil, func(int64) places { return allCells | allWide }},
	{statement("marked", "SELECT c.id, c.v, 0::bigint, m.v FROM cells c JOIN marks m ON m.block = c.id / 4 WHERE c.id = $1", stmt.Effects{
		Reads: []string{"cells", "marks"}, ReadKeys: []stmt.RowKey{byID}, ReadColumns: columns("id", "v"),
	}), cellID, nil, func(place int64) places { return 1<<place | 1<<markAt }},
	{statement("listed", "SELECT id, v, 0::bigint, 0::bigint FROM cells WHERE id = ANY($1::bigint[])", stmt.Effects{
		Reads: cells, ReadKeys: []stmt.RowKey{byIDs}, ReadColumns: columns("id", "v"),
	}), halfID, some, someOf},
	{statement("cellOfGroup", "SELECT id, v, w, 0::bigint FROM cells WHERE id = $1 AND grp = $2", stmt.Effects{
		Reads: cells, ReadKeys: []stmt.RowKey{{Relation: "cells", Column: "grp", Param: 2}, byID},
	}), cellID, func(id int64) []any { return []any{id, groupID(id)} }, func(place int64) places { return oneCell(place) | oneCell(place+cellsOf) }},
	{statement("wide", "SELECT id, 0::bigint, w, 0::bigint FROM cells WHERE id = $1", stmt.Effects{
		Reads: cells, ReadKeys: []stmt.RowKey{byID}, ReadColumns: columns("id", "w"),
	}), cellID, nil, func(place int64) places { return oneCell(place + cellsOf) }},
	{statement("wides", "SELECT id, 0::bigint, w, 0::bigint FROM cells WHERE id BETWEEN 2 * $1::bigint AND 2 * $1::bigint + 1", stmt.Effects{
		Reads: cells, ReadColumns: columns("id", "w"),
	}), halfID, nil, func(place int64) places { return 0b0011 << (place%2*2 + cellsOf) }},
}

var (
	cells   = []string{"cells"}
	byID    = stmt.RowKey{Relation: "cells", Column: "id", Param: 1}
	byIDs   = stmt.RowKey{Relation: "cells", Column: "id", Param: 1, Each: true}
	byGroup = stmt.RowKey{Relation: "cells", Column: "grp", Param: 1}
)

// columns are some of the cells.
func columns(names ...string) []stmt.Columns {
	return []stmt.Columns{{Relation: "cells", Names: names}}
}

func statement(name, sql string, e stmt.Effects) stmt.Statement {
	e.ReadOnly = true
	return stmt.Statement{Name: name, Command: ":many", SQL: "-- name: " + name + "\n" + sql, Effects: e}
}

// writing is a statement that writes a value into places of a block.
type writing struct {
	stmt.Statement
	args   func(block int64, at places, value int64) []any
	covers func(place int64, any places) places // of a random place, or random cells, perhaps none
	named  bool                                 // it returns the ids of the cells that it wrote
}

// writings pin the rows that they write by one column, by two, by a list, by what they
// return or not at all; they set one value, or both; they reach a table, or nothing is
// known of them.
var writings = []*writing{
	{write("putCell", "UPDATE cells SET v = $2 WHERE id = $1", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byID}, SetColumns: columns("v"),
	}), one, func(place int64, _ places) places { return oneCell(place) }, false},
	{write("putGroup", "UPDATE cells SET v = $2 WHERE grp = $1", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byGroup}, SetColumns: columns("v"),
	}), func(block int64, at places, value int64) []any { return []any{groupID(at.cells(block)[0]), value} },
		func(place int64, _ places) places { return groupOf(place) }, false},
	{write("putCellOfGroup", "UPDATE cells SET v = $3 WHERE id = $1 AND grp = $2", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byID, {Relation: "cells", Column: "grp", Param: 2}}, SetColumns: columns("v"),
	}), func(block int64, at places, value int64) []any {
		id := at.cells(block)[0]
		return []any{id, groupID(id), value}
	}, func(place int64, _ places) places { return oneCell(place) }, false},
	{write("putNamed", "UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[]) RETURNING id", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{{Relation: "cells", Column: "id", Result: 1}}, SetColumns: columns("v"),
	}), many, narrow, true},
	{write("putSome", "UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{Writes: cells}), many, narrow, false},
	{write("putEach", "UPDATE cells SET v = $2 WHERE id = ANY ($1::bigint[])", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byIDs}, SetColumns: columns("v"),
	}), many, narrow, false},
	{write("putWide", "UPDATE cells SET w = $2 WHERE id = $1", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byID}, SetColumns: columns("w"),
	}), one, func(place int64, _ places) places { return oneCell(place + cellsOf) }, false},
	{write("putWides", "UPDATE cells SET w = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byIDs}, SetColumns: columns("w"),
	}), many, func(_ int64, any places) places { return any << cellsOf }, false},
	{write("putBoth", "UPDATE cells SET v = $2, w = $2 WHERE id = $1", stmt.Effects{
		Writes: cells, WriteKeys: []stmt.RowKey{byID}, SetColumns: columns("v", "w"),
	}), one, func(place int64, _ places) places { return oneCell(place) | oneCell(place+cellsOf) }, false},
	{write("putMark", "UPDATE marks SET v = $2 WHERE block = $1", stmt.Effects{
		Writes: []string{"marks"}, WriteKeys: []stmt.RowKey{{Relation: "marks", Column: "block", Param: 1}},
	}), func(block int64, _ places, value int64) []any { return []any{block, value} },
		func(int64, places) places { return 1 << markAt }, false},
	{write("putBeyond", "WITH m AS (UPDATE marks SET v = $2 WHERE block = $3) UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{
		Writes: []string{"marks"}, Reaches: cells, SetColumns: columns("v"),
	}), marked, func(_ int64, any places) places { return any | 1<<markAt }, false},
	{write("putUnknown", "WITH m AS (UPDATE marks SET v = $2 WHERE block = $3) UPDATE cells SET v = $2, w = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{
		Anything: true, ReadsAnything: true,
	}), marked, func(_ int64, any places) places { return any | any<<cellsOf | 1<<markAt }, false},
}

func write(name, sql string, e stmt.Effects) stmt.Statement {
	return stmt.Statement{Name: name, Command: ":exec", SQL: "-- name: " + name + "\n" + sql, Effects: e}
}

func one(block int64, at places, value int64) []any { return []any{at.cells(block)[0], value} }

// many has one of the cells twice.
func many(block int64, at places, value int64) []any {
	ids := at.cells(block)
	return []any{append(ids, ids[:min(len(ids), 1)]...), value}
}

func narrow(_ int64, any places) places { return any }

func marked(block int64, at places, value int64) []any { return []any{at.cells(block), value, block} }

// registry is what db knows of the statements: all but those of which nothing is known.
func registry() *stmt.Registry {
	var known []stmt.Statement
	for _, r := range readings {
		known = append(known, r.Statement)
	}
	for _, w := range slices.Concat(writings, bumps) {
		if !w.Anything {
			known = append(known, w.Statement)
		}
	}
	return stmt.NewRegistry(nil, known...)
}

// change is one statement of a work.
type change struct {
	*writing
	at places
}

// work is statements that are committed together. All write the same value.
type work struct {
	block, value int64
	changes      []change
}

// covers are the places that the work writes.
func (w *work) covers() (all places) {
	for _, c := range w.changes {
		all |= c.at
	}
	return all
}

func (w *work) String() string {
	var names []string
	for _, c := range w.changes {
		names = append(names, fmt.Sprintf("%s %09b", c.Name, c.at))
	}
	return strings.Join(names, ", ")
}

// runs are what an Invalidator is notified of ahead of the work, before any row is known.
func (w *work) runs() []stmt.Run {
	runs := make([]stmt.Run, len(w.changes))
	for i, c := range w.changes {
		runs[i] = exec.NewRun(&c.Effects, c.args(w.block, c.at, w.value))
	}
	return runs
}

// returned notes in the runs what the statements returned.
func (w *work) returned(runs []stmt.Run) {
	for i, c := range w.changes {
		if !c.named {
			continue
		}
		runs[i].Rows = [][]any{}
		for _, id := range c.at.cells(w.block) {
			runs[i].Rows = append(runs[i].Rows, []any{id})
		}
	}
}
