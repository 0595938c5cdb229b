package pgerr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// PoolerError is returned for what needs a session of the server to itself, where a
// pooler hands its sessions from client to client. Nothing was sent, or nothing was
// left behind.
type PoolerError struct {
	Use    string // what needs the session, such as "WithConn" or "LISTEN"
	Target string // the database's name, or what else asked, such as an operation
	Remedy string // what to do about it
}

// Error names all three.
func (e *PoolerError) Error() string {
	return fmt.Sprintf("%s: %s needs a session of the server to itself, and a pooler stands in between: %s", e.Target, e.Use, e.Remedy)
}

// Advice returns what to change about an error that no second try mends and that
// does not tell: 42P05, which pgx's prepared statements meet behind a pooler, and
// 08P01 of PgBouncer. It is empty for all others.
func Advice(err error) string {
	if err == nil {
		return ""
	}
	var pg *pgconn.PgError // it costs an allocation
	if !errors.As(err, &pg) {
		return ""
	}
	if pg.Code == "42P05" {
		return "where a pooler shares sessions, statements must not stay prepared: use pgx.QueryExecModeCacheDescribe, " +
			"in a DSN default_query_exec_mode=cache_describe"
	}
	if r := poolerRefusal(pg); r != nil {
		return r.advice
	}
	return ""
}

// refusal is an answer of PgBouncer that waiting does not change.
type refusal struct{ begin, advice string }

const (
	lessStartup = "PgBouncer knows no such parameter: take it out of the DSN and of db.Config.StatementTimeout, and set it by ALTER ROLE ... SET; " +
		"in PgBouncer's ignore_startup_parameters it would be ignored"
	otherLogin = "check the user and the password in the DSN, and PgBouncer's auth_file"
)

var refusals = []refusal{
	{"unsupported startup parameter", lessStartup},
	{"unsupported options startup parameter", lessStartup},
	{"no such database", "name the database in PgBouncer's section [databases], or correct its name in the DSN"},
	{"no such user", otherLogin},
	{"password authentication failed", otherLogin},
	{"SASL authentication failed", otherLogin},
	{`"trust" authentication failed`, otherLogin},
	{"certificate authentication failed", otherLogin},
	{"login rejected", otherLogin},
	{"SSL required", "use sslmode=require in the DSN"},
	{"transaction blocks not allowed in statement pooling mode", "set PgBouncer's pool_mode to transaction: its mode statement has no transactions"},
}

// poolerRefusal returns nil for any other error. The text must tell: PgBouncer
// gives one code to all it says, also to what time heals, and has one language.
func poolerRefusal(pg *pgconn.PgError) *refusal {
	if pg.Code != "08P01" || pg.SeverityUnlocalized == "ERROR" {
		return nil
	}
	for i := range refusals {
		if strings.HasPrefix(pg.Message, refusals[i].begin) {
			return &refusals[i]
		}
	}
	return nil
}
