package query

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
)

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
	anyEnumOID = 3500
)

// Family groups the types for which Go's equality is PostgreSQL's: values of one
// family are equal here when they are there. It is 0 for all other types.
func Family(oid catalog.OID) catalog.OID {
	switch oid {
	case int2OID, int4OID, int8OID:
		return int8OID
	case textOID, varcharOID:
		return textOID
	case boolOID, byteaOID, uuidOID:
		return oid
	}
	return 0
}

// GoEqual reports whether arguments of a Go type are equal when values of a type of the
// database are: not so for a uuid, a number or bytes that are passed as text, which has
// several forms of one value.
func GoEqual(goType string, oid catalog.OID) bool {
	if Family(oid) == textOID {
		return true
	}
	t := strings.ToLower(goType)
	return !strings.HasSuffix(t, "string") && !strings.HasSuffix(t, "text") && (oid == byteaOID || !strings.HasSuffix(t, "[]byte"))
}
