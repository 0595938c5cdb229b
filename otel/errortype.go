package keelotel

import (
	"context"
	"io"
	"net"
	"reflect"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

// variables are errors whose types say nothing. They are compared as they are: what
// wraps them may have a name of its own.
var variables = []struct {
	err  error
	name string
}{
	{context.Canceled, "context.Canceled"},
	{context.DeadlineExceeded, "context.DeadlineExceeded"},
	{io.EOF, "io.EOF"},
	{io.ErrUnexpectedEOF, "io.ErrUnexpectedEOF"},
	{net.ErrClosed, "net.ErrClosed"},
	{pgx.ErrNoRows, "pgx.ErrNoRows"},
	{pgx.ErrTooManyRows, "pgx.ErrTooManyRows"},
	{pgconn.ErrConnClosed, "pgconn.ErrConnClosed"},
	{txn.ErrAlreadyCommitted, "txn.ErrAlreadyCommitted"},
	{txn.ErrNotReturned, "txn.ErrNotReturned"},
	{txn.ErrOpenRows, "txn.ErrOpenRows"},
	{txn.ErrSwallowed, "txn.ErrSwallowed"},
}

// errorType returns a name for err, one of few, without its text.
func errorType(err error) string {
	if code := pgerr.Code(err); code != "" {
		return code
	}
	if name := named(err, given); name != "" {
		return name
	}
	if name := named(err, known); name != "" {
		return name
	}
	return reflect.TypeOf(innermost(err)).String()
}

// named returns the first name in err's chain, in the order of errors.As, or "".
func named(err error, name func(error) string) string {
	if err == nil {
		return ""
	}
	if s := name(err); s != "" {
		return s
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return named(err.Unwrap(), name)
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			if s := named(err, name); s != "" {
				return s
			}
		}
	}
	return ""
}

// given is the name that an error gives itself, as OpenTelemetry's packages ask
// for it.
func given(err error) string {
	if e, ok := err.(interface{ ErrorType() string }); ok {
		return e.ErrorType()
	}
	return ""
}

// known is the exported name of err, or "".
func known(err error) string {
	for _, v := range variables {
		if err == v.err {
			return v.name
		}
	}
	t := reflect.TypeOf(err)
	base := t
	if t.Kind() == reflect.Pointer {
		base = t.Elem()
	}
	if first, _ := utf8.DecodeRuneInString(base.Name()); !unicode.IsUpper(first) {
		return ""
	}
	return t.String()
}

// innermost follows err's chain to its end, the first branch where it forks.
func innermost(err error) error {
	for {
		var next error
		switch err := err.(type) {
		case interface{ Unwrap() error }:
			next = err.Unwrap()
		case interface{ Unwrap() []error }:
			if all := err.Unwrap(); len(all) > 0 {
				next = all[0]
			}
		}
		if next == nil {
			return err
		}
		err = next
	}
}
