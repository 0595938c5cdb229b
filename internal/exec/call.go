package exec

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Call is a statement as it is sent, and what is known of it.
type Call struct {
	SQL       string
	Args      []any           // with pgx's options in front, if there are any
	Statement *stmt.Statement // nil when nothing is known
	Returned  *Returned       // collects row keys from its rows; nil when there are none

	values []any // of the placeholders of the whole statement
}

// Resolve looks a statement up and chooses the variant that its arguments need.
//
// Nothing is known of a text that an argument rewrites.
func Resolve(registry *stmt.Registry, sql string, args []any) Call {
	s := registry.Lookup(sql)
	if s == nil {
		return Call{SQL: sql, Args: args}
	}
	options, rewritten := optionsOf(args)
	if rewritten {
		return Call{SQL: sql, Args: args}
	}
	c := Call{SQL: sql, Args: args, Statement: s, values: args[options:]}
	text, rest := s.Rewrite(c.values)
	c.SQL = text
	switch {
	case len(rest) == len(c.values): // the same ones
	case options == 0:
		c.Args = rest
	default:
		c.Args = append(append(make([]any, 0, options+len(rest)), args[:options]...), rest...)
	}
	return c
}

// Text is the constant that was looked up, which names the statement.
func (c *Call) Text() string {
	if c.Statement != nil {
		return c.Statement.SQL
	}
	return c.SQL
}

// Effects are what the statement does. They must not be changed.
func (c *Call) Effects() *stmt.Effects {
	switch {
	case c.Statement != nil:
		return &c.Statement.Effects
	case controls(c.SQL):
		return &nothing
	}
	return Anything
}

var nothing stmt.Effects

// controls reports whether a text is one statement that begins, parts or ends a
// transaction, and so changes no data itself. COMMIT PREPARED makes data visible.
func controls(sql string) bool {
	switch c := (sqltext.Rules{}).Control(sql); {
	case c == sqltext.EndPrepared:
		return false
	case c == sqltext.NoControl && !partVerbs[sqltext.Fold(sqltext.Verb(sql))]:
		return false
	}
	n := 0
	for range (sqltext.Rules{}).Statements(sql) {
		n++
	}
	return n == 1
}

var partVerbs = map[string]bool{"savepoint": true, "release": true}

// Changes reports whether a statement may change data.
func Changes(e *stmt.Effects) bool { return e.Anything || len(e.Writes) > 0 || len(e.Reaches) > 0 }

// ReadOnly reports whether the statement is known to change nothing, so that it may
// be run twice.
func (c *Call) ReadOnly() bool { return c.Statement != nil && c.Statement.ReadOnly }

// Anything are the effects of a statement of which nothing is known.
var Anything = &stmt.Effects{Anything: true, ReadsAnything: true}

// Copied returns the effects of a COPY into a table. They are those of the statement
// by which generated code describes it. Any other COPY may change anything, by a
// trigger.
func Copied(registry *stmt.Registry, table pgx.Identifier, columns []string) *stmt.Effects {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table.Sanitize() + " (")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pgx.Identifier{c}.Sanitize())
	}
	b.WriteString(") VALUES (")
	for i := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	b.WriteString(")")
	if s := registry.Lookup(b.String()); s != nil {
		return &s.Effects
	}
	return Anything
}

// Rewrites reports whether an argument changes the text of its statement, other than
// where its placeholders stand.
func Rewrites(args []any) bool {
	for _, arg := range args {
		switch arg.(type) {
		case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID, pgx.QueryExecMode:
		case pgx.NamedArgs, pgx.StrictNamedArgs:
			return false
		case pgx.QueryRewriter:
			return true
		default:
			return false // pgx looks no further
		}
	}
	return false
}

// optionsOf counts pgx's options in front of the arguments. rewritten says that one
// of them writes the text anew.
func optionsOf(args []any) (n int, rewritten bool) {
	for ; n < len(args); n++ {
		switch args[n].(type) {
		case pgx.QueryRewriter:
			return n, true
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
		default:
			return n, false
		}
	}
	return n, false
}

// Defines reports whether a text of which nothing is known may change definitions.
func Defines(sql string) bool {
	for s := range (sqltext.Rules{}).Statements(sql) {
		if definingVerbs[sqltext.Fold(sqltext.Verb(s.Text(sql)))] {
			return true
		}
	}
	return false
}

var definingVerbs = map[string]bool{
	"create": true, "alter": true, "drop": true, "comment": true, "grant": true, "revoke": true,
	"import": true, "reassign": true, "security": true, "do": true, "call": true,
}

// Atomic reports whether an error of the server means that nothing of a text was
// committed: it is one statement, and of a kind that cannot commit by itself, as
// CALL and DO can.
func Atomic(sql string, rules sqltext.Rules) bool {
	n := 0
	for s := range rules.Statements(sql) {
		if n++; n > 1 || !atomicVerbs[sqltext.Fold(sqltext.Verb(s.Text(sql)))] {
			return false
		}
	}
	return true
}

var atomicVerbs = map[string]bool{
	"select": true, "insert": true, "update": true, "delete": true, "merge": true,
	"with": true, "values": true, "table": true, "copy": true,
}
