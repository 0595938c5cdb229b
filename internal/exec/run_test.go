package exec_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestARunKeepsTheValuesOfItsKeys(t *testing.T) {
	t.Parallel()
	e := &stmt.Effects{Writes: []string{"t"}, WriteKeys: []stmt.RowKey{{Relation: "t", Column: "id", Param: 1}, {Relation: "t", Column: "name", Param: 3}}}
	read := func(column string, value any) stmt.Run {
		return stmt.Run{
			Effects: &stmt.Effects{Reads: []string{"t"}, ReadKeys: []stmt.RowKey{{Relation: "t", Column: column, Param: 1}}},
			Args:    []any{value},
		}
	}
	id, name := int64(7), []byte("a")
	args := []any{&id, "beside", name}
	run := exec.NewRun(e, args)
	id, name[0], args[0], args[2] = 8, 'b', int64(9), "c"
	if !run.Affects(read("id", int64(7))) || run.Affects(read("id", int64(8))) || run.Affects(read("id", int64(9))) {
		t.Error("the first key became another value with the caller's variable")
	}
	if !run.Affects(read("name", "a")) || run.Affects(read("name", "b")) {
		t.Error("the second key became another value with the caller's bytes")
	}
	if !exec.NewRun(e, []any{id}).Affects(read("name", "z")) || !exec.NewRun(e, []any{1.5, 0, name}).Affects(read("id", int64(7))) {
		t.Error("a key whose value is not known is taken for another one")
	}
}

func TestARunKeepsTheElementsOfItsLists(t *testing.T) {
	t.Parallel()
	key := []stmt.RowKey{{Relation: "t", Column: "id", Param: 1, Each: true}}
	e := &stmt.Effects{Writes: []string{"t"}, WriteKeys: key}
	read := func(ids ...int64) stmt.Run {
		return stmt.Run{Effects: &stmt.Effects{Reads: []string{"t"}, ReadKeys: key}, Args: []any{ids}}
	}
	ids, lots := []int64{7, 8}, make([]int64, 1000)
	run := exec.NewRun(e, []any{ids})
	ids[0] = 9
	if !run.Affects(read(7)) || run.Affects(read(9)) || !run.Affects(read(1, 8)) {
		t.Error("an element became another value with the caller's slice")
	}
	if !exec.NewRun(e, []any{lots}).Affects(read(7)) || !exec.NewRun(e, []any{[]float64{1}}).Affects(read(7)) {
		t.Error("a list whose elements are not known is taken for another one")
	}
	if exec.NewRun(e, []any{[]int64(nil)}).Affects(read(7)) || exec.NewRun(e, []any{[]string{}}).Affects(read(7)) {
		t.Error("a list without elements has some")
	}
}
