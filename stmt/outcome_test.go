package stmt_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestEveryOutcomeHasAName(t *testing.T) {
	t.Parallel()
	for o, want := range map[stmt.Outcome]string{
		stmt.Aborted: "aborted", stmt.Committed: "committed", stmt.Unknown: "unknown", stmt.Ended: "ended", 99: "no outcome",
	} {
		if got := o.String(); got != want {
			t.Errorf("%d is called %q", o, got)
		}
	}
}
