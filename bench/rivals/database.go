package rivals

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed store/schema.sql
var schema string

// server makes the databases of a run, all with one prefix.
type server struct {
	url    *url.URL
	conn   *pgx.Conn
	prefix string
	made   map[int]*data // templates, by how many books they have
}

func connect(ctx context.Context, dsn string) (*server, error) {
	u, err := url.Parse(dsn)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return nil, errors.New("the server must be given as a URL: postgres://user@host:port/database")
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &server{url: u, conn: conn, prefix: "rivals_" + strings.ToLower(rand.Text())[:10], made: map[int]*data{}}, nil
}

// close drops the templates.
func (s *server) close(ctx context.Context) error {
	var errs []error
	for rows := range s.made {
		errs = append(errs, s.drop(ctx, s.template(rows)))
	}
	return errors.Join(append(errs, s.conn.Close(ctx))...)
}

func (s *server) template(rows int) string { return fmt.Sprintf("%s_%d", s.prefix, rows) }

// dsn returns the URL of a database.
func (s *server) dsn(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

// data makes the template with so many books, unless it is there.
func (s *server) data(ctx context.Context, rows int) (*data, error) {
	if d := s.made[rows]; d != nil {
		return d, nil
	}
	name, d := s.template(rows), newData(rows)
	if _, err := s.conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("make a template: %w", err)
	}
	s.made[rows] = d
	if err := d.create(ctx, s.dsn(name)); err != nil {
		return nil, fmt.Errorf("fill a template: %w", err)
	}
	return d, nil
}

// CreateBooks makes the tables in an empty database, with so many books, whose ids begin
// at 1. It returns what is known of a book by its id.
func CreateBooks(ctx context.Context, dsn string, rows int) (book func(id int64) Book, err error) {
	d := newData(rows)
	if err := d.create(ctx, dsn); err != nil {
		return nil, fmt.Errorf("create the books: %w", err)
	}
	return d.book, nil
}

// create makes the tables in an empty database.
func (d *data) create(ctx context.Context, dsn string) error {
	return onDatabase(ctx, dsn, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, schema); err != nil {
			return err
		}
		if err := d.fill(ctx, conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "VACUUM ANALYZE")
		return err
	})
}

// clone makes a database from the template, with settings of its own.
func (s *server) clone(ctx context.Context, rows int, settings []string) (name string, err error) {
	name = s.prefix + "_" + strings.ToLower(rand.Text())[:10]
	commands := []string{fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, s.template(rows))}
	for _, setting := range settings {
		commands = append(commands, fmt.Sprintf("ALTER DATABASE %s SET %s", name, setting))
	}
	for _, command := range commands {
		if _, err := s.conn.Exec(ctx, command); err != nil {
			return "", fmt.Errorf("%s: %w", command, err)
		}
	}
	return name, nil
}

func (s *server) drop(ctx context.Context, name string) error {
	_, err := s.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return err
}

// onDatabase calls do with a connection of its own.
func onDatabase(ctx context.Context, dsn string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}
