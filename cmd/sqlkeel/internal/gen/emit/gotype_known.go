package emit

// basics are Go's own types, by name.
var basics = map[string]kind{
	"bool": boolean, "string": text, "float32": floating, "float64": floating, "byte": integer, "rune": integer,
	"int": integer, "int8": integer, "int16": integer, "int32": integer, "int64": integer,
	"uint": integer, "uint8": integer, "uint16": integer, "uint32": integer, "uint64": integer,
}

const (
	pgtypePath = "github.com/jackc/pgx/v5/pgtype"
	googleUUID = "github.com/google/uuid"
	gofrsUUID  = "github.com/gofrs/uuid"
)

// leaves are types of other packages that are of one kind each.
var leaves = map[string]map[string]kind{
	"time":      {"Time": instant, "Duration": integer},
	"math/big":  {"Int": unknown}, // a copy shares its digits; *big.Int is a kind of its own
	"net/netip": {"Addr": handle, "Prefix": handle},
	pgtypePath:  {"InfinityModifier": integer, "BoundType": integer},
}

// definedIn are the packages by the names that definitions call them.
var definedIn = map[string]string{"time": "time", "big": "math/big"}

// definitions are types of other packages that are made of others, as far as they
// matter here: a test compares them with what they stand for.
var definitions = map[string]map[string]string{
	"encoding/json":   {"RawMessage": "[]byte", "Number": "string"},
	"net":             {"HardwareAddr": "[]byte", "IP": "[]byte"},
	googleUUID:        {"UUID": "[16]byte", "NullUUID": "struct{UUID UUID; Valid bool}"},
	gofrsUUID:         {"UUID": "[16]byte", "NullUUID": "struct{UUID UUID; Valid bool}"},
	gofrsUUID + "/v5": {"UUID": "[16]byte", "NullUUID": "struct{UUID UUID; Valid bool}"},
	"database/sql": {
		"NullBool":    "struct{Bool bool; Valid bool}",
		"NullByte":    "struct{Byte byte; Valid bool}",
		"NullFloat64": "struct{Float64 float64; Valid bool}",
		"NullInt16":   "struct{Int16 int16; Valid bool}",
		"NullInt32":   "struct{Int32 int32; Valid bool}",
		"NullInt64":   "struct{Int64 int64; Valid bool}",
		"NullString":  "struct{String string; Valid bool}",
		"NullTime":    "struct{Time time.Time; Valid bool}",
		"Null":        "struct{V T; Valid bool}",
	},
	pgtypePath: {
		"Array":          "struct{Elements []T; Dims []ArrayDimension; Valid bool}",
		"ArrayDimension": "struct{Length int32; LowerBound int32}",
		"Bits":           "struct{Bytes []byte; Len int32; Valid bool}",
		"Bool":           "struct{Bool bool; Valid bool}",
		"Box":            "struct{P [2]Vec2; Valid bool}",
		"Circle":         "struct{P Vec2; R float64; Valid bool}",
		"Date":           "struct{Time time.Time; InfinityModifier InfinityModifier; Valid bool}",
		"FlatArray":      "[]T",
		"Float4":         "struct{Float32 float32; Valid bool}",
		"Float8":         "struct{Float64 float64; Valid bool}",
		"Hstore":         "map[string]*string",
		"Int2":           "struct{Int16 int16; Valid bool}",
		"Int4":           "struct{Int32 int32; Valid bool}",
		"Int8":           "struct{Int64 int64; Valid bool}",
		"Interval":       "struct{Microseconds int64; Days int32; Months int32; Valid bool}",
		"Line":           "struct{A float64; B float64; C float64; Valid bool}",
		"Lseg":           "struct{P [2]Vec2; Valid bool}",
		"Multirange":     "[]T",
		"Numeric":        "struct{Int *big.Int; Exp int32; NaN bool; InfinityModifier InfinityModifier; Valid bool}",
		"Path":           "struct{P []Vec2; Closed bool; Valid bool}",
		"Point":          "struct{P Vec2; Valid bool}",
		"Polygon":        "struct{P []Vec2; Valid bool}",
		"Range":          "struct{Lower T; Upper T; LowerType BoundType; UpperType BoundType; Valid bool}",
		"TID":            "struct{BlockNumber uint32; OffsetNumber uint16; Valid bool}",
		"Text":           "struct{String string; Valid bool}",
		"Time":           "struct{Microseconds int64; Valid bool}",
		"Timestamp":      "struct{Time time.Time; InfinityModifier InfinityModifier; Valid bool}",
		"Timestamptz":    "struct{Time time.Time; InfinityModifier InfinityModifier; Valid bool}",
		"UUID":           "struct{Bytes [16]byte; Valid bool}",
		"Uint32":         "struct{Uint32 uint32; Valid bool}",
		"Uint64":         "struct{Uint64 uint64; Valid bool}",
		"Vec2":           "struct{X float64; Y float64}",
	},
}
