package variants

import (
	"database/sql"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func TestPresenceIsToldForAClosedSetOfGoTypes(t *testing.T) {
	t.Parallel()
	for goType, want := range map[string]string{
		"*string":                    "generated.Pointer[string]",
		"*int64":                     "generated.Pointer[int64]",
		"*time.Time":                 "generated.Pointer[time.Time]",
		"*uuid.UUID":                 "generated.Pointer[uuid.UUID]",
		"*Mood":                      "generated.Pointer[Mood]",
		"*netip.Addr":                "generated.ValidPointer[netip.Addr]",
		"*netip.Prefix":              "generated.ValidPointer[netip.Prefix]",
		"[]string":                   "generated.Slice[string]",
		"[]byte":                     "generated.Slice[byte]",
		"[]Mood":                     "generated.Slice[Mood]",
		"pgtype.Text":                "func(arg any) (generated.Value, bool) { v, known := arg.(pgtype.Text); return generated.Present(v.Valid), known }",
		"pgtype.Range[pgtype.Date]":  "func(arg any) (generated.Value, bool) { v, known := arg.(pgtype.Range[pgtype.Date]); return generated.Present(v.Valid), known }",
		"NullMood":                   "func(arg any) (generated.Value, bool) { v, known := arg.(NullMood); return generated.Present(v.Valid), known }",
		"uuid.NullUUID":              "func(arg any) (generated.Value, bool) { v, known := arg.(uuid.NullUUID); return generated.Present(v.Valid), known }",
		"string":                     "",
		"time.Time":                  "",
		"Mood":                       "",
		"interface{}":                "",
		"**string":                   "",
		"*pgtype.Text":               "",
		"*[]string":                  "",
		"*Other":                     "",
		"NullOther":                  "",
		"zeronull.Text":              "",
		"json.RawMessage":            "",
		"*json.RawMessage":           "",
		"pgtype.Hstore":              "",
		"pgtype.Multirange[Int4]":    "",
		"sql.NullString":             "func(arg any) (generated.Value, bool) { v, known := arg.(sql.NullString); return generated.Present(v.Valid), known }",
		"*sql.NullString":            "",
		"*uuid.NullUUID":             "",
		"sql.Null[string]":           "",
		"sql.RawBytes":               "",
		"uuid.UUID":                  "",
		"[]*string":                  "generated.Slice[*string]",
		"decimal.NullDecimal":        "",
		"*decimal.Decimal":           "",
		"*civil.Time":                "",
		"map[string]string":          "",
		"*uuidx.UUID":                "",
		"vector.Vector":              "",
		"*net.IPNet":                 "",
		"pgtype.FlatArray[*float64]": "",
	} {
		if got, why := present(goPackage, goType); got != want || got == "" && why == "" {
			t.Errorf("%s: %q, %q", goType, got, why)
		}
	}
	if got, _ := present(&project.Package{Imports: map[string]string{"uuid": "example.com/uuid"}}, "*uuid.UUID"); got != "" {
		t.Errorf("another package's UUID: %s", got)
	}
}

func TestValuesAreToldForAClosedSetOfGoTypes(t *testing.T) {
	t.Parallel()
	read := func(goType, value string) string {
		return "func(arg any) (generated.Value, bool) { v, known := arg.(" + goType + "); return generated." + value + ", known }"
	}
	for _, c := range []struct {
		goType   string
		kind     kind
		want     string
		nullable bool
	}{
		{"string", text, "generated.Text[string]", false},
		{"Mood", text, "generated.Text[Mood]", false},
		{"*string", text, "generated.TextPointer[string]", true},
		{"*Mood", text, "generated.TextPointer[Mood]", true},
		{"pgtype.Text", text, read("pgtype.Text", "Words(v.String, v.Valid)"), true},
		{"sql.NullString", text, read("sql.NullString", "Words(v.String, v.Valid)"), true},
		{"NullMood", text, read("NullMood", "Words(string(v.Mood), v.Valid)"), true},
		{"int32", integer, "generated.Integer[int32]", false},
		{"*int64", integer, "generated.IntegerPointer[int64]", true},
		{"pgtype.Int2", integer, read("pgtype.Int2", "Number(int64(v.Int16), v.Valid)"), true},
		{"pgtype.Int8", integer, read("pgtype.Int8", "Number(v.Int64, v.Valid)"), true},
		{"bool", boolean, "generated.Boolean", false},
		{"*bool", boolean, "generated.BooleanPointer", true},
		{"pgtype.Bool", boolean, read("pgtype.Bool", "Truth(v.Bool, v.Valid)"), true},
		{"uuid.UUID", uniqueID, read("uuid.UUID", "Words(v.String(), true)"), false},
		{"pgtype.UUID", uniqueID, read("pgtype.UUID", "Words(v.String(), v.Valid)"), true},
		{"[]string", array, "generated.Slice[string]", true},
		{"*Mood", anything, "generated.Pointer[Mood]", true},
		{"any", text, "generated.Dynamic(generated.String)", true},
		{"interface{}", integer, "generated.Dynamic(generated.Int)", true},
		{"interface{}", anything, "generated.Dynamic(generated.Other)", true},
		// A text is one of several forms of these.
		{"string", uniqueID, "", false}, {"string", integer, "", false}, {"string", boolean, "", false}, {"string", array, "", false},
		{"int32", text, "", false}, {"int", integer, "", false}, {"uint32", integer, "", false}, {"**string", text, "", false}, {"*pgtype.Text", text, "", false},
		{"NullOther", text, "", false}, {"Other", text, "", false}, {"any", array, "", false}, {"[]byte", text, "", false}, {"zeronull.Text", text, "", false},
		{"pgtype.FlatArray[string]", array, "", false}, {"time.Time", text, "", false}, {"sql.NullByte", integer, "", false},
	} {
		got, nullable, why := reader(goPackage, c.goType, c.kind)
		if got != c.want || got == "" && why == "" || got != "" && nullable != c.nullable {
			t.Errorf("%s, %d: %q, %v, %q", c.goType, c.kind, got, nullable, why)
		}
	}
}

// What counts as NULL has to be what pgx sends as NULL.
func TestPresenceIsWhatPgxSends(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	text, number, at, id, empty := "", int32(0), time.Time{}, uuid.UUID{}, ""
	addr, none, prefix, no := netip.MustParseAddr("10.0.0.1"), netip.Addr{}, netip.MustParsePrefix("10.0.0.0/8"), netip.Prefix{}
	modes := []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol}
	for _, c := range []struct {
		typ string
		arg any
		ask func(any) (generated.Value, bool)
	}{
		{"text", uuid.NullUUID{}, uuidValid},
		{"text", sql.NullString{}, nullString}, {"text", sql.NullString{Valid: true}, nullString}, {"jsonb", sql.NullString{}, nullString},
		{"timestamptz", sql.NullTime{}, nullTime}, {"timestamptz", sql.NullTime{Valid: true}, nullTime},
		{"jsonb", []string(nil), generated.Slice[string]}, {"jsonb", []string{}, generated.Slice[string]}, {"json", []map[string]any(nil), generated.Slice[map[string]any]},
		{"text", &text, generated.Pointer[string]}, {"text", (*string)(nil), generated.Pointer[string]},
		{"int4", &number, generated.Pointer[int32]}, {"int4", (*int32)(nil), generated.Pointer[int32]},
		{"timestamptz", &at, generated.Pointer[time.Time]}, {"timestamptz", (*time.Time)(nil), generated.Pointer[time.Time]},
		{"date", &at, generated.Pointer[time.Time]},
		{"uuid", &id, generated.Pointer[uuid.UUID]}, {"uuid", (*uuid.UUID)(nil), generated.Pointer[uuid.UUID]},
		{"jsonb", &empty, generated.Pointer[string]},
		{"inet", &addr, generated.ValidPointer[netip.Addr]}, {"inet", &none, generated.ValidPointer[netip.Addr]}, {"inet", (*netip.Addr)(nil), generated.ValidPointer[netip.Addr]},
		{"cidr", &prefix, generated.ValidPointer[netip.Prefix]}, {"cidr", &no, generated.ValidPointer[netip.Prefix]},
		{"int4[]", []int32{}, generated.Slice[int32]}, {"int4[]", []int32(nil), generated.Slice[int32]}, {"int4[]", []int32{1}, generated.Slice[int32]},
		{"bytea", []byte{}, generated.Slice[byte]}, {"bytea", []byte(nil), generated.Slice[byte]},
		{"jsonb", []byte("1"), generated.Slice[byte]}, {"jsonb", []byte(nil), generated.Slice[byte]},
		{"text[]", []*string{nil}, generated.Slice[*string]}, {"uuid[]", []uuid.UUID(nil), generated.Slice[uuid.UUID]},
		{"text", pgtype.Text{Valid: true}, textValid}, {"text", pgtype.Text{}, textValid},
		{"numeric", pgtype.Numeric{NaN: true, Valid: true}, numericValid}, {"numeric", pgtype.Numeric{}, numericValid},
		{"daterange", pgtype.Range[pgtype.Date]{LowerType: pgtype.Empty, UpperType: pgtype.Empty, Valid: true}, rangeValid},
		{"daterange", pgtype.Range[pgtype.Date]{}, rangeValid},
		{"uuid", uuid.NullUUID{Valid: true}, uuidValid}, {"uuid", uuid.NullUUID{UUID: uuid.UUID{1}}, uuidValid},
		{"text", zeronull.Text(""), nil},
	} {
		var null bool
		if err := b.conn.QueryRow(t.Context(), "SELECT $1::"+c.typ+" IS NULL", c.arg).Scan(&null); err != nil {
			if !(c.typ == "jsonb" && c.arg == any(&empty)) {
				t.Errorf("%s %T: %v", c.typ, c.arg, err)
			}
			continue
		}
		if c.ask == nil {
			if !null {
				t.Error("zeronull is not NULL any more")
			}
			continue
		}
		for _, mode := range modes[1:] {
			var other bool
			if err := b.conn.QueryRow(t.Context(), "SELECT $1::"+c.typ+" IS NULL", mode, c.arg).Scan(&other); err == nil && other != null {
				t.Errorf("%s %T %v: NULL = %v in mode %v", c.typ, c.arg, c.arg, other, mode)
			}
		}
		if is, known := c.ask(c.arg); !known || (is.Kind == generated.Null) != null {
			t.Errorf("%s %T %v: it is %v, known = %v, NULL = %v", c.typ, c.arg, c.arg, is, known, null)
		}
	}
}

func uuidValid(arg any) (generated.Value, bool) {
	v, known := arg.(uuid.NullUUID)
	return generated.Present(v.Valid), known
}
func textValid(arg any) (generated.Value, bool) {
	v, known := arg.(pgtype.Text)
	return generated.Present(v.Valid), known
}
func numericValid(arg any) (generated.Value, bool) {
	v, known := arg.(pgtype.Numeric)
	return generated.Present(v.Valid), known
}
func rangeValid(arg any) (generated.Value, bool) {
	v, known := arg.(pgtype.Range[pgtype.Date])
	return generated.Present(v.Valid), known
}

func nullString(arg any) (generated.Value, bool) {
	v, known := arg.(sql.NullString)
	return generated.Present(v.Valid), known
}
func nullTime(arg any) (generated.Value, bool) {
	v, known := arg.(sql.NullTime)
	return generated.Present(v.Valid), known
}
