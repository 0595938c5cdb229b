package pgtest

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/jackc/pgx/v5"
)

// databaseName makes a name that is new and tells whose it is.
func databaseName(test string) string {
	readable := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, test)
	// An identifier has 63 bytes.
	return "pgtest_" + readable[:min(len(readable), 40)] + "_" + randomHex(6)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
