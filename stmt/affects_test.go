package stmt_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestAWriteOfColumnsAffectsWhatReadsThem(t *testing.T) {
	t.Parallel()
	of := func(relation string, names ...string) stmt.Columns {
		return stmt.Columns{Relation: relation, Names: names}
	}
	read := func(c ...stmt.Columns) stmt.Run {
		return books(stmt.Effects{Reads: []string{"authors", "books"}, ReadColumns: c})
	}
	write := func(c ...stmt.Columns) stmt.Run {
		return books(stmt.Effects{Writes: []string{"books"}, Reaches: []string{"orders"}, SetColumns: c})
	}
	gone := stmt.Columns{Relation: "books", Rows: true}
	referred := stmt.Columns{Relation: "books", Names: []string{"id"}, Rows: true}
	locked := stmt.Effects{Locks: []string{"books"}, ReadColumns: []stmt.Columns{of("books", "id")}}
	for name, c := range map[string]struct {
		write, read stmt.Run
		want        bool
	}{
		"other columns":                                   {write(of("books", "price", "title")), read(of("books", "id", "isbn")), false},
		"a column of several":                             {write(of("books", "price", "title")), read(of("books", "id", "title")), true},
		"of a read that names none":                       {write(of("books", "price")), read(of("books")), false},
		"unknown columns read":                            {write(of("books", "price")), read(of("authors", "id")), true},
		"unknown columns set":                             {write(of("orders", "price")), read(of("books", "id")), true},
		"no columns known":                                {write(), read(), true},
		"rows that come or go":                            {write(gone), read(of("books")), true},
		"rows that come or go beside what refers to them": {write(gone), read(referred), false},
		"columns of what is referred to":                  {write(of("books", "id")), read(referred), true},
		"rows and columns of what is referred to":         {write(stmt.Columns{Relation: "books", Names: []string{"id"}, Rows: true}), read(referred), true},
		"of a relation that is locked":                    {write(of("books", "price")), books(locked), false},
		"unknown columns of one reached":                  {books(stmt.Effects{Writes: []string{"books"}, Reaches: []string{"authors"}, SetColumns: []stmt.Columns{of("books", "price")}}), read(of("authors", "id"), of("books", "id")), true},
		"anything beside":                                 {books(stmt.Effects{Anything: true, SetColumns: []stmt.Columns{of("books", "price")}}), read(of("books", "id")), true},
		"of a read that may read anything":                {write(of("books", "price")), books(stmt.Effects{ReadsAnything: true, ReadColumns: []stmt.Columns{of("books", "id")}}), true},
	} {
		if got := c.write.Affects(c.read); got != c.want {
			t.Errorf("%s: Affects = %v, want %v", name, got, c.want)
		}
	}
}

func TestAKeyOfAListIsAnyOfItsElements(t *testing.T) {
	t.Parallel()
	key := func(each bool) []stmt.RowKey {
		return []stmt.RowKey{{Relation: "books", Column: "id", Param: 1, Each: each}}
	}
	read := func(each bool, arg any) stmt.Run {
		return books(stmt.Effects{Reads: []string{"books"}, ReadKeys: key(each)}, arg)
	}
	write := func(each bool, arg any) stmt.Run {
		return books(stmt.Effects{Writes: []string{"books"}, WriteKeys: key(each)}, arg)
	}
	told := stmt.Run{Effects: &stmt.Effects{Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "books", Column: "id", Result: 1}}}, Rows: [][]any{{int64(5)}, {int64(6)}}}
	seven := int64(7)
	for name, c := range map[string]struct {
		write, read stmt.Run
		want        bool
	}{
		"a row of the list read":         {write(false, 6), read(true, []int64{5, 6}), true},
		"a row beside the list read":     {write(false, 7), read(true, []int64{5, 6}), false},
		"a list with the row":            {write(true, []int32{5, 6}), read(false, 6), true},
		"a list without the row":         {write(true, []int32{5, 6}), read(false, 7), false},
		"lists that meet":                {write(true, []int64{7, 6}), read(true, []int64{5, 6}), true},
		"lists that do not meet":         {write(true, []int64{7, 8}), read(true, []int64{5, 6}), false},
		"an empty list":                  {write(true, []int64{}), read(false, 6), false},
		"no list":                        {write(true, []int64(nil)), read(false, 6), false},
		"NULL for a list":                {write(true, nil), read(true, []int64{6}), false},
		"NULL in both lists":             {write(true, []*int64{nil}), read(true, []*int64{nil, &seven}), false},
		"pointers":                       {write(true, []*int64{nil, &seven}), read(true, []int64{7}), true},
		"UUIDs":                          {write(true, []uuid{{1}, {2}}), read(false, uuid{3}), false},
		"a returned row of the list":     {told, read(true, []int64{4, 6}), true},
		"returned rows beside the list":  {told, read(true, []int64{4, 7}), false},
		"a list of an unknown kind":      {write(true, []float64{5}), read(false, 6), true},
		"a list of another kind":         {write(true, []string{"5"}), read(false, 6), true},
		"a list with one unknown":        {write(true, []any{int64(5), 5.5}), read(false, 6), true},
		"a list in the text of an array": {write(true, "{5,6}"), read(false, "7"), true},
		"bytes for a list":               {write(true, []byte("{5}")), read(false, "7"), true},
		"a list without its key":         {write(false, []int64{5}), read(false, 6), true},
		"an empty list, and any row":     {write(true, []int64{}), books(stmt.Effects{Reads: []string{"books"}}, 6), true},
		"any row, and an empty list":     {books(stmt.Effects{Writes: []string{"books"}}, 6), read(true, []int64{}), false},
		"a list, and any row":            {write(true, []int64{5}), books(stmt.Effects{Reads: []string{"books"}}, 6), true},
		"another relation's empty list": {
			books(stmt.Effects{Writes: []string{"authors", "books"}, WriteKeys: []stmt.RowKey{{Relation: "authors", Column: "id", Param: 1, Each: true}}}, []int64{}), read(false, 6), true},
	} {
		if got := c.write.Affects(c.read); got != c.want {
			t.Errorf("%s: Affects = %v, want %v", name, got, c.want)
		}
	}
}

