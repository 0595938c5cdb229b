package rowkey

import (
	"hash/maphash"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

type (
	uuidLike [16]byte
	named    string
	number   int64
)

func p[T any](v T) *T { return &v }

// equals are values by what they stand for in PostgreSQL.
var equals = [][]any{
	{int64(7), int32(7), int16(7), 7, p(int64(7)), p(int32(7)), p(int16(7)),
		pgtype.Int8{Int64: 7, Valid: true}, pgtype.Int4{Int32: 7, Valid: true}, pgtype.Int2{Int16: 7, Valid: true}},
	{int64(-1), int16(-1)},
	{int64(1)},
	{int64(0)},
	{"7", []byte("7"), p("7"), pgtype.Text{String: "7", Valid: true}},
	{"", []byte{}},
	{true, p(true), pgtype.Bool{Bool: true, Valid: true}},
	{false},
	{[16]byte{1}, uuidLike{1}, &uuidLike{1}, pgtype.UUID{Bytes: [16]byte{1}, Valid: true}},
	{[16]byte{}, uuidLike{}},
}

var nulls = []any{nil, []byte(nil), (*int64)(nil), (*int32)(nil), (*int16)(nil), (*string)(nil), (*bool)(nil), (*uuidLike)(nil),
	pgtype.Int8{}, pgtype.Int4{Int32: 7}, pgtype.Int2{}, pgtype.Text{String: "7"}, pgtype.Bool{Bool: true}, pgtype.UUID{Bytes: [16]byte{1}}}

var unknown = []any{1.5, named("7"), number(7), p(named("7")), struct{}{}, [4]byte{}, []int{7}, int8(7), uint32(7),
	pgtype.Float8{Float64: 7, Valid: true}, pgtype.Numeric{Valid: true}, pgtype.Uint32{Uint32: 7, Valid: true}, &pgtype.Int8{Int64: 7, Valid: true}}

func TestValuesDifferOnlyWhereTheyAreKnownTo(t *testing.T) {
	t.Parallel()
	for i, same := range equals {
		for _, a := range same {
			for j, others := range equals {
				for _, b := range others {
					if differ := Differ(a, b); differ != (i != j && KindOf(a) == KindOf(b)) {
						t.Errorf("%#v and %#v differ: %v", a, b, differ)
					}
				}
			}
			for _, null := range nulls {
				if !Differ(a, null) || !Differ(null, a) {
					t.Errorf("%#v and NULL do not differ", a)
				}
			}
			for _, b := range unknown {
				if Differ(a, b) || Differ(b, a) {
					t.Errorf("%#v and %#v differ", a, b)
				}
			}
		}
	}
	for _, a := range nulls {
		for _, b := range nulls {
			if Differ(a, b) {
				t.Errorf("%#v and %#v differ", a, b)
			}
		}
	}
}

func TestEqualValuesHaveOneHashAndUnequalOnesAsGoodAsNeverDo(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	seen := map[Kind]map[uint64]int{}
	for i, same := range equals {
		first, kind := Hash(seed, same[0])
		for _, v := range same {
			if hash, k := Hash(seed, v); hash != first || k != kind || KindOf(v) != kind {
				t.Errorf("%#v has hash %d and kind %d, %#v has %d and %d", v, hash, k, same[0], first, kind)
			}
		}
		if seen[kind] == nil {
			seen[kind] = map[uint64]int{}
		}
		if other, taken := seen[kind][first]; taken {
			t.Errorf("%#v has the hash of %#v", same[0], equals[other][0])
		}
		seen[kind][first] = i
	}
	for _, v := range unknown {
		if _, kind := Hash(seed, v); kind != Unknown {
			t.Errorf("%#v is of kind %d", v, kind)
		}
	}
}

// Ids that were given out one after the other are asked for at the same time.
func TestNumbersThatAreNearDoNotMeetInOneGroup(t *testing.T) {
	t.Parallel()
	const groups, near = 1024, 500
	group := func(n int64) uint64 {
		hash, _ := Hash(maphash.MakeSeed(), n)
		return hash % groups
	}
	for _, first := range []int64{-near, 0, 1 << 40} {
		for n := first; n < first+2000; n++ {
			for other := n + 1; other < n+near; other += 7 {
				if group(n) == group(other) {
					t.Fatalf("%d and %d are in one of %d groups", n, other, groups)
				}
			}
		}
	}
}

func TestACopyIsEqualAndSharesNothing(t *testing.T) {
	t.Parallel()
	bytes, id := []byte("7"), uuidLike{1}
	for _, v := range []any{bytes, &id, int64(7), "7", true, nil} {
		c, known := Copy(v)
		if !known || Differ(c, v) || KindOf(c) != KindOf(v) {
			t.Errorf("the copy of %#v is %#v, known %v", v, c, known)
		}
	}
	one, _ := Copy(bytes)
	two, _ := Copy(&id)
	bytes[0], id[0] = '8', 2
	if Differ(one, "7") || Differ(two, [16]byte{1}) {
		t.Errorf("the copies changed to %v and %v", one, two)
	}
	if _, known := Copy(1.5); known {
		t.Error("a value of no known kind was copied")
	}
}

// Not parallel: other goroutines' allocations would count.
func TestAHashAllocatesNothing(t *testing.T) {
	seed := maphash.MakeSeed()
	for _, v := range []any{int64(1000), int32(1000), "text", []byte("text"), true, [16]byte{1}, p(int64(7)), nil} {
		if n := testing.AllocsPerRun(100, func() { Hash(seed, v) }); n != 0 {
			t.Errorf("%v allocations for %T, want 0", n, v)
		}
	}
}
