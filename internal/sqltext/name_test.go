package sqltext_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
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
		if got := sqltext.Name(sql); got != want {
			t.Errorf("Name(%q) = %q, want %q", sql, got, want)
		}
	}
}
