package migrate

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestErrorsSayAllThatIsKnown(t *testing.T) {
	t.Parallel()
	pg := &pgconn.PgError{Severity: "ERROR", Code: "42P07", Message: "it exists", Detail: "since long", Hint: "drop it"}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{
			"a migration refused by the server, whatever wraps the answer",
			&MigrationError{File: "m/1_a.sql", Line: 2, Col: 3, Version: 1, Direction: Up, Attempts: 1, Err: fmt.Errorf("wrapped: %w", pg)},
			"m/1_a.sql:2:3: ERROR: it exists (SQLSTATE 42P07) (version 1, up)\nDETAIL: since long\nHINT: drop it",
		},
		{
			"a migration that the network ended",
			&MigrationError{File: "m/1_a.sql", Line: 2, Col: 3, Version: 1, Direction: Down, Attempts: 2, Err: io.ErrUnexpectedEOF},
			"m/1_a.sql:2:3: unexpected EOF (version 1, down, after 2 attempts)",
		},
		{
			"a migration without transaction",
			&MigrationError{File: "m/1_a.sql", Line: 2, Col: 3, Version: 1, Direction: Up, Attempts: 1, Kept: 3, Err: io.EOF},
			"m/1_a.sql:2:3: EOF (version 1, up)\nthe file runs without a transaction: the 3 statement(s) before this one stay applied",
		},
		{
			"a commit without an answer",
			&MigrationError{File: "m/1_a.sql", Line: 1, Col: 1, Version: 1, Direction: Up, Attempts: 1, Unknown: true, Err: io.EOF},
			"m/1_a.sql:1:1: EOF (version 1, up)\nthe connection was lost during COMMIT: see \"migrate status\" for whether it took effect",
		},
		{
			"a lock whose holder has gone",
			&LockedError{Waited: 1500 * time.Microsecond},
			"another run held the migration lock for all of 2ms: wait for it to end, or give a longer lock timeout",
		},
		{
			"a lock and its holder",
			&LockedError{Waited: time.Minute, PID: 7, Application: "deploy"},
			`another run (server process 7, application "deploy") held the migration lock for all of 1m0s: wait for it to end, or give a longer lock timeout`,
		},
		{
			"versions out of order",
			&OutOfOrderError{File: "m/2_b.sql", Version: 2, Applied: 3},
			"m/2_b.sql:1:1: version 2 was never applied although version 3 already is: give the file a version above 3",
		},
		{
			"files that are wrong",
			&ValidationError{Problems: []Problem{{File: "m/2_b.sql", Line: 4, Col: 5, Severity: Error, Message: "oh"}}},
			"1 problem(s) in the migration files, nothing was applied:\nm/2_b.sql:4:5: error: oh",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.err.Error(); got != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tc.want)
			}
		})
	}
}

func TestAMigrationErrorGivesTheServersAnswer(t *testing.T) {
	t.Parallel()
	var pg *pgconn.PgError
	err := fmt.Errorf("up: %w", &MigrationError{Err: fmt.Errorf("x: %w", &pgconn.PgError{Code: "42601"})})
	if !errors.As(err, &pg) || pg.Code != "42601" {
		t.Errorf("errors.As = %v", pg)
	}
}
