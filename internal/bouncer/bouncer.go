//go:build unix

// Package bouncer starts PgBouncer for the tests of what happens behind a pooler.
package bouncer

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The pool modes of PgBouncer.
const (
	Session     = "session"
	Transaction = "transaction"
	Statement   = "statement"
)

// Start starts a PgBouncer in front of the server of dsn, a URL, and returns the
// DSN that leads through it. It is ended with the test. The settings are lines for
// its section [pgbouncer], such as "default_pool_size = 1".
//
// The program is that of SQLKEEL_PGBOUNCER, else the pgbouncer of PATH or
// /usr/sbin. Where there is none the test is skipped, and fails where
// SQLKEEL_PGBOUNCER or SQLKEEL_REQUIRE_PGBOUNCER is set.
func Start(t testing.TB, dsn, mode string, settings ...string) string {
	t.Helper()
	program := find(t)
	server, err := pgconn.ParseConfig(dsn)
	through, urlErr := url.Parse(dsn)
	if err != nil || urlErr != nil || through.Host == "" {
		t.Fatal("bouncer: the DSN must be a URL: postgres://user@host:port/database")
	}
	through.Host = freeAddr(t)
	as := account(t)
	dir := home(t, as)
	write(t, as, filepath.Join(dir, "users"), fmt.Sprintf("%q %q\n", server.User, server.Password))
	write(t, as, filepath.Join(dir, "ini"), ini(server, through.Host, dir, mode, settings))
	run(t, as, through.Host, program, filepath.Join(dir, "ini"))
	return through.String()
}

const instructions = "there is no PgBouncer: install it (on Debian: apt-get install pgbouncer), or set SQLKEEL_PGBOUNCER to the program"

func find(t testing.TB) string {
	t.Helper()
	wanted := os.Getenv("SQLKEEL_PGBOUNCER")
	for _, name := range []string{cmp.Or(wanted, "pgbouncer"), cmp.Or(wanted, "/usr/sbin/pgbouncer")} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	if wanted != "" || os.Getenv("SQLKEEL_REQUIRE_PGBOUNCER") != "" {
		t.Fatal("bouncer: " + instructions)
	}
	t.Skip("NOT RUN: " + instructions)
	return ""
}

// ini is the configuration. The users are trusted: what a test wants to know of
// passwords it sets itself.
func ini(server *pgconn.Config, addr, dir, mode string, settings []string) string {
	host, port, _ := net.SplitHostPort(addr)
	lines := []string{
		"[databases]",
		fmt.Sprintf("%s = host=%s port=%d", server.Database, server.Host, server.Port),
		"[pgbouncer]",
		"listen_addr = " + host, "listen_port = " + port, "unix_socket_dir =",
		"auth_type = trust", "auth_file = " + filepath.Join(dir, "users"),
		"pool_mode = " + mode, "max_client_conn = 500",
	}
	return strings.Join(append(lines, settings...), "\n") + "\n"
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// account is the user that PgBouncer runs as, nil for this process's own. It
// refuses to run as root.
func account(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("bouncer: PgBouncer does not run as root, and there is no other user to run it as: create the user postgres")
	return nil
}

// home is a directory that the account can read; a test's own may not be.
func home(t testing.TB, as *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "sqlkeel-bouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	own(t, as, dir)
	return dir
}

func write(t testing.TB, as *syscall.Credential, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	own(t, as, path)
}

func own(t testing.TB, as *syscall.Credential, path string) {
	t.Helper()
	if as == nil {
		return
	}
	if err := os.Chown(path, int(as.Uid), int(as.Gid)); err != nil {
		t.Fatal(err)
	}
}

// guard ends the program when its standard input does, as it does when this process
// has died.
const guard = `"$0" -q "$1" </dev/null & read -r _; kill $!; wait $!`

// run starts the program and returns when it listens.
func run(t testing.TB, as *syscall.Credential, addr, program, config string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", guard, program, config)
	cmd.Dir, cmd.Env = "/", []string{}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: as}
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("bouncer: %v", err)
	}
	listens := false
	t.Cleanup(func() {
		_ = leash.Close()
		_ = cmd.Wait() // it was killed
		if !listens {
			t.Logf("bouncer: %s", output.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			listens = true
			_ = conn.Close()
			return
		}
	}
	t.Fatalf("bouncer: %s does not listen", program)
}
