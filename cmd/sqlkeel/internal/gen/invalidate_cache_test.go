package gen_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// anyDatabase lets everything be cached.
type anyDatabase struct{}

func (anyDatabase) CachedBy(context.Context, stmt.Invalidator) (target, why string) { return "t", "" }

// effects are those that inspect prints of a statement.
func effects(i gen.Inspected) stmt.Effects {
	e := stmt.Effects{Reads: i.Reads, Writes: i.Writes, Locks: i.Locks, Reaches: i.Effects, ReadOnly: i.ReadOnly, NotCacheable: i.WhyNot, Anything: i.Flushes != ""}
	for _, k := range i.RowKeys {
		key := stmt.RowKey{Relation: k.Relation, Column: k.Column, Param: k.Param, Result: k.Result, Each: k.Each}
		if k.For == "read" {
			e.ReadKeys = append(e.ReadKeys, key)
		} else {
			e.WriteKeys = append(e.WriteKeys, key)
		}
	}
	for _, c := range i.Columns {
		columns := stmt.Columns{Relation: c.Relation, Names: c.Columns, Rows: c.Rows}
		if c.For == "read" {
			e.ReadColumns = append(e.ReadColumns, columns)
		} else {
			e.SetColumns = append(e.SetColumns, columns)
		}
	}
	return e
}

// survives reports whether a result that was read with other values is still served
// after a write.
func survives(t *testing.T, read, write stmt.Effects) bool {
	t.Helper()
	c, err := cache.New(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	values := func(n int64) []any { return slices.Repeat([]any{n}, 20) }
	loads := 0
	q := cache.NewQuery(c, anyDatabase{}, func(context.Context, int64) (int, error) { loads++; return loads, nil }, &cache.QueryConfig[int64, int64, int]{
		Statement: &stmt.Statement{Name: "Read", SQL: "read", Effects: read}, TTL: time.Hour,
		Key: func(n int64) int64 { return n }, Args: values,
	})
	ask := func() {
		if _, err := q.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if ask(); loads != 1 {
		t.Fatalf("%d loads before the write", loads)
	}
	run := exec.NewRun(&write, values(2))
	run.Rows = [][]any{values(2)}
	c.BeforeWrite("t", []stmt.Run{run})
	c.AfterWrite("t", []stmt.Run{run}, stmt.Committed)
	ask()
	return loads == 1
}

func TestInspectSaysOfAWriteWhatTheCacheDoes(t *testing.T) {
	t.Parallel()
	const file = "queries/books.sql"
	projects := []map[string]gen.Inspected{cachedShop(t),
		cachedShop(t, [3]string{file, "-- name: AddAuthor :one\n", "-- name: AddAuthor :one\n-- @opaque its table is a library's\n"})}
	bookstore, err := gen.Inspect(t.Context(), options(t, repository))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]gen.Inspected{}
	for _, s := range bookstore.Statements {
		byName[s.Name] = s
	}
	tally := map[string]int{}
	for _, all := range append(projects, byName) {
		for _, read := range all {
			if read.Cached == "" {
				continue
			}
			for _, write := range all {
				want := said(read, write)
				tally[want]++
				if got := survives(t, effects(read), effects(write)); got != (want != "all") {
					t.Errorf("%s after %s of others: served %t, and inspect says %s", read.Name, write.Name, got, want)
				}
			}
		}
	}
	if tally["all"] < 10 || tally["rows"] < 3 || tally["none"] < 10 {
		t.Errorf("too little was compared: %v", tally)
	}
}

// said returns what inspect says of the results of a statement after a write.
func said(read, write gen.Inspected) string {
	want := "none"
	for _, i := range write.Invalidates {
		if i.Statement == read.Name && i.Column == "" {
			return "all"
		} else if i.Statement == read.Name {
			want = "rows"
		}
	}
	if write.Flushes != "" {
		return "all"
	}
	if dropped := slices.ContainsFunc(read.DroppedBy, func(w gen.Writer) bool { return w.Statement == write.Name }); dropped {
		return fmt.Sprintf("%s, and that it drops all", want)
	}
	return want
}
