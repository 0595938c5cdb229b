package pgerr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func pg(code string) *pgconn.PgError { return &pgconn.PgError{Code: code} }

func TestKindOfTellsErrorsApart(t *testing.T) {
	t.Parallel()
	_, badDSN := pgx.ParseConfig("postgres://localhost:notaport/x")
	for _, tc := range []struct {
		name string
		err  error
		want pgerr.Kind
	}{
		{"nil", nil, pgerr.Other},
		{"a caller's own error", errors.New("boom"), pgerr.Other},
		{"serialization failure", pg("40001"), pgerr.Conflict},
		{"deadlock", pg("40P01"), pgerr.Conflict},
		{"statement_completion_unknown is no conflict", pg("40003"), pgerr.Other},
		{"unique violation", pg("23505"), pgerr.ConstraintViolation},
		{"exclusion violation", pg("23P01"), pgerr.ConstraintViolation},
		{"lock not available", pg("55P03"), pgerr.LockTimeout},
		{"query canceled", pg("57014"), pgerr.Canceled},
		{"own context", fmt.Errorf("x: %w", context.Canceled), pgerr.Canceled},
		{"own deadline", context.DeadlineExceeded, pgerr.Canceled},
		{"a cut that the caller's deadline caused", errors.Join(context.DeadlineExceeded, io.EOF), pgerr.Canceled},
		{"admin shutdown", pg("57P01"), pgerr.Disconnected},
		{"crash shutdown", pg("57P02"), pgerr.Disconnected},
		{"starting up", pg("57P03"), pgerr.Disconnected},
		{"database dropped", pg("57P04"), pgerr.Disconnected},
		{"idle session timeout", pg("57P05"), pgerr.Disconnected},
		{"idle in transaction timeout", pg("25P03"), pgerr.Disconnected},
		{"transaction timeout", pg("25P04"), pgerr.Disconnected},
		{"connection failure", pg("08006"), pgerr.Disconnected},
		{"protocol violation", pg("08P01"), pgerr.Disconnected},
		{"a pooler's farewell", &pgconn.PgError{Code: "08P01", SeverityUnlocalized: "FATAL"}, pgerr.Disconnected},
		{"a message that did not fit", &pgconn.PgError{Code: "08P01", SeverityUnlocalized: "ERROR"}, pgerr.Other},
		{"a foreign server was lost", &pgconn.PgError{Code: "08006", SeverityUnlocalized: "ERROR"}, pgerr.Other},
		{"a function that raises the code", &pgconn.PgError{Code: "57P01", SeverityUnlocalized: "ERROR"}, pgerr.Other},
		{"closed connection", fmt.Errorf("x: %w", pgconn.ErrConnClosed), pgerr.Disconnected},
		{"eof", fmt.Errorf("x: %w", io.EOF), pgerr.Disconnected},
		{"unexpected eof", io.ErrUnexpectedEOF, pgerr.Disconnected},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, pgerr.Disconnected},
		{"no such host", &net.DNSError{Err: "no such host", Name: "db", IsNotFound: true}, pgerr.Disconnected},
		{"server full", pg("53300"), pgerr.Full},
		{"wrong password", pg("28P01"), pgerr.Refused},
		{"no pg_hba entry", pg("28000"), pgerr.Refused},
		{"no such database", pg("3D000"), pgerr.Refused},
		{"connect denied", &pgconn.PgError{Code: "42501", SeverityUnlocalized: "FATAL"}, pgerr.Refused},
		{"table denied", &pgconn.PgError{Code: "42501", SeverityUnlocalized: "ERROR"}, pgerr.Other},
		{"bad DSN", badDSN, pgerr.Refused},
		{"demoted primary", pg("25006"), pgerr.ReadOnly},
		{"prepared statement gone", pg("26000"), pgerr.StalePlan},
		{"a parameter's type is gone", &pgconn.PgError{Code: "XX000", Routine: "getTypeBinaryInputInfo", Where: "unnamed portal parameter $2"}, pgerr.StalePlan},
		{"a function's variable's type is gone", &pgconn.PgError{Code: "XX000", Routine: "getTypeInputInfo", Where: "PL/pgSQL function f(integer) line 3 at $1\nSQL statement"}, pgerr.Other},
		{"an internal error", &pgconn.PgError{Code: "XX000", Routine: "get_rel", Where: "unnamed portal parameter $2"}, pgerr.Other},
		{"cached plan", &pgconn.PgError{Code: "0A000", Routine: "RevalidateCachedQuery"}, pgerr.StalePlan},
		{"columns of another number", &pgconn.PgError{Code: "08P01", Routine: "PortalSetResultFormat"}, pgerr.StalePlan},
		{"feature not supported", &pgconn.PgError{Code: "0A000", Routine: "transformFoo"}, pgerr.Other},
		{"syntax error", pg("42601"), pgerr.Other},
		{"failed transaction", pg("25P02"), pgerr.Other},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := pgerr.KindOf(tc.err); got != tc.want {
				t.Errorf("KindOf(%v) = %v, want %v", tc.err, got, tc.want)
			}
			if tc.err == nil {
				return
			}
			if got := pgerr.KindOf(fmt.Errorf("wrapped: %w", tc.err)); got != tc.want {
				t.Errorf("KindOf of the wrapped error = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestMessageTextDecidesNothing(t *testing.T) {
	t.Parallel()
	lookalike := &pgconn.PgError{Code: "XX000", Message: "could not serialize access (SQLSTATE 40001)"}
	if got := pgerr.KindOf(lookalike); got != pgerr.Other {
		t.Errorf("KindOf = %v, want other", got)
	}
}

func TestCodeIsEmptyWithoutAServersAnswer(t *testing.T) {
	t.Parallel()
	if got := pgerr.Code(io.EOF); got != "" {
		t.Errorf("Code = %q", got)
	}
	if got := pgerr.Code(fmt.Errorf("x: %w", pg("40001"))); got != "40001" {
		t.Errorf("Code = %q", got)
	}
}

func ExampleKindOf() {
	err := fmt.Errorf("transfer: %w", &pgconn.PgError{Code: "40001"})
	fmt.Println(pgerr.KindOf(err), pgerr.Code(err))
	// Output: conflict 40001
}
