package keelotel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/txn"
)

type Refusal struct{}

func (Refusal) Error() string { return "no" }

type hiddenRefusal struct{}

func (*hiddenRefusal) Error() string { return "no" }

type titled struct{ error }

func (titled) ErrorType() string { return "out_of_stock" }
func (e titled) Unwrap() error   { return e.error }

func wrap(err error) error { return fmt.Errorf("row 17 of ann@example.com: %w", err) }

func TestAnErrorHasTheNameThatSaysMost(t *testing.T) {
	t.Parallel()
	server := &pgconn.PgError{Code: "40001", Message: "ann@example.com"}
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	plain := errors.New("ann@example.com")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{wrap(server), "40001"},
		{wrap(&pgconn.PgError{Code: "23505"}), "23505"},
		{&txn.ExhaustedError{Causes: []error{plain, server}, Interrupted: context.Canceled}, "40001"},
		{&txn.ExhaustedError{Causes: []error{plain}, Interrupted: txn.ErrRetryBudget}, "*txn.ExhaustedError"},
		{&txn.CommitUnknownError{Err: io.EOF}, "*txn.CommitUnknownError"},
		{&txn.CommitUnknownError{Err: &pgconn.PgError{Code: "57P01"}}, "57P01"},
		{wrap(txn.ErrAlreadyCommitted), "txn.ErrAlreadyCommitted"},
		{fmt.Errorf("txn: x: %w: %w", txn.ErrSwallowed, plain), "txn.ErrSwallowed"},
		{fmt.Errorf("txn: x: %w: %w", txn.ErrSwallowed, server), "40001"},
		{wrap(txn.ErrOpenRows), "txn.ErrOpenRows"},
		{wrap(&txn.MisuseError{Op: "pay"}), "*txn.MisuseError"},
		{txn.ErrNotReturned, "txn.ErrNotReturned"},
		{wrap(context.Canceled), "context.Canceled"},
		{wrap(context.DeadlineExceeded), "context.DeadlineExceeded"},
		{wrap(pgx.ErrNoRows), "pgx.ErrNoRows"},
		{wrap(pgconn.ErrConnClosed), "pgconn.ErrConnClosed"},
		{wrap(io.ErrUnexpectedEOF), "io.ErrUnexpectedEOF"},
		{wrap(reset), "*net.OpError"},
		{syscall.EPIPE, "syscall.Errno"},
		{wrap(Refusal{}), "keelotel.Refusal"},
		{errors.Join(plain, wrap(Refusal{})), "keelotel.Refusal"},
		{wrap(&hiddenRefusal{}), "*keelotel.hiddenRefusal"},
		{errors.Join(wrap(&hiddenRefusal{}), plain), "*keelotel.hiddenRefusal"},
		{wrap(titled{plain}), "out_of_stock"},
		{errors.Join(Refusal{}, titled{plain}), "out_of_stock"},
		{titled{server}, "40001"},
		{plain, "*errors.errorString"},
		{wrap(txn.Retryable(wrap(plain))), "*errors.errorString"},
		{fmt.Errorf("nothing wrapped: %w", nil), "*fmt.wrapError"},
	} {
		if got := errorType(tc.err); got != tc.want {
			t.Errorf("%T: %q, want %q", tc.err, got, tc.want)
		}
	}
}

func TestWhatCannotBeComparedHasAName(t *testing.T) {
	t.Parallel()
	if got := errorType(uncomparable{"x"}); got != "keelotel.uncomparable" {
		t.Error(got)
	}
}

type uncomparable []string

func (uncomparable) Error() string { return "no" }
