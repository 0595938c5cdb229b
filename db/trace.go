package db

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// mark is what a use leaves behind in its session, in ascending order.
type mark uint8

const (
	traceless mark = iota // nothing, as far as the words of its statements tell
	cleanable             // what cleanSession undoes, or what a function may do that is not known
	lasting               // what only the end of the session undoes
)

// trace is what a text leaves behind in the session that runs it.
type trace struct {
	mark mark
	use  string // what certainly leaves it; "" where that is not sure, or where a pooler sees to it
}

// The statements that leave nothing, whatever follows; functions apart. SET, PREPARE
// and DECLARE depend on what follows.
var tracelessVerbs = wordSet(`select insert update delete merge values table with show explain copy
	begin start commit end rollback abort savepoint release lock
	create alter drop truncate comment grant revoke reassign security import refresh
	analyze vacuum reindex cluster checkpoint notify unlisten fetch move close deallocate discard reset
	set prepare declare`)

// pooledParameters are the settings that PgBouncer gives back to the client that
// made them.
var pooledParameters = wordSet("application_name client_encoding names datestyle timezone time standard_conforming_strings")

// sessionLocks are the functions whose locks outlive the transaction.
var sessionLocks = wordSet("pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared")

// lastingCalls are the functions whose traces nothing undoes: a seed, connections and
// slots that live as long as the session.
var lastingCalls = wordSet(`setseed dblink_connect dblink_connect_u pg_replication_origin_session_setup
	pg_create_logical_replication_slot pg_create_physical_replication_slot
	pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_backup_start pg_start_backup`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// traceOf reads a text. known says whether a function, or a word before a
// parenthesis, leaves nothing. What operators, casts, triggers and views call is not
// seen.
func traceOf(sql string, rules sqltext.Rules, known func(name string) bool) trace {
	r := traceReader{sql: sql, rules: rules, known: known}
	for t := range rules.Code(sql) {
		switch {
		case r.is(t, ";"):
			r.verb, r.count = "", 0
		case r.verb == "" && !r.is(t, "("):
			r.begin(t)
		case r.verb != "":
			r.goOn(t)
		}
		copy(r.before[1:], r.before[:])
		r.before[0] = t
		r.count++
	}
	return r.found
}

// traceReader is at a token of a statement.
type traceReader struct {
	sql    string
	rules  sqltext.Rules
	known  func(string) bool
	found  trace
	verb   string
	count  int              // tokens of the statement before this one
	before [4]sqltext.Token // these tokens, the last one first
}

func (r *traceReader) is(t sqltext.Token, punct string) bool {
	return t.Kind == sqltext.Punct && t.Text(r.sql) == punct
}

// leaves notes a trace. What is certain counts, whatever else there is.
func (r *traceReader) leaves(m mark, use string) {
	r.found.mark = max(r.found.mark, m)
	if r.found.use == "" {
		r.found.use = use
	}
}

// begin reads the first token of a statement.
func (r *traceReader) begin(t sqltext.Token) {
	r.verb, r.count = sqltext.Fold(t.Text(r.sql)), 0
	switch {
	case r.verb == "listen":
		r.leaves(cleanable, "LISTEN")
	case r.verb == "load":
		r.leaves(lasting, "")
	case !tracelessVerbs[r.verb]:
		r.leaves(cleanable, "") // DO, CALL, EXECUTE, or the name of a prepared statement
	}
}

// goOn reads another token of a statement.
func (r *traceReader) goOn(t sqltext.Token) {
	last := r.before[0]
	switch {
	case r.is(t, "("):
		if last.Kind == sqltext.Word || last.Kind == sqltext.Quoted {
			r.call(t)
		}
		return
	case r.verb == "set" && r.count == 2:
		r.set(last, t)
	case r.verb == "prepare" && r.count == 1 && !t.Is(r.sql, "transaction"):
		r.leaves(cleanable, "PREPARE")
	case r.verb == "declare" && t.Is(r.sql, "hold") && last.Is(r.sql, "with"):
		r.leaves(cleanable, "DECLARE ... WITH HOLD")
	case t.Is(r.sql, "temp") || t.Is(r.sql, "temporary"):
		if r.makes(last) {
			r.leaves(cleanable, "") // with ON COMMIT DROP it is nothing; that must not be refused
		}
	}
	if t.Kind <= sqltext.Quoted && t.End-t.Start >= len("pg_temp") && strings.HasPrefix(r.name(t), "pg_temp") {
		r.leaves(cleanable, "")
	}
}

// makes says whether TEMP after this word belongs to what is made.
func (r *traceReader) makes(last sqltext.Token) bool {
	for _, word := range [...]string{"create", "replace", "global", "local"} {
		if last.Is(r.sql, word) {
			return true
		}
	}
	return r.verb != "insert" && last.Is(r.sql, "into")
}

// set reads what comes after SET, up to the second token.
func (r *traceReader) set(first, second sqltext.Token) {
	for _, word := range [...]string{"local", "transaction", "constraints"} {
		if first.Is(r.sql, word) && !r.is(second, ".") {
			return // it ends with the transaction
		}
	}
	name := r.name(first)
	if name == "session" && !r.is(second, ".") {
		name = r.name(second)
	}
	if pooledParameters[name] {
		r.leaves(cleanable, "")
		return
	}
	r.leaves(cleanable, "SET")
}

// call reads the parenthesis after a name.
func (r *traceReader) call(open sqltext.Token) {
	name, before, schema := r.name(r.before[0]), r.before[1], ""
	if r.is(before, ".") {
		schema, before = r.name(r.before[2]), r.before[3]
	}
	switch {
	case r.isNoCall(before):
	case lastingCalls[name]:
		r.leaves(lasting, "")
	case schema != "" && schema != "pg_catalog":
		r.leaves(cleanable, "")
	case name == "set_config":
		switch r.third(open.End) {
		case "true":
		case "false":
			r.leaves(cleanable, "set_config")
		default:
			r.leaves(cleanable, "")
		}
	case sessionLocks[name]:
		r.leaves(cleanable, name)
	case !r.known(name):
		r.leaves(cleanable, "")
	}
}

// isNoCall says whether a name after this token, and before a parenthesis, is that of
// a table with columns, or of a type.
func (r *traceReader) isNoCall(before sqltext.Token) bool {
	if r.is(before, ")") || r.is(before, ":") {
		return true
	}
	for _, word := range [...]string{"into", "as", "copy", "with", "recursive", "table", "exists", "references"} {
		if before.Is(r.sql, word) {
			return true
		}
	}
	return false
}

// name is what PostgreSQL makes of an identifier.
func (r *traceReader) name(t sqltext.Token) string {
	text := t.Text(r.sql)
	if t.Kind == sqltext.Word {
		return sqltext.Fold(text)
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
	return strings.ReplaceAll(text, `""`, `"`)
}

// third returns the third and last argument of the call whose arguments begin at
// from, when it is one word, and else "".
func (r *traceReader) third(from int) string {
	depth, commas, tokens, word := 0, 0, 0, ""
	for t := range r.rules.Code(r.sql[from:]) {
		text := t.Text(r.sql[from:])
		switch {
		case t.Kind == sqltext.Punct && (text == "(" || text == "["):
			depth++
		case t.Kind == sqltext.Punct && depth > 0 && (text == ")" || text == "]"):
			depth--
		case t.Kind == sqltext.Punct && depth == 0 && text == ",":
			commas++
			tokens = 0
			continue
		case t.Kind == sqltext.Punct && depth == 0 && text == ")":
			if commas == 2 && tokens == 1 {
				return word
			}
			return ""
		}
		tokens++
		word = ""
		if t.Kind == sqltext.Word {
			word = sqltext.Fold(text)
		}
	}
	return ""
}
