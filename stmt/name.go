package stmt

import "github.com/sqlkeel/sqlkeel/internal/sqltext"

// Name returns what a statement is to be called where its text must not be, as
// in logs and errors: the name that sqlc wrote before it, else its first word in
// capitals. The rest may hold data.
func Name(sql string) string { return sqltext.Name(sql) }

// Verb returns the first word of a statement, as it is written. Comments, empty
// statements and opening parentheses in front are passed over.
func Verb(sql string) string { return sqltext.Verb(sql) }
