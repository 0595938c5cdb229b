package pgerr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func fromPooler(message string) error {
	return fmt.Errorf("x: %w", &pgconn.PgError{Code: "08P01", SeverityUnlocalized: "FATAL", Severity: "FATAL", Message: message})
}

func TestWhatPgBouncerRefusesForGoodIsToldFromWhatPasses(t *testing.T) {
	t.Parallel()
	for message, says := range map[string]string{
		"unsupported startup parameter: statement_timeout":                                           "ignore_startup_parameters",
		"unsupported startup parameter in options: work_mem":                                         "ignore_startup_parameters",
		"unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed": "ignore_startup_parameters",
		"no such database: shop":                                   "[databases]",
		"no such user":                                             "auth_file",
		"password authentication failed":                           "auth_file",
		"SASL authentication failed":                               "auth_file",
		"transaction blocks not allowed in statement pooling mode": "pool_mode",
	} {
		err := fromPooler(message)
		if kind := pgerr.KindOf(err); kind != pgerr.Refused || pgerr.RemedyFor(err) != pgerr.NoRemedy {
			t.Errorf("%s: it is %v", message, kind)
		}
		if advice := pgerr.Advice(fmt.Errorf("y: %w", err)); !strings.Contains(advice, says) {
			t.Errorf("%s: the advice is %q", message, advice)
		}
	}
	for _, message := range []string{
		"no more connections allowed (max_client_conn)", "query_wait_timeout", "server shutting down",
		"server login has been failing, cached error: the database system is starting up (server_login_retry)",
	} {
		err := fromPooler(message)
		if kind := pgerr.KindOf(err); kind != pgerr.Disconnected || pgerr.Advice(err) != "" {
			t.Errorf("%s: it is %v, with the advice %q", message, kind, pgerr.Advice(err))
		}
	}
	own := &pgconn.PgError{Code: "08P01", SeverityUnlocalized: "ERROR", Message: "no such user"}
	if kind := pgerr.KindOf(own); kind != pgerr.Other || pgerr.Advice(own) != "" {
		t.Errorf("a function's own error is %v", kind)
	}
}

func TestAdviceIsForWhatDoesNotTell(t *testing.T) {
	t.Parallel()
	twice := &pgconn.PgError{Code: "42P05", Message: `prepared statement "stmtcache_1" already exists`}
	if got := pgerr.Advice(twice); !strings.Contains(got, "cache_describe") {
		t.Error(got)
	}
	for _, err := range []error{nil, errors.New("boom"), pg("42601"), pg("23505")} {
		if got := pgerr.Advice(err); got != "" {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func TestAnAnswerThatDoesNotFitItsDescriptionIsAStalePlan(t *testing.T) {
	t.Parallel()
	refused := &pgconn.PgError{Code: "08P01", SeverityUnlocalized: "ERROR", Routine: "exec_bind_message"}
	if kind := pgerr.KindOf(refused); kind != pgerr.StalePlan {
		t.Errorf("it is %v", kind)
	}
}

func TestAPoolerErrorSaysWhatAndWhereAndTheRemedy(t *testing.T) {
	t.Parallel()
	err := &pgerr.PoolerError{Use: "LISTEN", Target: "shop", Remedy: "go there"}
	if got := err.Error(); got != "shop: LISTEN needs a session of the server to itself, and a pooler stands in between: go there" {
		t.Error(got)
	}
}

func TestNoErrorNeedsNoAdviceAndNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _ = pgerr.Advice(nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
