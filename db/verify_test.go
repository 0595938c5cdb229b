package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const shop = `
	CREATE TABLE authors (id int PRIMARY KEY, name text);
	CREATE TABLE books (id int PRIMARY KEY, isbn text UNIQUE, price int, author int REFERENCES authors);
	CREATE VIEW cheap AS SELECT id, price FROM books WHERE price < 10;
	CREATE TABLE sales (at date, book int) PARTITION BY RANGE (at);
	CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`

var shopStatements = []stmt.Statement{
	{Name: "GetBook", Source: "queries/books.sql:1", SQL: "-- name: GetBook :one\nSELECT id, isbn, price FROM books WHERE id = $1"},
	{Name: "Raise", Source: "queries/books.sql:9", SQL: "-- name: Raise :exec\nUPDATE books SET price = price + $1"},
	{Name: "Cheap", Source: "queries/books.sql:12", SQL: "-- name: Cheap :many\nSELECT * FROM cheap"},
	{Name: "Sell", Source: "queries/sales.sql:1", SQL: "-- name: Sell :exec\nINSERT INTO sales VALUES ($1, $2)"},
}

// digestsOf is the registry that a generator would make for the database now.
func digestsOf(t *testing.T, conn *pgx.Conn, statements []stmt.Statement, relations ...string) *stmt.Registry {
	t.Helper()
	digests := map[string]string{}
	var name, digest string
	rows, _ := conn.Query(t.Context(), generated.SchemaQuery, relations)
	if _, err := pgx.ForEachRow(rows, []any{&name, &digest}, func() error { digests[name] = digest; return nil }); err != nil {
		t.Fatal(err)
	}
	return stmt.NewRegistry(digests, statements...)
}

// openShop opens a database with its registry, and says how to change it.
func openShop(t *testing.T, cfg Config) (*DB, *stmt.Registry, *pgx.Conn) {
	t.Helper()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, shop)
	cfg.DSN = pg.DSN() + cfg.DSN
	return start(t, cfg), digestsOf(t, conn, shopStatements, "authors", "books", "cheap", "sales"), conn
}

// findings are an error of Verify in words.
func findings(err error) string {
	var found *VerifyError
	if err != nil && !errors.As(err, &found) {
		return err.Error()
	}
	var words []string
	if found != nil {
		for _, r := range found.Relations {
			words = append(words, r.Name)
			if r.Missing {
				words = append(words, "missing")
			}
		}
		for _, s := range found.Statements {
			words = append(words, s.Name, s.Err.Code)
		}
	}
	return strings.Join(words, " ")
}

