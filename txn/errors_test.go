package txn

import (
	"io"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

func TestErrorsSayWhichOperationAndWhat(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"txn: Op.Name is empty":                                     &ConfigError{Package: "txn", Field: "Op.Name", Problem: "is empty"},
		"txn: transfer: unknown whether it was committed: EOF":      &CommitUnknownError{Op: "transfer", Err: io.EOF},
		"txn: x: gave up after attempt 1 (EOF): 1 x declared: boom": &ExhaustedError{Op: "x", Causes: []error{Retryable(errBoom)}, Interrupted: io.EOF},
		"txn: x: begin: boom":                                       &unit.BeginError{Op: "x", Err: errBoom},
	} {
		if err.Error() != want {
			t.Errorf("text is %q, want %q", err, want)
		}
	}
}
