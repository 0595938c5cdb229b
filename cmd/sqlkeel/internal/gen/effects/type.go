package effects

// firstNormalOID is the lowest OID of what is not PostgreSQL's own.
const firstNormalOID = 16384
