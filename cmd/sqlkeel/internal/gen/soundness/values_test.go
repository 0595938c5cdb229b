package soundness

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// kind is a column type with the values that occur in it. The pools are small so
// that rows, arguments and foreign keys meet.
type kind struct {
	sql    string
	goType string // as sqlc would have it
	keys   []any  // unequal to each other
	others []any  // more spellings, equal to some of keys for PostgreSQL
	change string // an expression over a column that yields another value
	exact  bool   // equal values print alike
	number bool
}

func (k *kind) pool() []any { return append(append([]any(nil), k.keys...), k.others...) }

var (
	kinds = []*kind{
		{sql: "integer", goType: "int32", keys: integers, change: "%s + 1", exact: true, number: true},
		{sql: "bigint", goType: "int64", keys: integers, change: "%s + 1", exact: true, number: true},
		{sql: "text", goType: "string", keys: []any{"a", "b", "c", "d", "e", "A", "B"}, change: "%s || 'x'", exact: true},
		{sql: "uuid", goType: "uuid.UUID", keys: uuids, exact: true},
		{sql: "smallint", goType: "int16", keys: integers, exact: true, number: true},
		{sql: "varchar(20)", goType: "string", keys: []any{"a", "b", "c", "d", "A"}, change: "%s || 'x'", exact: true},
		{sql: "timestamptz", goType: "pgtype.Timestamptz", keys: []any{"2020-01-01 00:00:00+00", "2021-01-01 00:00:00+00", "2022-01-01 00:00:00+00", "2023-01-01 00:00:00+00", "2024-01-01 00:00:00+00"},
			others: []any{"2020-01-01 01:00:00+01", "2020-12-31 20:00:00-04"}, change: "%s + interval '1 hour'", exact: true},
		{sql: "numeric", goType: "pgtype.Numeric", keys: []any{"1", "2", "3.5", "4", "5"}, others: []any{"1.0", "2.00"}, change: "%s + 1", number: true},
		{sql: "char(3)", goType: "string", keys: []any{"a", "b", "c", "d", "e"}, others: []any{"a  ", "b "}, exact: true},
		{sql: "text COLLATE ci", goType: "string", keys: []any{"a", "b", "c", "d", "e"}, others: []any{"A", "B", "C"}},
		{sql: "small", goType: "int32", keys: integers, exact: true},
		boolean,
		{sql: "mood", goType: "Mood", keys: []any{"glad", "sad", "calm"}, exact: true},
	}
	boolean  = &kind{sql: "boolean", goType: "bool", keys: []any{true, false}, change: "NOT %s", exact: true}
	bigint   = kinds[1]
	integers = []any{int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7), int64(8), int64(9)}
	uuids    = []any{id(1), id(2), id(3), id(4), id(5), id(6), id(7)}
)

// prelude are the types and folders that every scenario has.
var prelude = []string{
	`CREATE SCHEMA "Other Place"`,
	`CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
	`CREATE TYPE mood AS ENUM ('glad', 'sad', 'calm')`,
	`CREATE DOMAIN small AS integer CHECK (VALUE < 100)`,
}

// cast is the type as it stands in a cast.
func (k *kind) cast() string { return strings.TrimSuffix(k.sql, " COLLATE ci") }

// someKey returns a kind for a primary key: mostly one that may be a row key.
func (d dice) someKey() *kind {
	if d.chance(0.85) {
		return kinds[d.IntN(4)]
	}
	return kinds[4+d.IntN(7)]
}

func id(n byte) [16]byte { return [16]byte{0: n, 6: 0x40, 8: 0x80, 15: n} }

// wire is the value in PostgreSQL's text format; nil for NULL.
func wire(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case int64:
		return strconv.AppendInt(nil, v, 10)
	case bool:
		return strconv.AppendBool(nil, v)
	case [16]byte:
		return []byte(hex.EncodeToString(v[:]))
	case string:
		return []byte(v)
	case []any:
		return array(v)
	}
	panic(fmt.Sprintf("no text for %T", v))
}

// array is the text of an array.
func array(values []any) []byte {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = "NULL"
		if v != nil {
			parts[i] = strconv.Quote(string(wire(v)))
		}
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

// literal is the value as it stands in SQL.
func literal(v any, k *kind) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case int64, bool:
		return fmt.Sprint(v)
	}
	return "'" + strings.ReplaceAll(string(wire(v)), "'", "''") + "'::" + k.cast()
}

// parsed is the Go value of a result column, as a caller of pgx would have it.
func parsed(text []byte, oid uint32) any {
	if text == nil {
		return nil
	}
	switch oid {
	case 20, 21, 23:
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	case 16:
		return string(text) == "t"
	case 2950:
		var u [16]byte
		if _, err := hex.Decode(u[:], []byte(strings.ReplaceAll(string(text), "-", ""))); err != nil {
			panic(err)
		}
		return u
	}
	return string(text)
}
