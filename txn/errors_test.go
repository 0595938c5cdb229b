package txn

import (
	"io"
	"testing"
)

func TestErrorsSayWhichOperationAndWhat(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"txn: Op.Name is empty":                                     &InvalidError{Field: "Op.Name", Problem: "is empty"},
		"txn: transfer: unknown whether it was committed: EOF":      &CommitUnknownError{Op: "transfer", Err: io.EOF},
		"txn: slugs: chunk at cursor 300: boom":                     &ChunkError{Op: "slugs", Cursor: 300, Err: errBoom},
		"txn: x: gave up after attempt 1 (EOF): 1 x declared: boom": &ExhaustedError{Op: "x", Causes: []error{Retryable(errBoom)}, Interrupted: io.EOF},
		"txn: x: begin: boom":                                       &beginError{op: "x", err: errBoom},
	} {
		if err.Error() != want {
			t.Errorf("text is %q, want %q", err, want)
		}
	}
}
