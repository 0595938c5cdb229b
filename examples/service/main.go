// Command service is a small HTTP service on the bookstore: what code looks like that
// imports package repo. It reads DATABASE_URL and ADDR (default 127.0.0.1:8080), and
// expects the migrations to be applied. On SIGINT or SIGTERM it answers the requests
// under way and ends.
//
//	make migrate DATABASE_URL=postgres://...
//	DATABASE_URL=postgres://... go run ./examples/service
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// drainTime is how long the requests under way may take when the service ends.
const drainTime = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err == nil {
		err = run(ctx, log, db.Config{DSN: os.Getenv("DATABASE_URL"), Logger: log}, listener)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		stop()
		os.Exit(1)
	}
}

// run serves until ctx ends. Then it stops being ready, answers what is under
// way, closes the pool and returns; an error says which of these failed.
func run(ctx context.Context, log *slog.Logger, cfg db.Config, listener net.Listener) (err error) {
	defer listener.Close()
	results, err := cache.New(cache.Config{})
	if err != nil {
		return err
	}
	cfg.Statements, cfg.Invalidator = queries.Statements, results
	d, err := db.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		err = errors.Join(err, d.Close(drain))
	}()
	books, err := repo.New(d, repo.Config{Cache: results})
	if err != nil {
		return err
	}
	api := &api{books: books, health: d.Health, log: log, stopping: ctx.Done()}
	server := &http.Server{Handler: api.routes(), ReadHeaderTimeout: 5 * time.Second}
	log.Info("serving", "addr", listener.Addr().String())
	return serve(ctx, server, listener)
}

// serve runs the server until ctx ends or it fails.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("requests were still under way after %v: %w", drainTime, err)
	}
	<-failed
	return nil
}