// books reads or writes the relation books, pinned on id by $1.
func books(e stmt.Effects, args ...any) stmt.Run { return stmt.Run{Effects: &e, Args: args} }

type (
	uuid [16]byte
	mood string
)

func TestAWriteAffectsWhatTheReadDependsOn(t *testing.T) {
	t.Parallel()
	byID := []stmt.RowKey{{Relation: "books", Column: "id", Param: 1}}
	told := []stmt.RowKey{{Relation: "books", Column: "id", Result: 2}}
	read := func(args ...any) stmt.Run {
		return books(stmt.Effects{Reads: []string{"authors", "books"}, ReadKeys: byID}, args...)
	}
	write := func(args ...any) stmt.Run {
		return books(stmt.Effects{Writes: []string{"books"}, WriteKeys: byID}, args...)
	}
	returned := func(rows [][]any) stmt.Run {
		return stmt.Run{Effects: &stmt.Effects{Writes: []string{"books"}, WriteKeys: told}, Rows: rows}
	}
	five, six := int64(5), int32(6)
	for name, c := range map[string]struct {
		write, read stmt.Run
		want        bool
	}{
		"another relation":                 {books(stmt.Effects{Writes: []string{"orders"}}), read(5), false},
		"the relation, without a key":      {books(stmt.Effects{Writes: []string{"books"}}), read(5), true},
		"a relation reached by a cascade":  {books(stmt.Effects{Writes: []string{"orders"}, Reaches: []string{"books"}}), read(5), true},
		"a relation whose rows are locked": {write(5), books(stmt.Effects{Locks: []string{"books"}}), true},
		"an unpinned read":                 {write(5), books(stmt.Effects{Reads: []string{"books"}}), true},
		"the same row":                     {write(int64(5)), read(int32(5)), true},
		"another row":                      {write(5), read(int16(6)), false},
		"another row, told by pointers":    {write(&five), read(&six), false},
		"the same row, told by a pointer":  {write(&five), read(5), true},
		"NULL and a value":                 {write(nil), read(5), false},
		"NULL and NULL":                    {write((*int64)(nil)), read(nil), true},
		"values of different kinds":        {write("5"), read(5), true},
		"values of an unknown kind":        {write(5.0), read(6.0), true},
		"another UUID":                     {write(uuid{1}), read(&uuid{2}), false},
		"the same UUID":                    {write(uuid{1}), read([16]byte{1}), true},
		"no UUID":                          {write((*uuid)(nil)), read(uuid{1}), false},
		"a name for text":                  {write(mood("glad")), read(mood("sad")), true},
		"a missing argument":               {write(), read(5), true},
		"other text":                       {write([]byte("a")), read("b"), false},
		"another row of a keyed and another relation": {
			books(stmt.Effects{Writes: []string{"authors", "books"}, WriteKeys: byID}, 5), read(6), true},
		"a key on another column": {
			books(stmt.Effects{Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "books", Column: "isbn", Param: 1}}}, 5), read(6), true},
		"a key on another relation": {
			books(stmt.Effects{Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "authors", Column: "id", Param: 1}}}, 5), read(6), true},
		"no returned row is the read one":   {returned([][]any{{"x", 6}, {"y", 7}}), read(5), false},
		"a returned row is the read one":    {returned([][]any{{"x", 6}, {"y", 5}}), read(5), true},
		"no row was returned":               {returned([][]any{}), read(5), false},
		"nobody looked at what returned":    {returned(nil), read(5), true},
		"a returned row without the column": {returned([][]any{{"x"}}), read(5), true},
		"anything is written":               {books(stmt.Effects{Anything: true}), books(stmt.Effects{}), true},
		"anything is read":                  {books(stmt.Effects{Writes: []string{"orders"}}), books(stmt.Effects{ReadsAnything: true}), true},
		"anything is read, nothing written": {books(stmt.Effects{}), books(stmt.Effects{ReadsAnything: true}), false},
	} {
		if got := c.write.Affects(c.read); got != c.want {
			t.Errorf("%s: Affects = %v, want %v", name, got, c.want)
		}
	}
}