// unnoticed returns the changes of the schema of which Verify tells something else
// than it should.
func unnoticed(t *testing.T) (list []string) {
	t.Helper()
	d, registry, conn := openShop(t, Config{MaxConns: 1})
	for _, c := range []struct{ change, want string }{
		{"ALTER TABLE books DROP COLUMN isbn", "books GetBook 42703"},
		{"ALTER TABLE books ALTER isbn TYPE varchar(13)", "books"},
		{"DROP VIEW cheap; ALTER TABLE books ALTER price TYPE text", "books cheap missing Raise 42883 Cheap 42P01"},
		{"ALTER TABLE books DROP CONSTRAINT books_author_fkey, ADD FOREIGN KEY (author) REFERENCES authors ON DELETE CASCADE", "authors books"},
		{"CREATE TABLE reviews (book int REFERENCES books ON DELETE CASCADE)", "books"},
		{"CREATE TRIGGER noted BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION noted()", "books"},
		{"ALTER TABLE sales RENAME TO sold", "sales missing Sell 42P01"},
		{"CREATE OR REPLACE VIEW cheap AS SELECT id, price, isbn FROM books", "cheap"},

		{"CREATE TABLE reviews (a int)", ""},
		{"CREATE TABLE sales_2026 PARTITION OF sales FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')", ""},
		{"CREATE INDEX ON books (price)", ""},
		{"INSERT INTO authors VALUES (1)", ""},
	} {
		if err := d.Verify(t.Context(), registry); err != nil {
			t.Errorf("before %s: %v", c.change, err)
		}
		execute(t, conn, c.change)
		if got := findings(d.Verify(t.Context(), registry)); got != c.want {
			list = append(list, fmt.Sprintf("%s: %q, want %q", c.change, got, c.want))
		}
		if s := d.stats(); s.InUse != 0 || s.NewConns != 1 {
			t.Errorf("%s: %+v", c.change, s)
		}
		execute(t, conn, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", shop)
	}
	return list
}

func TestVerifyTellsWhatNoLongerFits(t *testing.T) {
	t.Parallel()
	for _, miss := range unnoticed(t) {
		t.Error(miss)
	}
}

func TestAVerifyErrorSaysWhere(t *testing.T) {
	t.Parallel()
	d, registry, conn := openShop(t, Config{Name: "shop"})
	execute(t, conn, "ALTER TABLE books DROP COLUMN isbn", "DROP TABLE sales")
	err := d.Verify(t.Context(), registry)
	const want = `db: the generated code does not fit "shop": 2 changed relations, 2 refused statements
books changed
sales is missing
queries/books.sql:1: GetBook: column "isbn" does not exist (SQLSTATE 42703)
queries/sales.sql:1: Sell: relation "sales" does not exist (SQLSTATE 42P01)`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestVerifyPreparesEveryOneOfManyStatements(t *testing.T) {
	t.Parallel()
	d, _, conn := openShop(t, Config{MaxConns: 1})
	var statements []stmt.Statement
	var want []string
	for i := range 3*preparedAtOnce + 1 {
		name := fmt.Sprint("Q", i)
		if sql := "SELECT id FROM books"; i%50 != 0 {
			statements = append(statements, stmt.Statement{Name: name, SQL: sql})
			continue
		}
		statements = append(statements, stmt.Statement{Name: name, SQL: "SELECT missing FROM books"})
		want = append(want, name)
	}
	var found *VerifyError
	err := d.Verify(t.Context(), digestsOf(t, conn, statements))
	var got []string
	if errors.As(err, &found) {
		for _, s := range found.Statements {
			got = append(got, s.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused %v, want %v: %v", got, want, err)
	}
	left := 0
	if err := d.QueryRow(t.Context(), "SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d statements stay prepared, error %v", left, err)
	}
}

func TestVerifyWorksInEveryModeAndWhereNothingMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		d, registry, _ := openShop(t, Config{DSN: "&default_transaction_read_only=on", ExecMode: mode})
		if err := d.Verify(t.Context(), registry); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

func TestWhatIsNotTheStatementsFaultIsNoFinding(t *testing.T) {
	t.Parallel()
	d, registry, conn := openShop(t, Config{DSN: "&lock_timeout=20"})
	locked, err := conn.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locked.Exec(t.Context(), "LOCK books"); err != nil {
		t.Fatal(err)
	}
	var found *VerifyError
	if err := d.Verify(t.Context(), registry); errors.As(err, &found) || pgerr.KindOf(err) != pgerr.LockTimeout {
		t.Errorf("with a locked table: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := d.Verify(ctx, registry); errors.As(err, &found) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with too little time: %v", err)
	}
	if err := locked.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(t.Context(), registry); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if err := d.Verify(t.Context(), nil); err == nil {
		t.Error("no registry fits")
	}
}

func TestVerifyReplacesAConnectionThatDied(t *testing.T) {
	t.Parallel()
	pg, network := pgtest.New(t), &dying{}
	conn := pg.Conn()
	execute(t, conn, shop)
	registry := digestsOf(t, conn, shopStatements, "authors", "books", "cheap", "sales")
	d := startOn(t, Config{DSN: pg.DSN(), MaxConns: 1, HealthInterval: time.Hour}, hooks{dial: network.dial})
	fill(t, d, 1)
	network.armed.Store(true)
	if err := d.Verify(t.Context(), registry); err != nil {
		t.Error(err)
	}
	if network.armed.Load() || d.stats().NewConns != 2 {
		t.Errorf("no connection died: %+v", d.stats())
	}
}

func TestHealthTellsWhetherTheSchemaIsTheGenerated(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, shop)
	cfg := Config{DSN: pg.DSN(), HealthInterval: time.Hour, HealthTimeout: patience}
	if got := start(t, cfg).Health().Schema; got != "unchecked" {
		t.Errorf("without statements: %q", got)
	}
	cfg.Statements = stmt.Join(digestsOf(t, conn, nil, "books", "sales"), digestsOf(t, conn, nil, "books", "cheap"))
	log := &lines{}
	cfg.Logger = logTo(log, 0)
	changes := changesOf(&cfg)
	d := start(t, cfg)
	if r := receive(t, "the first report", changes); r.Schema != "matches" || r.State != Up {
		t.Errorf("%q, %v", r.Schema, r.State)
	}
	execute(t, conn, "ALTER TABLE books ADD COLUMN n int", "DROP TABLE sales")
	d.monitor.probe(t.Context()) // beside run, which sleeps for an hour
	if got := d.Health().Schema; got != "matches" {
		t.Errorf("on the same connection: %q", got)
	}
	d.monitor.hangUp()
	d.monitor.probe(t.Context())
	r := d.Health()
	if r.Schema != "differs: books, sales" || r.State != Up || !strings.Contains(r.String(), "schema:  differs: books, sales") {
		t.Errorf("on a new connection: %v", r)
	}
	text := strings.Join(log.all(), "")
	if strings.Count(text, "msg=schema") != 2 || !strings.Contains(text, `level=WARN msg=schema db=`+d.Target(t.Context())+` "generated code"="differs: books, sales"`) {
		t.Errorf("the log:\n%s", text)
	}
}

func TestASetVerifiesTheDatabaseThatIsChosen(t *testing.T) {
	t.Parallel()
	s := startSet(t, "a", "b")
	registry := stmt.NewRegistry(nil, stmt.Statement{Name: "Me", SQL: "SELECT name FROM me"})
	if _, err := s.Exec(t.Context(), "DROP TABLE me"); err != nil {
		t.Fatal(err)
	}
	verify := func(ctx context.Context) error {
		d, err := s.DB(ctx)
		if err != nil {
			return err
		}
		return d.Verify(ctx, registry)
	}
	if got := findings(verify(t.Context())); got != "Me 42P01" {
		t.Errorf("a: %s", got)
	}
	if err := verify(WithTarget(t.Context(), "b")); err != nil {
		t.Errorf("b: %v", err)
	}
	var unknown *unknownTargetError
	if err := verify(WithTarget(t.Context(), "c")); !errors.As(err, &unknown) {
		t.Errorf("c: %v", err)
	}
}
