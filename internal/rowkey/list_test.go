package rowkey

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

// lists are arrays by the elements that they have in PostgreSQL, without NULLs.
var lists = []struct {
	want   List
	arrays []any
}{
	{List{int64(7), int64(-1)}, []any{
		[]int64{7, -1}, []int32{7, -1}, []int16{7, -1}, []int{7, -1}, []*int64{p(int64(7)), nil, p(int64(-1))},
		[]pgtype.Int8{{Int64: 7, Valid: true}, {}, {Int64: -1, Valid: true}}, pgtype.FlatArray[int64]{7, -1},
		pgtype.Array[int64]{Elements: []int64{7, -1}, Valid: true}, []any{int64(7), nil, int16(-1)}, List{int64(7), int64(-1)},
	}},
	{List{"7", ""}, []any{[]string{"7", ""}, []*string{p("7"), p("")}, [][]byte{[]byte("7"), nil, {}}, []pgtype.Text{{String: "7", Valid: true}, {Valid: true}}}},
	{List{true}, []any{[]bool{true}}},
	{List{[16]byte{1}}, []any{[][16]byte{{1}}, []uuidLike{{1}}, []*uuidLike{nil, {1}}, []pgtype.UUID{{Bytes: [16]byte{1}, Valid: true}}}},
	{List{}, []any{nil, []int64(nil), []int64{}, []*int64{nil}, []string(nil), []pgtype.Int8{{}}, pgtype.Array[int64]{Elements: []int64{7}}}},
}

func TestAnArrayHasTheElementsThatPostgreSQLCompares(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		for _, v := range l.arrays {
			if got, known := Elements(v); !known || !slices.Equal(got, l.want) {
				t.Errorf("%#v has the elements %#v, known %v, want %#v", v, got, known, l.want)
			}
		}
	}
}

// A type with a name may have an encoding of its own.
func TestAnArrayIsUnknownWithAnElementThatIs(t *testing.T) {
	t.Parallel()
	type ids []int64
	type at struct{ Elements []int64 }
	for _, v := range []any{
		7, "7", []byte("7"), ids{7}, at{[]int64{7}}, []named{"7"}, []float64{7}, []any{int64(7), "7"}, []any{int64(7), 7.0},
		[][]int64{{7}}, [1]int64{7}, &[]int64{7}, map[int]int64{}, make([]int64, MaxElements+1), make([]*int64, MaxElements+1),
	} {
		if got, known := Elements(v); known {
			t.Errorf("%#v has the elements %#v", v, got)
		}
	}
	if got, known := Elements(make([]int64, MaxElements)); !known || len(got) != MaxElements {
		t.Errorf("%d elements, known %v, want %d", len(got), known, MaxElements)
	}
}

func TestElementsShareNothingWithTheirArray(t *testing.T) {
	t.Parallel()
	numbers, bytes, id := []int64{7}, [][]byte{[]byte("7")}, []*uuidLike{{1}}
	one, _ := Elements(numbers)
	two, _ := Elements(bytes)
	three, _ := Elements(id)
	numbers[0], bytes[0][0], id[0][0] = 8, '8', 2
	if Differ(one[0], 7) || Differ(two[0], "7") || Differ(three[0], uuidLike{1}) {
		t.Errorf("the elements changed to %v, %v and %v", one, two, three)
	}
}
