package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/repo"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// service is the whole program, started as main starts it.
type service struct {
	url    string
	client *http.Client
	stop   context.CancelFunc
	ended  <-chan error
}

func start(t *testing.T, dsn string) service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	cfg := db.Config{DSN: dsn, MaxConns: 4, HealthInterval: 50 * time.Millisecond}
	go func() { ended <- run(ctx, slog.New(slog.DiscardHandler), cfg, listener) }()
	transport := &http.Transport{}
	s := service{"http://" + listener.Addr().String(), &http.Client{Transport: transport, Timeout: 30 * time.Second}, stop, ended}
	t.Cleanup(func() {
		stop()
		transport.CloseIdleConnections()
	})
	return s
}

// bookstore gives the test a seeded database of its own.
func bookstore(t *testing.T) string {
	t.Helper()
	return pgtest.New(t, pgtest.WithMigrations(migrations.FS), pgtest.WithSeed("small", func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, seed.Small, nil) })
	})).DSN()
}

// get reads path into result, which may be nil, and returns the status.
func (s service) get(t *testing.T, path string, result any) int {
	t.Helper()
	res, err := s.client.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, res, result)
}

func (s service) post(t *testing.T, path, body string, result any) int {
	t.Helper()
	res, err := s.client.Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, res, result)
}

func decode(t *testing.T, res *http.Response, result any) int {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if result != nil {
		if err := json.Unmarshal(body, result); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return res.StatusCode
}

// end tells the service to end and fails the test unless it does so cleanly.
func (s service) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the service ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the service did not end")
	}
}

func TestTheServiceAnswersOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, bookstore(t))
	defer s.end(t)

	var book repo.Book
	if status := s.get(t, "/books/2", &book); status != http.StatusOK || book.Title != "The Iliad" {
		t.Errorf("book: %d %+v", status, book)
	}
	var products []repo.Product
	status := s.get(t, "/products?category=fantasy&in_stock=true&sort=price_up&limit=5", &products)
	if status != http.StatusOK || len(products) == 0 || len(products) > 5 {
		t.Errorf("products: %d %+v", status, products)
	}
	for i, p := range products {
		if p.Category != "fantasy" || p.Stock == 0 || i > 0 && p.PriceCents < products[i-1].PriceCents {
			t.Errorf("product %d: %+v", i, p)
		}
	}
	var days []repo.DailySale
	if status := s.get(t, "/reports/daily?days=7&until="+seed.LastDay.Format(time.DateOnly), &days); status != http.StatusOK || len(days) != 7 {
		t.Errorf("daily: %d %+v", status, days)
	}
	var moved repo.Transfer
	if status := s.post(t, "/transfers", `{"from": 1, "to": 2, "amount_cents": 500}`, &moved); status != http.StatusOK || moved.FromBalanceCents != seed.Balance-500 {
		t.Errorf("transfer: %d %+v", status, moved)
	}
}

func TestPagesCoverTheSearchOnce(t *testing.T) {
	t.Parallel()
	s := start(t, bookstore(t))
	defer s.end(t)
	type answer struct {
		Items []repo.FoundBook `json:"items"`
		Next  string           `json:"next"`
	}
	var all answer
	if s.get(t, "/books?title=the&limit=1000", &all); len(all.Items) < 20 || all.Next != "" {
		t.Fatalf("%d books, next %q", len(all.Items), all.Next)
	}
	seen := 0
	for path := "/books?title=the&limit=9"; path != ""; {
		var p answer
		if status := s.get(t, path, &p); status != http.StatusOK {
			t.Fatalf("%s: %d", path, status)
		}
		for _, b := range p.Items {
			if b.ID != all.Items[seen].ID {
				t.Fatalf("book %d of the pages is %d, want %d", seen, b.ID, all.Items[seen].ID)
			}
			seen++
		}
		path = ""
		if p.Next != "" {
			path = "/books?title=the&limit=9&after=" + url.QueryEscape(p.Next)
		}
	}
	if seen != len(all.Items) {
		t.Errorf("the pages have %d books, want %d", seen, len(all.Items))
	}
}

func TestBadRequestsGetAClearAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, bookstore(t))
	defer s.end(t)
	for path, want := range map[string]struct {
		status int
		word   string
	}{
		"/books/abc":                 {400, "id"},
		"/books/123456789":           {404, "book 123456789"},
		"/products?limit=-1":         {400, "limit"},
		"/products?limit=x":          {400, "limit"},
		"/books?after=17":            {400, "after"},
		"/products?sort=best":        {400, "sort"},
		"/products?category=zzz":     {400, "category"},
		"/products?in_stock=so":      {400, "in_stock"},
		"/products?name=%ff":         {400, "name"},
		"/products?name=%00":         {400, "name"},
		"/books?min_year=9999999999": {400, "min_year"},
		"/reports/daily?days=0":      {400, "days"},
		"/reports/daily?until=31":    {400, "until"},
	} {
		var e struct{ Error string }
		if status := s.get(t, path, &e); status != want.status || !strings.Contains(e.Error, want.word) {
			t.Errorf("%s: %d %q, want %d about %q", path, status, e.Error, want.status, want.word)
		}
	}
	for body, want := range map[string]int{
		`{"from": 1, "to": 2, "amount_cents": 0}`:        400,
		`{"from": 1, "to": 1, "amount_cents": 1}`:        400,
		`{"from": 1, "to": 999, "amount_cents": 1}`:      404,
		`{"from": 1, "to": 2, "amount_cents": 99999999}`: 409,
		`{"from": 1, "to": 2, "cents": 1}`:               400,
		`{"from": `:                                      400,
		strings.Repeat(" ", 5000) + `{}`:                 400,
	} {
		var e struct{ Error string }
		if status := s.post(t, "/transfers", body, &e); status != want || e.Error == "" {
			t.Errorf("%.60s: %d %q, want %d", body, status, e.Error, want)
		}
	}
}

func TestReadinessFollowsTheDatabaseAndLivenessDoesNot(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	s := start(t, server.DSN())
	defer s.end(t)
	s.until(t, http.StatusOK)
	server.Stop()
	s.until(t, http.StatusServiceUnavailable)
	if status := s.get(t, "/healthz", nil); status != http.StatusOK {
		t.Errorf("liveness is %d while the database is down", status)
	}
	server.Start()
	s.until(t, http.StatusOK)
}

// until asks for readiness until it is as wanted, in bounded time.
func (s service) until(t *testing.T, want int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for status := 0; status != want; {
		if time.Now().After(deadline) {
			t.Fatalf("readiness is %d, want %d", status, want)
		}
		status = s.get(t, "/readyz", nil)
	}
}

func TestARequestUnderWayIsAnsweredBeforeTheServiceEnds(t *testing.T) {
	t.Parallel()
	dsn := bookstore(t)
	s := start(t, dsn)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The transfer waits for this lock.
	if _, err := tx.Exec(t.Context(), "SELECT FROM accounts WHERE id = 1 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	go func() {
		res, err := s.client.Post(s.url+"/transfers", "application/json", strings.NewReader(`{"from": 1, "to": 2, "amount_cents": 5}`))
		if err != nil {
			answered <- 0
			return
		}
		_ = res.Body.Close()
		answered <- res.StatusCode
	}()
	waitForLock(t, dsn)
	s.stop()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the request under way got %d", status)
	}
	s.end(t)
}

// waitForLock returns once a session of the database waits for a lock.
func waitForLock(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for waiting := 0; waiting == 0; {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAServiceWithoutItsDatabaseDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"", "postgres://localhost:notaport/x"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), slog.New(slog.DiscardHandler), db.Config{DSN: dsn}, listener); err == nil {
			t.Errorf("DSN %q was accepted", dsn)
		}
	}
}

func TestStatusOfEveryKindOfError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want int
	}{
		{&repo.InvalidError{Field: "x"}, 400},
		{&repo.UnknownAccountError{ID: 1}, 404},
		{&repo.TakenError{What: "x"}, 409},
		{&repo.InsufficientFundsError{Account: 1}, 409},
		{context.DeadlineExceeded, 503},
		{db.ErrClosed, 503},
		{fmt.Errorf("x: %w", io.ErrUnexpectedEOF), 503},
		{&txn.CommitUnknownError{Op: "x", Err: io.ErrUnexpectedEOF}, 500},
		{errors.New("boom"), 500},
	} {
		if got := statusOf(tc.err); got != tc.want {
			t.Errorf("%T: %d, want %d", tc.err, got, tc.want)
		}
	}
}
