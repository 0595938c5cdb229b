package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/repo"
	"github.com/sqlkeel/sqlkeel/txn"
)

// api answers HTTP requests from the repository.
type api struct {
	books    *repo.Repo
	health   func() db.Report
	log      *slog.Logger
	stopping <-chan struct{} // closed when the service is to end
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.alive)
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /products", a.answer(a.products))
	mux.HandleFunc("GET /books", a.answer(a.search))
	mux.HandleFunc("GET /books/{id}", a.answer(a.book))
	mux.HandleFunc("GET /reports/daily", a.answer(a.daily))
	mux.HandleFunc("POST /transfers", a.answer(a.transfer))
	return mux
}

func (a *api) products(r *http.Request) (any, error) {
	q := query{values: r.URL.Query()}
	filter := repo.ProductFilter{
		Category: q.category("category"), MinPrice: q.int64("min_price"), MaxPrice: q.int64("max_price"),
		InStock: q.bool("in_stock"), Name: q.text("name"),
		Sort: repo.ProductSort(q.values.Get("sort")), Limit: q.intOr("limit", 20),
	}
	if q.err != nil {
		return nil, q.err
	}
	return a.books.FindProducts(r.Context(), filter)
}

// page is a part of a list. Next is the "after" of the page that follows, empty
// on the last one.
type page struct {
	Items []repo.FoundBook `json:"items"`
	Next  repo.BookCursor  `json:"next"`
}

func (a *api) search(r *http.Request) (any, error) {
	q := query{values: r.URL.Query()}
	search := repo.BookSearch{
		Title: q.text("title"), Author: q.text("author"), MinYear: q.int32("min_year"),
		After: q.cursor("after"), Limit: q.intOr("limit", 20),
	}
	if q.err != nil {
		return nil, q.err
	}
	items, next, err := a.books.SearchBooks(r.Context(), search)
	if err != nil {
		return nil, err
	}
	return page{Items: items, Next: next}, nil
}

func (a *api) book(r *http.Request) (any, error) {
	id, err := parse("id", r.PathValue("id"), parseInt64)
	if err != nil {
		return nil, err
	}
	return a.books.Book(r.Context(), id)
}

func (a *api) daily(r *http.Request) (any, error) {
	q := query{values: r.URL.Query()}
	until, days := q.dayOr("until", time.Now()), q.intOr("days", 7)
	if q.err != nil {
		return nil, q.err
	}
	return a.books.DailySales(r.Context(), until, days)
}

func (a *api) transfer(r *http.Request) (any, error) {
	var in struct {
		From        int64 `json:"from"`
		To          int64 `json:"to"`
		AmountCents int64 `json:"amount_cents"`
	}
	body := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 4096))
	body.DisallowUnknownFields()
	if err := body.Decode(&in); err != nil {
		return nil, &repo.InvalidError{Field: "body", Reason: err.Error()}
	}
	return a.books.Transfer(r.Context(), in.From, in.To, in.AmountCents)
}

// alive says that the process answers. It does not ask the database: a
// database that is down is no reason to restart the service.
func (a *api) alive(w http.ResponseWriter, _ *http.Request) {
	a.reply(w, http.StatusOK, map[string]string{"status": "alive"})
}

// ready says whether requests should come here: not while the database is out
// of reach, and not once the service is ending.
func (a *api) ready(w http.ResponseWriter, _ *http.Request) {
	report, status := a.health(), http.StatusOK
	if !report.Ready() {
		status = http.StatusServiceUnavailable
	}
	select {
	case <-a.stopping:
		status = http.StatusServiceUnavailable
	default:
	}
	a.reply(w, status, report)
}

// answer turns an operation into a handler.
func (a *api) answer(operation func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := operation(r)
		if err == nil {
			a.reply(w, http.StatusOK, result)
			return
		}
		status := statusOf(err)
		message := err.Error()
		if status >= 500 {
			a.log.Error("request failed", "path", r.URL.Path, "error", err)
			message = http.StatusText(status)
		}
		a.reply(w, status, map[string]string{"error": message})
	}
}

func (a *api) reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		a.log.Warn("reply not sent", "error", err)
	}
}

// statusOf says what an error means to an HTTP client. 503 is for what may go
// well when tried again; a commit whose outcome is unknown is not.
func statusOf(err error) int {
	var invalid *repo.InvalidError
	var funds *repo.InsufficientFundsError
	var taken *repo.TakenError
	var unknown *txn.CommitUnknownError
	switch {
	case errors.As(err, &invalid):
		return http.StatusBadRequest
	case errors.Is(err, repo.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, &funds), errors.As(err, &taken):
		return http.StatusConflict
	case errors.As(err, &unknown):
		return http.StatusInternalServerError
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, db.ErrClosed),
		pgerr.KindOf(err) == pgerr.Disconnected:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
