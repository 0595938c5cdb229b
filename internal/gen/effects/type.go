package effects

// OIDs of PostgreSQL's own types.
const (
	byteaOID = 17
	textOID  = 25
)

// firstNormalOID is the lowest OID of what is not PostgreSQL's own.
const firstNormalOID = 16384
