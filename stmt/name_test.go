package stmt_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestAStatementIsCalledByNameOrFirstWord(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"-- name: GetBook :one\nSELECT 1":                    "GetBook",
		"-- name: GetBook":                                   "GetBook",
		"select 'secret'":                                    "SELECT",
		"  \n\t(( (Values (1)":                               "VALUES",
		"-- a remark\n/* one /* inside */ two */ -- x\nwith": "WITH",
		"insert/**/into":                                     "INSERT",
		"/* never closed":                                    "",
		"-- only this":                                       "",
		"'secret'":                                           "",
		"":                                                   "",
	} {
		if got := stmt.Name(sql); got != want {
			t.Errorf("Name(%q) = %q, want %q", sql, got, want)
		}
	}
}

func TestEveryOutcomeHasAName(t *testing.T) {
	t.Parallel()
	for o, want := range map[stmt.Outcome]string{
		stmt.Aborted: "aborted", stmt.Committed: "committed", stmt.Unknown: "unknown", 99: "no outcome",
	} {
		if got := o.String(); got != want {
			t.Errorf("%d is called %q", o, got)
		}
	}
}
