package pgerr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestEachErrorHasItsRemedy(t *testing.T) {
	t.Parallel()
	server := func(severity, code string) error {
		return &pgconn.PgError{Severity: "localized", SeverityUnlocalized: severity, Code: code}
	}
	for _, tc := range []struct {
		name string
		err  error
		want pgerr.Remedy
	}{
		{"nothing", nil, pgerr.NoRemedy},
		{"serialization failure", server("ERROR", "40001"), pgerr.Retry},
		{"deadlock", server("ERROR", "40P01"), pgerr.Retry},
		{"wrapped", fmt.Errorf("x: %w", server("ERROR", "40001")), pgerr.Retry},
		{"unique", server("ERROR", "23505"), pgerr.RetryIfRace},
		{"exclusion", server("ERROR", "23P01"), pgerr.RetryIfRace},
		{"another constraint", server("ERROR", "23503"), pgerr.NoRemedy},
		{"lock not available", server("ERROR", "55P03"), pgerr.RetryAfterLock},
		{"server stopped", server("FATAL", "57P01"), pgerr.RetryElsewhere},
		{"server crashed", server("FATAL", "57P02"), pgerr.RetryElsewhere},
		{"server starts", server("FATAL", "57P03"), pgerr.RetryElsewhere},
		{"connection exception", server("FATAL", "08006"), pgerr.RetryElsewhere},
		{"a foreign server's connection", server("ERROR", "08006"), pgerr.NoRemedy},
		{"end of file", io.ErrUnexpectedEOF, pgerr.RetryElsewhere},
		{"canceled", server("ERROR", "57014"), pgerr.NoRemedy},
		{"idle in transaction", server("FATAL", "25P03"), pgerr.NoRemedy},
		{"transaction timeout", server("FATAL", "25P04"), pgerr.NoRemedy},
		{"idle session", server("FATAL", "57P05"), pgerr.NoRemedy},
		{"failed transaction", server("ERROR", "25P02"), pgerr.NoRemedy},
		{"completion unknown", server("ERROR", "40003"), pgerr.NoRemedy},
		{"statement forgotten", server("ERROR", "26000"), pgerr.RetryPrepared},
		{"plan of another result", &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "0A000", Routine: "RevalidateCachedQuery"}, pgerr.RetryPrepared},
		{"not supported", server("ERROR", "0A000"), pgerr.NoRemedy},
		{"not supported, in the words of the plan cache", &pgconn.PgError{
			SeverityUnlocalized: "ERROR", Code: "0A000", Routine: "transformLockingClause", Message: "cached plan must not change result type",
		}, pgerr.NoRemedy},
		{"prepared twice", server("ERROR", "42P05"), pgerr.NoRemedy},
		{"start-up parameter refused", &pgconn.PgError{
			SeverityUnlocalized: "FATAL", Code: "08P01", Message: "unsupported startup parameter: statement_timeout",
		}, pgerr.NoRemedy},
		{"the caller left", context.Canceled, pgerr.NoRemedy},
		{"the caller's own", errors.New("boom"), pgerr.NoRemedy},
	} {
		if got := pgerr.RemedyFor(tc.err); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func ExampleRemedyFor() {
	fmt.Println(pgerr.RemedyFor(&pgconn.PgError{Code: "40001"}))
	fmt.Println(pgerr.RemedyFor(&pgconn.PgError{Code: "57014"}))
	// Output:
	// retry
	// none
}
