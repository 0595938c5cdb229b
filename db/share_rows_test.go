package db

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestRowsAreThoseOfThePool(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	type result struct {
		fields string
		values []any
		raw    string
		tag    string
		err    any
	}
	read := func(e Executor, id any) (r result) {
		rows, _ := e.Query(t.Context(), itemNote, id)
		defer rows.Close()
		defer func() { _ = rows.TypeMap() }() // nothing is said of it after the end, but it must not panic
		for rows.Next() {
			r.raw += fmt.Sprintf("%q", rows.RawValues())
			values, err := rows.Values()
			if err != nil {
				return result{err: err.Error()}
			}
			r.values = append(r.values, values...)
		}
		for _, f := range rows.FieldDescriptions() {
			r.fields += fmt.Sprint(f.Name, f.DataTypeOID, f.Format, " ")
		}
		r.tag, r.err = rows.CommandTag().String(), fmt.Sprint(rows.Err())
		return r
	}
	pool := s.pg.Pool()
	var calls []func() error
	for _, id := range []any{1, 2, 100, 1000, "x", nil, int64(7)} {
		want := fmt.Sprintf("%+v", read(pool, id))
		calls = append(calls, func() error {
			if got := fmt.Sprintf("%+v", read(s, id)); got != want {
				return fmt.Errorf("%v:\n got %s\nwant %s", id, got, want)
			}
			return nil
		})
	}
	for _, err := range s.together(t, calls...) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := s.stats(); got.SharedReads < 5 {
		t.Errorf("%+v", got)
	}
}

// forgiving is a scanner that keeps an error to itself.
type forgiving struct{}

func (forgiving) ScanRow(rows pgx.Rows) error {
	_ = rows.Scan(new(bool), new(bool))
	return nil
}

func TestErrorsOfRowsAreThoseOfThePool(t *testing.T) {
	t.Parallel()
	const itemJSON = "-- name: ItemJSON :one\nSELECT id, '1e400'::jsonb FROM items WHERE id = $1"
	s := share(t, Config{Statements: unique(itemName, itemJSON)})
	scan := func(e Executor) string { return fmt.Sprint(e.QueryRow(t.Context(), itemName, 1).Scan(forgiving{})) }
	values := func(e Executor) string {
		rows, _ := e.Query(t.Context(), itemJSON, 1)
		defer rows.Close()
		rows.Next()
		values, err := rows.Values()
		return fmt.Sprint(values == nil, err != nil, rows.Err() != nil)
	}
	pool := s.pg.Pool()
	var calls []func() error
	for _, read := range []func(Executor) string{scan, values} {
		want := read(pool)
		calls = append(calls, func() error {
			if got := read(s); got != want {
				return fmt.Errorf("%s in place of %s", got, want)
			}
			return nil
		})
	}
	for _, err := range s.together(t, calls...) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := s.stats(); got.SharedReads != 2 {
		t.Errorf("%+v", got)
	}
}

func TestAValueThatDoesNotFitIsItsCallersError(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	calls := append(s.reads(t, 1, 2), func() error { return s.QueryRow(t.Context(), itemNote, 1).Scan(new(string), new(string)) }) // NULL
	for i, err := range s.together(t, calls...) {
		if (i == 2) != (err != nil) {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if got := s.stats(); got.SharedReads != 3 || s.shares.known[s.cfg.Statements.Lookup(itemNote)].Load() != 0 {
		t.Errorf("%+v, or the reads of others run alone now", got)
	}
}
