package main

import (
	"net/url"
	"strconv"
	"time"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// query reads parameters from a URL. A parameter that is absent or empty is
// nil or the default; the first that cannot be read is kept in err.
type query struct {
	values url.Values
	err    error
}

func (q *query) text(name string) *string { return read(q, name, parseText) }

func (q *query) bool(name string) *bool { return read(q, name, strconv.ParseBool) }

func (q *query) int64(name string) *int64 { return read(q, name, parseInt64) }

func (q *query) int32(name string) *int32 {
	return read(q, name, func(s string) (int32, error) {
		n, err := strconv.ParseInt(s, 10, 32)
		return int32(n), err
	})
}

func (q *query) category(name string) *queries.BookCategory {
	return read(q, name, func(s string) (queries.BookCategory, error) { return queries.BookCategory(s), nil })
}

func (q *query) intOr(name string, fallback int) int {
	return or(read(q, name, strconv.Atoi), fallback)
}

func (q *query) cursor(name string) repo.BookCursor {
	return or(read(q, name, queries.ParseSearchBooksCursor), repo.BookCursor{})
}

func (q *query) dayOr(name string, fallback time.Time) time.Time {
	return or(read(q, name, func(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }), fallback)
}

func read[T any](q *query, name string, parser func(string) (T, error)) *T {
	text := q.values.Get(name)
	if text == "" {
		return nil
	}
	v, err := parse(name, text, parser)
	if err != nil {
		if q.err == nil {
			q.err = err
		}
		return nil
	}
	return &v
}

func parse[T any](name, text string, parser func(string) (T, error)) (T, error) {
	v, err := parser(text)
	if err != nil {
		return v, &repo.InvalidError{Field: name, Reason: "cannot be read: " + err.Error()}
	}
	return v, nil
}

func parseInt64(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func parseText(s string) (string, error) { return s, nil }

func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
