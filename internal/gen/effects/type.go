package effects

// OIDs of PostgreSQL's own types.
const (
	boolOID    = 16
	byteaOID   = 17
	int8OID    = 20
	int2OID    = 21
	int4OID    = 23
	textOID    = 25
	varcharOID = 1043
	uuidOID    = 2950

	rteNone = "-1"
)

// firstNormalOID is the lowest OID of what is not PostgreSQL's own.
const firstNormalOID = 16384
