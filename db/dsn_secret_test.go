package db

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

const password = "s3cretw0rd"

// wantNoPassword fails the test when four letters of the password or more are in
// one of the texts.
func wantNoPassword(t *testing.T, what string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for i := range len(password) - 3 {
			if strings.Contains(text, password[i:i+4]) {
				t.Errorf("%s: a part of the password is in %s", what, text)
				break
			}
		}
	}
}

// printed is all that can be printed of an error and of what it wraps.
func printed(err error) (texts []string) {
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		texts = append(texts, fmt.Sprintf(verb, err))
	}
	switch inner := err.(type) {
	case interface{ Unwrap() error }:
		if e := inner.Unwrap(); e != nil {
			texts = append(texts, printed(e)...)
		}
	case interface{ Unwrap() []error }:
		for _, e := range inner.Unwrap() {
			texts = append(texts, printed(e)...)
		}
	}
	return texts
}

func TestAMalformedDSNIsRefusedBeforeAnyDial(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dials atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dials.Add(1)
			_ = conn.Close()
		}
	}()
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	t.Setenv("PGHOST", host)
	t.Setenv("PGPORT", port)
	const good = "postgres://app:" + password + "@10.9.9.9:1/x?sslmode=disable"
	for _, text := range []string{
		" " + good, good + "\n", "\ufeff" + good, `"` + good + `"`, "'" + good + "'", "P" + good[1:], "postgres:/" + good[11:], "pgx5" + good[8:], good[11:],
		"jdbc:postgresql" + good[8:], "DATABASE_URL=" + good, "url=" + good, "dbname=" + good, "host=" + good, "user=app;password=" + password,
		"Host=h;Password=" + password, "password=my " + password + "=1", "password='" + password, "postgres://app:%" + password + "@h/d",
		"postgres://app:p@" + password + "@h/d", "postgres://app:12/" + password + "@h/d", "postgres://h/d?password=a&" + password + "=b",
		"postgres://app:x" + password + "@h1:1,h2:" + password + "/d", "postgres://h/d?sslpassword=" + password + "&sslkey=/none&sslcert=/none",
	} {
		log := &bytes.Buffer{}
		_, err := Open(t.Context(), Config{DSN: text, ConnectAttempts: 1, Logger: logTo(log, slog.LevelDebug)})
		var refused *ConfigError
		if !errors.As(err, &refused) || refused.Field != "DSN" || !strings.Contains(refused.Problem, ": ") {
			t.Errorf("%q: %v", text, err)
		}
		wantNoPassword(t, text, append(printed(err), log.String())...)
		_, err = OpenSet(t.Context(), "a", Config{Name: "a", DSN: text, ConnectAttempts: 1})
		wantNoPassword(t, text, printed(err)...)
	}
	_ = listener.Close()
	<-done
	if n := dials.Load(); n != 0 {
		t.Errorf("%d dials", n)
	}
}

func TestThePasswordOfAGoodDSNIsNotTold(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	u, err := url.Parse(server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), password+"@:/?#")
	log := &lines{}
	cfg := Config{DSN: u.String(), MaxConns: 2, AcquireTimeout: 300 * time.Millisecond, Logger: logTo(log, slog.LevelDebug), HealthInterval: 20 * time.Millisecond}
	d := start(t, cfg)
	fill(t, d, 2)
	server.Stop()
	_, err = d.Exec(t.Context(), "SELECT 1")
	if err == nil {
		t.Error("a success without a server")
	}
	eventually(t, "down", func() bool { return d.Health().State == Down })
	report, jsonErr := json.Marshal(d.Health())
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	cfg.ConnectAttempts = 1
	_, openErr := Open(t.Context(), cfg)
	wantNoPassword(t, "a server that is gone", printed(err)...)
	wantNoPassword(t, "Open", printed(openErr)...)
	wantNoPassword(t, "report and log", string(report), d.Health().String(), strings.Join(log.all(), ""))
}
