package migrate

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// innerPosition places an error in a statement that PL/pgSQL ran, when that
// statement's text stands in sql exactly once. It is 0 when it does not.
func innerPosition(sql string, pg *pgconn.PgError) int {
	if pg.InternalPosition <= 0 || pg.InternalQuery == "" || strings.Count(sql, pg.InternalQuery) != 1 {
		return 0
	}
	at := strings.Index(sql, pg.InternalQuery)
	return utf8.RuneCountInString(sql[:at]) + int(pg.InternalPosition)
}

// blockLine finds the line of a DO block in an error's context. The words
// around the block's name are translated, the name is not.
var blockLine = regexp.MustCompile(`inline_code_block \D*(\d+)`)

// dollarQuote opens the body of a DO block.
var dollarQuote = regexp.MustCompile(`\$\w*\$`)

// blockPosition places an error raised in a DO block at the start of the line
// that the error's context names. It is 0 when there is none.
func blockPosition(sql string, pg *pgconn.PgError) int {
	context := blockLine.FindStringSubmatch(pg.Where)
	open := dollarQuote.FindStringIndex(sql)
	if context == nil || open == nil {
		return 0
	}
	line, err := strconv.Atoi(context[1])
	if err != nil {
		return 0
	}
	at := open[1]
	for ; line > 1; line-- {
		next := strings.IndexByte(sql[at:], '\n')
		if next < 0 {
			return 0
		}
		at += next + 1
	}
	at += len(sql[at:]) - len(strings.TrimLeft(sql[at:], " \t"))
	return utf8.RuneCountInString(sql[:at]) + 1
}
