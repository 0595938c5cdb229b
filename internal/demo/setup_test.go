package demo

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/pgtest"
	_ "github.com/sqlkeel/sqlkeel/pgtest/container" // servers from Docker and downloads
)

func TestMain(m *testing.M) { os.Exit(withTool(m)) }

// tool is the path of sqlkeel, built for the tests.
var tool string

func withTool(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sqlkeel-demo-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		tool, err = BuildTool(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return pgtest.Main(m)
}

// foreign is a server that the demonstration did not start: that of dsn.
func foreign(t *testing.T, dsn string) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{
		Providers: []pgserver.Provider{pgserver.DSN},
		Getenv: func(name string) string {
			if name == "DATABASE_URL" {
				return dsn
			}
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// shared is the server that all tests share, which no test may stop.
func shared(t *testing.T) *pgserver.Server {
	t.Helper()
	return foreign(t, pgtest.New(t).DSN())
}

// owned is a server of the demonstration's own.
func owned(t *testing.T, settings map[string]string) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{
		Providers: []pgserver.Provider{pgserver.Local, pgserver.Docker, pgserver.Download}, Settings: settings,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	})
	return server
}

// console keeps what is shown, and calls hook with each line before the
// demonstration goes on.
type console struct {
	mu   sync.Mutex
	text strings.Builder
	rest string
	hook func(line string) error
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(p)
	c.rest += string(p)
	for {
		line, rest, complete := strings.Cut(c.rest, "\n")
		if !complete {
			return len(p), nil
		}
		c.rest = rest
		if c.hook == nil {
			continue
		}
		if err := c.hook(line); err != nil {
			return 0, err
		}
	}
}

// once returns a hook that calls do at the first line with that text.
func once(text string, do func()) func(string) error {
	var happened sync.Once
	return func(line string) error {
		if strings.Contains(line, text) {
			happened.Do(do)
		}
		return nil
	}
}

// performance is a demonstration that ended.
type performance struct {
	text string
	err  error
}

// tiny is enough for every part.
var tiny = seed.Size{Users: 20, Reviews: 100, Sales: 1_500, Accounts: 20, Tasks: 100}

// perform shows p on the smallest data and fails the test when its database is
// still there.
func perform(t *testing.T, ctx context.Context, server *pgserver.Server, p program, hook func(string) error) performance {
	t.Helper()
	out := &console{hook: hook}
	err := run(ctx, Options{Server: server, Tool: tool, Out: out, Size: tiny}, p)
	ended := performance{out.text.String(), err}
	if name := ended.database(); name != "" && exists(t, server.DSN(), name) {
		t.Errorf("database %s is still there after %v", name, err)
	}
	return ended
}

var databaseName = regexp.MustCompile(`sqlkeel_demo_[0-9a-f]{8}`)

func (p performance) database() string { return databaseName.FindString(p.text) }

// shows fails the test unless all the texts were shown, in this order.
func (p performance) shows(t *testing.T, texts ...string) {
	t.Helper()
	rest := p.text
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("%q is not shown, or not after what comes before it in %q; error %v, all:\n%s", text, texts, p.err, p.text)
			return
		}
		rest = after
	}
}

func (p performance) hides(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(p.text, text) {
		t.Errorf("%q is shown:\n%s", text, p.text)
	}
}

// number returns the first group of a pattern in what is shown.
func (p performance) number(t *testing.T, pattern string) (n int) {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(p.text)
	if found == nil {
		t.Errorf("nothing shown is like %s:\n%s", pattern, p.text)
		return 0
	}
	if _, err := fmt.Sscan(found[1], &n); err != nil {
		t.Error(err)
	}
	return n
}

// part returns the part with that title.
func (p program) part(t *testing.T, title string) part {
	t.Helper()
	i := slices.IndexFunc(p.parts, func(candidate part) bool { return candidate.title == title })
	if i < 0 {
		t.Fatalf("there is no part %q", title)
	}
	return p.parts[i]
}

// only is the program with those parts that all others need, and more.
func only(more ...part) program {
	p := everything()
	p.parts = append(slices.Clone(p.parts[:p.needed]), more...)
	return p
}

// onServer runs fn with a connection to a database.
func onServer(t *testing.T, dsn string, fn func(conn *pgx.Conn)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	fn(conn)
}

func exists(t *testing.T, dsn, name string) (found bool) {
	t.Helper()
	onServer(t, dsn, func(conn *pgx.Conn) {
		err := conn.QueryRow(context.Background(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&found)
		if err != nil {
			t.Error(err)
		}
	})
	return found
}

// tamper returns a hook that runs sql in the demonstration's database at the
// first line with that text.
func tamper(t *testing.T, server *pgserver.Server, text, sql string) func(string) error {
	var name string
	act := once(text, func() {
		dsn, _, err := onDatabase(server.DSN(), name)
		if err != nil {
			t.Error(err)
			return
		}
		onServer(t, dsn, func(conn *pgx.Conn) {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		})
	})
	return func(line string) error {
		if found := databaseName.FindString(line); name == "" && found != "" {
			name = found
		}
		return act(line)
	}
}
