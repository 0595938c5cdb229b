package stmt

import "github.com/sqlkeel/sqlkeel/internal/sqltext"

// Name returns what a statement is to be called where its text must not be, as
// in logs and errors: the name that sqlc wrote before it, else its first word in
// capitals. The rest may hold data.
func Name(sql string) string { return sqltext.Name(sql) }
