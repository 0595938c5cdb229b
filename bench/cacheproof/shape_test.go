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
// cell i is in group i/4*2 + i%2.
const schema = `
	CREATE TABLE cells (id bigint PRIMARY KEY, grp bigint NOT NULL, v bigint NOT NULL DEFAULT 0);
	CREATE TABLE marks (block bigint PRIMARY KEY, v bigint NOT NULL DEFAULT 0);`

const (
	cellsOf = 4
	markAt  = cellsOf
)

// image is the values of a block: those of its cells, then that of its mark. What a
// statement does not return is 0.
type image [cellsOf + 1]int64

// places is a set of an image's places.
type places uint8

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
		if p.has(int(i)) {
			ids = append(ids, block*cellsOf+i)
		}
	}
	return ids
}

const allCells places = 1<<cellsOf - 1

// reading is a statement that is cached. It has one argument: place is a cell or group of
// the block, from 0, or is not used.
type reading struct {
	stmt.Statement
	arg    func(block, place int64) int64
	covers func(place int64) places
}

func cellID(block, place int64) int64 { return block*cellsOf + place }

func groupOf(place int64) places { return 0b0101 << (place % 2) }

// readings are a row by its key, rows by another column, a table, and a row beside rows of
// another table that nothing pins.
var readings = []*reading{
	{statement("cell", "SELECT id, v, 0::bigint FROM cells WHERE id = $1", stmt.Effects{
		Reads: []string{"cells"}, ReadKeys: []stmt.RowKey{byID},
	}), cellID, func(place int64) places { return 1 << place }},
	{statement("group", "SELECT id, v, 0::bigint FROM cells WHERE grp = $1", stmt.Effects{
		Reads: []string{"cells"}, ReadKeys: []stmt.RowKey{byGroup},
	}), func(block, place int64) int64 { return block*2 + place%2 }, groupOf},
	{statement("block", "SELECT id, v, 0::bigint FROM cells WHERE id BETWEEN 4 * $1::bigint AND 4 * $1::bigint + 3", stmt.Effects{
		Reads: []string{"cells"},
	}), func(block, _ int64) int64 { return block }, func(int64) places { return allCells }},
	{statement("marked", "SELECT c.id, c.v, m.v FROM cells c JOIN marks m ON m.block = c.id / 4 WHERE c.id = $1", stmt.Effects{
		Reads: []string{"cells", "marks"}, ReadKeys: []stmt.RowKey{byID},
	}), cellID, func(place int64) places { return 1<<place | 1<<markAt }},
}

var (
	byID    = stmt.RowKey{Relation: "cells", Column: "id", Param: 1}
	byGroup = stmt.RowKey{Relation: "cells", Column: "grp", Param: 1}
)

func statement(name, sql string, e stmt.Effects) stmt.Statement {
	e.ReadOnly = true
	return stmt.Statement{Name: name, Command: ":many", SQL: "-- name: " + name + "\n" + sql, Effects: e}
}

// writing is a statement that writes a value into places of a block.
type writing struct {
	stmt.Statement
	args   func(block int64, at places, value int64) []any
	covers func(place int64, any places) places // of a random place, or random places
	named  bool                                 // it returns the ids of the cells that it wrote
}

// writings pin the rows that they write by one column, by two, by what they return or not
// at all; they reach a table, or nothing is known of them.
var writings = []*writing{
	{write("putCell", "UPDATE cells SET v = $2 WHERE id = $1", stmt.Effects{Writes: []string{"cells"}, WriteKeys: []stmt.RowKey{byID}}),
		func(block int64, at places, value int64) []any { return []any{at.cells(block)[0], value} },
		func(place int64, _ places) places { return 1 << place }, false},
	{write("putGroup", "UPDATE cells SET v = $2 WHERE grp = $1", stmt.Effects{Writes: []string{"cells"}, WriteKeys: []stmt.RowKey{byGroup}}),
		func(block int64, at places, value int64) []any { return []any{block*2 + at.cells(block)[0]%2, value} },
		func(place int64, _ places) places { return groupOf(place) }, false},
	{write("putCellOfGroup", "UPDATE cells SET v = $3 WHERE id = $1 AND grp = $2", stmt.Effects{
		Writes: []string{"cells"}, WriteKeys: []stmt.RowKey{byID, {Relation: "cells", Column: "grp", Param: 2}},
	}), func(block int64, at places, value int64) []any {
		id := at.cells(block)[0]
		return []any{id, block*2 + id%2, value}
	}, func(place int64, _ places) places { return 1 << place }, false},
	{write("putNamed", "UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[]) RETURNING id", stmt.Effects{
		Writes: []string{"cells"}, WriteKeys: []stmt.RowKey{{Relation: "cells", Column: "id", Result: 1}},
	}), many, func(_ int64, any places) places { return any & allCells }, true},
	{write("putSome", "UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{Writes: []string{"cells"}}),
		many, func(_ int64, any places) places { return any & allCells }, false},
	{write("putMark", "UPDATE marks SET v = $2 WHERE block = $1", stmt.Effects{
		Writes: []string{"marks"}, WriteKeys: []stmt.RowKey{{Relation: "marks", Column: "block", Param: 1}},
	}), func(block int64, _ places, value int64) []any { return []any{block, value} },
		func(int64, places) places { return 1 << markAt }, false},
	{write("putBeyond", "WITH m AS (UPDATE marks SET v = $2 WHERE block = $3) UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{
		Writes: []string{"marks"}, Reaches: []string{"cells"},
	}), marked, func(_ int64, any places) places { return any&allCells | 1<<markAt }, false},
	{write("putUnknown", "WITH m AS (UPDATE marks SET v = $2 WHERE block = $3) UPDATE cells SET v = $2 WHERE id = ANY($1::bigint[])", stmt.Effects{
		Anything: true, ReadsAnything: true,
	}), marked, func(_ int64, any places) places { return any&allCells | 1<<markAt }, false},
}

func write(name, sql string, e stmt.Effects) stmt.Statement {
	return stmt.Statement{Name: name, Command: ":exec", SQL: "-- name: " + name + "\n" + sql, Effects: e}
}

func many(block int64, at places, value int64) []any { return []any{at.cells(block), value} }

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
		names = append(names, fmt.Sprintf("%s %05b", c.Name, c.at))
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
