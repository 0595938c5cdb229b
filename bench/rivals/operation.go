package rivals

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
)

// operation is what a workload does with one store. Calls are numbered from 0, and the
// number decides the arguments.
type operation struct {
	// calls returns count calls from the one with number first on, whose arguments are made.
	calls func(first uint64, count int) func(context.Context) error
	// check does one call and judges its result and, by conn, its effect.
	check func(ctx context.Context, conn *pgx.Conn, n uint64) error
	// old counts the results that were older than a write that had returned before the
	// call began. It is nil where there are no writes beside reads.
	old func() float64
	why string // the arm cannot do it
}

// judge says what is wrong with a result or with an effect.
type judge[A, R any] func(ctx context.Context, conn *pgx.Conn, arg A, got R) error

// bind makes the operation of an arm's store for a workload.
func bind[A, R any](op Op[A, R], arg func(n uint64) A, judge judge[A, R]) operation {
	if op.Run == nil {
		return operation{why: op.Why}
	}
	return operation{
		calls: func(first uint64, count int) func(context.Context) error {
			args := make([]A, count)
			for i := range args {
				args[i] = arg(first + uint64(i))
			}
			return func(ctx context.Context) error {
				for _, arg := range args {
					if err := op.Run(ctx, arg); err != nil {
						return err
					}
				}
				return nil
			}
		},
		check: func(ctx context.Context, conn *pgx.Conn, n uint64) error {
			arg := arg(n)
			got, err := op.Result(ctx, arg)
			if err != nil {
				return err
			}
			return judge(ctx, conn, arg, got)
		},
	}
}

// returns judges a read by what it should return.
func returns[A, R any](want func(A) R) judge[A, R] {
	return func(_ context.Context, _ *pgx.Conn, arg A, got R) error {
		if want := want(arg); !reflect.DeepEqual(inUTC(got), any(want)) {
			return fmt.Errorf("wrong result: %s, want %s", brief(got), brief(want))
		}
		return nil
	}
}

// priced judges an update of a price, given the book as it was.
func priced(was func(id int64) Book) judge[Price, int64] {
	return func(ctx context.Context, conn *pgx.Conn, arg Price, n int64) error {
		if n != 1 {
			return fmt.Errorf("wrong result: %d rows, want 1", n)
		}
		row := was(arg.ID)
		row.Price = arg.Price
		return isThere(ctx, conn, row)
	}
}

// addedWithID judges an insert that returns an id.
func addedWithID(ctx context.Context, conn *pgx.Conn, arg Book, id int64) error {
	if id <= 0 {
		return errors.New("no id was returned")
	}
	arg.ID = id
	return isThere(ctx, conn, arg)
}

// addedAll judges an insert of several books.
func addedAll(ctx context.Context, conn *pgx.Conn, arg []Book, n int64) error {
	if n != int64(len(arg)) {
		return fmt.Errorf("wrong result: %d rows, want %d", n, len(arg))
	}
	for _, i := range []int{0, len(arg) / 2, len(arg) - 1} {
		if err := isThere(ctx, conn, arg[i]); err != nil {
			return err
		}
	}
	return nil
}

// isThere looks for a book by its ISBN. An id of 0 is any.
func isThere(ctx context.Context, conn *pgx.Conn, want Book) error {
	rows, err := conn.Query(ctx, `SELECT id, author_id, isbn, title, price, stock, added_at FROM books WHERE isbn = $1`, want.ISBN)
	if err != nil {
		return err
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Book])
	if err != nil {
		return fmt.Errorf("look for the book %s: %w", want.ISBN, err)
	}
	if want.ID == 0 {
		want.ID = got.ID
	}
	if got.AddedAt = got.AddedAt.UTC(); got != want {
		return fmt.Errorf("wrong row: %+v, want %+v", got, want)
	}
	return nil
}

// inUTC returns a result whose times are in UTC: the zone is not part of it.
func inUTC(result any) any {
	switch result := result.(type) {
	case Book:
		result.AddedAt = result.AddedAt.UTC()
		return result
	case []Book:
		for i := range result {
			result[i].AddedAt = result[i].AddedAt.UTC()
		}
		return result
	case []Author:
		for _, a := range result {
			inUTC(a.Books)
		}
		return result
	}
	return result
}

// brief is a result in a line of bounded length.
func brief(v any) string {
	const most = 300
	text := fmt.Sprintf("%+v", v)
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}
