package emit

import (
	"database/sql"
	"encoding/json"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/rowkey"
)

// real are the types that are defined here, of which T is bool. Those of gofrs's UUIDs
// are no dependency; they are what google's are.
var real = map[string][]reflect.Type{
	"time":          {reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration]()},
	"math/big":      {reflect.TypeFor[big.Int]()},
	"net/netip":     {reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix]()},
	"net":           {reflect.TypeFor[net.HardwareAddr](), reflect.TypeFor[net.IP]()},
	"encoding/json": {reflect.TypeFor[json.RawMessage](), reflect.TypeFor[json.Number]()},
	googleUUID:      {reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuid.NullUUID]()},
	"database/sql": {reflect.TypeFor[sql.NullBool](), reflect.TypeFor[sql.NullByte](), reflect.TypeFor[sql.NullFloat64](), reflect.TypeFor[sql.NullInt16](),
		reflect.TypeFor[sql.NullInt32](), reflect.TypeFor[sql.NullInt64](), reflect.TypeFor[sql.NullString](), reflect.TypeFor[sql.NullTime](), reflect.TypeFor[sql.Null[bool]]()},
	pgtypePath: {reflect.TypeFor[pgtype.InfinityModifier](), reflect.TypeFor[pgtype.BoundType](), reflect.TypeFor[pgtype.Array[bool]](),
		reflect.TypeFor[pgtype.ArrayDimension](), reflect.TypeFor[pgtype.Bits](), reflect.TypeFor[pgtype.Bool](), reflect.TypeFor[pgtype.Box](),
		reflect.TypeFor[pgtype.Circle](), reflect.TypeFor[pgtype.Date](), reflect.TypeFor[pgtype.FlatArray[bool]](), reflect.TypeFor[pgtype.Float4](),
		reflect.TypeFor[pgtype.Float8](), reflect.TypeFor[pgtype.Hstore](), reflect.TypeFor[pgtype.Int2](), reflect.TypeFor[pgtype.Int4](),
		reflect.TypeFor[pgtype.Int8](), reflect.TypeFor[pgtype.Interval](), reflect.TypeFor[pgtype.Line](), reflect.TypeFor[pgtype.Lseg](),
		reflect.TypeFor[pgtype.Multirange[pgtype.Range[bool]]](), reflect.TypeFor[pgtype.Numeric](), reflect.TypeFor[pgtype.Path](),
		reflect.TypeFor[pgtype.Point](), reflect.TypeFor[pgtype.Polygon](), reflect.TypeFor[pgtype.Range[bool]](), reflect.TypeFor[pgtype.TID](),
		reflect.TypeFor[pgtype.Text](), reflect.TypeFor[pgtype.Time](), reflect.TypeFor[pgtype.Timestamp](), reflect.TypeFor[pgtype.Timestamptz](),
		reflect.TypeFor[pgtype.UUID](), reflect.TypeFor[pgtype.Uint32](), reflect.TypeFor[pgtype.Uint64](), reflect.TypeFor[pgtype.Vec2]()},
}

func TestDefinitionsAreWhatTheTypesAreMadeOf(t *testing.T) {
	t.Parallel()
	tried := 0
	for path, types := range real {
		for _, r := range types {
			name := baseName(r)
			arg := &goType{kind: boolean, spelled: "bool"}
			if name == "Multirange" {
				arg = resolved("Range", arg)
			}
			got := (&resolver{pkg: &project.Package{}}).imported(path, name, arg)
			if why := differs(got, r); why != "" {
				t.Errorf("%s.%s: %s", path, name, why)
			}
			tried++
		}
	}
	known := 0
	for path, names := range definitions {
		if len(real[path]) > 0 {
			known += len(names)
		}
	}
	for _, names := range leaves {
		known += len(names)
	}
	if known != tried {
		t.Errorf("%d types are defined and %d were compared", known, tried)
	}
}

// resolved returns a generic type of pgtype.
func resolved(name string, arg *goType) *goType {
	return (&resolver{pkg: &project.Package{}}).imported(pgtypePath, name, arg)
}

// baseName is the name of a type without its argument.
func baseName(r reflect.Type) string {
	name := r.Name()
	if i := slices.Index([]byte(name), '['); i > 0 {
		return name[:i]
	}
	return name
}

// differs says what of a type is not as it is defined here.
func differs(got *goType, r reflect.Type) string {
	switch got.kind {
	case structure:
		return differingFields(got, r)
	case list, mapping, pointer:
		if want := map[kind]reflect.Kind{list: reflect.Slice, mapping: reflect.Map, pointer: reflect.Pointer}[got.kind]; r.Kind() != want {
			return "it is a " + r.Kind().String()
		}
		return differs(got.elem, r.Elem())
	case array:
		if r.Kind() != reflect.Array {
			return "it is no array"
		}
		return differs(got.elem, r.Elem())
	case bigNumber:
		if r != reflect.TypeFor[*big.Int]() {
			return "it is no *big.Int"
		}
	default:
		want := map[reflect.Kind]kind{reflect.Bool: boolean, reflect.String: text, reflect.Float32: floating, reflect.Float64: floating}
		k, basic := want[r.Kind()]
		switch {
		case r == reflect.TypeFor[time.Time]():
			k, basic = instant, true
		case r.PkgPath() == "net/netip":
			k, basic = handle, true
		case r == reflect.TypeFor[big.Int]():
			k, basic = unknown, true
		case r.Kind() >= reflect.Int && r.Kind() <= reflect.Uint64:
			k, basic = integer, true
		}
		if !basic || k != got.kind {
			return "it is a " + r.String()
		}
	}
	return ""
}

func differingFields(got *goType, r reflect.Type) string {
	if r.Kind() != reflect.Struct || r.NumField() != len(got.fields) {
		return "it has other fields"
	}
	for i, f := range got.fields {
		if r.Field(i).Name != f.name {
			return "its field " + r.Field(i).Name + " is called " + f.name
		}
		if why := differs(f.goType, r.Field(i).Type); why != "" {
			return f.name + ": " + why
		}
	}
	return ""
}

func TestComparableTypesAreThoseWhoseValuesAreCompared(t *testing.T) {
	t.Parallel()
	type id int64
	pkg := &project.Package{Imports: map[string]string{"uuid": googleUUID, "pgtype": pgtypePath, "json": "encoding/json", "net": "net", "time": "time"}}
	for _, v := range []any{
		int64(1), int32(1), int16(1), 1, int8(1), uint32(1), "a", true, 1.5, []byte{1}, []int64{1}, time.Now(), json.RawMessage("1"), net.HardwareAddr{1},
		new(int64), new(int32), new(int16), new(int), new(string), new(bool), new([]byte), new(float64), id(1), uuid.UUID{1}, &uuid.UUID{1}, [16]byte{1}, [4]byte{1},
		pgtype.Int2{Valid: true}, pgtype.Int4{Valid: true}, pgtype.Int8{Valid: true}, pgtype.Text{Valid: true}, pgtype.Bool{Valid: true}, pgtype.UUID{Valid: true},
		pgtype.Float8{Valid: true}, pgtype.Numeric{Valid: true}, pgtype.Uint32{Valid: true}, pgtype.Date{Valid: true}, &pgtype.Int8{Valid: true}, uuid.NullUUID{},
	} {
		spelled := reflect.TypeOf(v).String()
		if got, want := Comparable(pkg, spelled), rowkey.KindOf(v) != rowkey.Unknown; got != want {
			t.Errorf("%s: comparable %t, and its values are compared: %t", spelled, got, want)
		}
	}
}
