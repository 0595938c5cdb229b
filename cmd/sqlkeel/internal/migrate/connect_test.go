package migrate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// secret is in every DSN of these tests and in none of their errors.
const secret = "s3cr3t"

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
			if strings.Contains(text, secret) {
				t.Errorf("the password is in %q", text)
			}
		}
	}
}

func TestADSNThatCannotBeParsedIsOneClearError(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                                     "is empty: use postgres://user:password@host:port/database",
		"  ":                                   "is empty: use postgres://user:password@host:port/database",
		"postgres://u:" + secret + "/x@h/d":    "is not a valid URL: the port must be a number; percent-encode special characters in user and password",
		"postgres://u:%" + secret + "@h/d":     "is not a valid URL: the port must be a number; percent-encode special characters in user and password",
		"postgres://u:" + secret + "@h:port/d": "is not a valid URL: the port must be a number; percent-encode special characters in user and password",
		"mysql://u:" + secret + "@h/d":         "is neither a URL that begins with postgres:// nor keyword=value pairs: use postgres://user:password@host:port/database",
		secret:                                 "is neither a URL that begins with postgres:// nor keyword=value pairs: use postgres://user:password@host:port/database",
		"postgres://u:" + secret + "@h/d?sslmode=" + "foo": `has a part that cannot be used: correct the value of "sslmode"`,
	} {
		_, err := New(Config{DSN: dsn, FS: twoTables()})
		var connect *ConnectError
		if !errors.As(err, &connect) || err.Error() != "the database URL "+want {
			t.Errorf("%s: %v\nwant %s", dsn, err, want)
		}
		wantNoSecret(t, err)
	}
}

// up returns the error of an up of dsn after its parts were changed.
func upWith(t *testing.T, dsn string, change func(*pgx.ConnConfig)) error {
	t.Helper()
	m := migrator(t, testDB{dsn: dsn}, twoTables())
	m.conn.Password = secret
	change(m.conn)
	_, err := m.Up(within(t))
	return err
}

func TestAServerThatCannotBeReachedIsOneClearError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	refused := upWith(t, "postgres://u:"+secret+"@"+closed+"/d?sslmode=disable", func(*pgx.ConnConfig) {})
	if want := "nothing listens at " + closed + ": start PostgreSQL there, or correct host and port in the database URL"; refused.Error() != want {
		t.Errorf("%v\nwant %s", refused, want)
	}
	wantNoSecret(t, refused)

	unknown := upWith(t, "postgres://u:"+secret+"@db.invalid/d", func(c *pgx.ConnConfig) {
		c.LookupFunc = func(context.Context, string) ([]string, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "db.invalid", IsNotFound: true}
		}
	})
	if want := `the host name "db.invalid" cannot be resolved: correct it in the database URL`; unknown.Error() != want {
		t.Errorf("%v\nwant %s", unknown, want)
	}
	wantNoSecret(t, unknown)

	late := upWith(t, "postgres://u:"+secret+"@192.0.2.1:5432/d", func(c *pgx.ConnConfig) {
		c.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, context.DeadlineExceeded }
	})
	if want := "no answer from 192.0.2.1:5432 in time: check host, port and firewall, or raise connect_timeout in the database URL"; late.Error() != want {
		t.Errorf("%v\nwant %s", late, want)
	}
	wantNoSecret(t, late)
}

func TestAMissingDatabaseIsOneClearError(t *testing.T) {
	t.Parallel()
	err := upWith(t, database(t).dsn, func(c *pgx.ConnConfig) { c.Database = "no_such" })
	if err == nil || !strings.HasPrefix(err.Error(), `database "no_such" does not exist at `) ||
		!strings.HasSuffix(err.Error(), `: create it, or correct its name in the database URL: database "no_such" does not exist (SQLSTATE 3D000)`) {
		t.Errorf("Up = %v", err)
	}
	wantNoSecret(t, err)
}

func TestARefusedUserIsOneClearError(t *testing.T) {
	t.Parallel()
	err := upWith(t, database(t).dsn, func(c *pgx.ConnConfig) { c.User = "nobody_known" })
	if err == nil || !strings.Contains(err.Error(), `refused user "nobody_known": check user and password in the database URL: `) {
		t.Errorf("Up = %v", err)
	}
	wantNoSecret(t, err)
}

func TestRefusalsAreToldApartByTheirCode(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig("postgres://u:" + secret + "@h:1/d")
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"28P01": `h:1 refused user "u": check user and password in the database URL: m (SQLSTATE 28P01)`,
		"3D000": `database "d" does not exist at h:1: create it, or correct its name in the database URL: m (SQLSTATE 3D000)`,
		"53300": `h:1 has no connection left: end idle sessions or raise max_connections: m (SQLSTATE 53300)`,
		"57P03": `h:1 refused the connection: m (SQLSTATE 57P03)`,
	} {
		err := connectError(t.Context(), config, fmt.Errorf("x: %w", &pgconn.PgError{Code: code, Message: "m"}))
		if err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	socket := config.Copy()
	socket.Host = "/run/postgresql"
	if got := connectError(t.Context(), socket, errors.New("odd")).Error(); got != "cannot connect to PostgreSQL at /run/postgresql: odd" {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := connectError(ctx, config, errors.New("odd")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
