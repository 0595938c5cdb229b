package migrate

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"
)

// reading is what goose makes of a file.
type reading struct {
	up, down []string // what it sends, in order
	tx       bool     // within a transaction
}

// askGoose returns goose's own reading of a file, the error with which it refuses
// the file otherwise. goose's parser cannot be called; so its provider runs the
// file against a database that notes what it is sent.
func askGoose(data []byte) (*reading, error) {
	// The name has no part in the reading.
	file := &oneFile{name: "1_x.sql", data: data}
	up, tx, err := replay(file, Up)
	if err != nil {
		return nil, err
	}
	down, _, err := replay(file, Down)
	if err != nil {
		return nil, err
	}
	return &reading{up: up, down: down, tx: tx}, nil
}

func replay(file *oneFile, direction Direction) (sent []string, tx bool, err error) {
	r := &recorder{}
	db := sql.OpenDB(r)
	defer db.Close()
	provider, err := newProvider(db, file, noStore{applied: direction == Down})
	if err != nil {
		return nil, false, err
	}
	if _, err := provider.ApplyVersion(context.Background(), 1, direction == Up); err != nil {
		return nil, false, err
	}
	return r.sent, r.tx, nil
}

// newProvider returns goose's view of one file, with versions kept in a store. It is
// given no lock: the session holds it.
func newProvider(db *sql.DB, file *oneFile, store goosedb.Store) (*goose.Provider, error) {
	provider, err := goose.NewProvider("", db, file,
		goose.WithStore(store), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// expand returns a line as goose sends it where ENVSUB is on.
func expand(line string) (string, error) {
	if !strings.Contains(line, "$") {
		return line, nil
	}
	// The letters keep goose from taking the line for a comment, and its ends for
	// blank space that it drops.
	const head, before, after = "-- +goose Up\n-- +goose ENVSUB ON\n-- +goose StatementBegin\n", "x", "\nx"
	read, err := askGoose([]byte(head + before + line + after + "\n-- +goose StatementEnd\n"))
	if err != nil {
		return "", errors.New(expansionError(err))
	}
	return strings.TrimSuffix(strings.TrimPrefix(read.up[0], before), after), nil
}

// expansionError takes what is wrong out of goose's words about a line.
func expansionError(err error) string {
	_, message, found := strings.Cut(err.Error(), "variable substitution failed: ")
	if !found {
		return err.Error()
	}
	message, _, _ = strings.Cut(message, "\n")
	return strings.TrimSuffix(message, ":")
}

// oneFile is a file system with one file in it.
type oneFile struct {
	name string
	data []byte
}

// Glob implements [fs.GlobFS].
func (f *oneFile) Glob(pattern string) ([]string, error) {
	matched, err := path.Match(pattern, f.name)
	if err != nil || !matched {
		return nil, err
	}
	return []string{f.name}, nil
}

// Open implements [fs.FS].
func (f *oneFile) Open(name string) (fs.File, error) {
	if name != f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return openFile{bytes.NewReader(f.data)}, nil
}

// openFile can be read, which is all that goose does.
type openFile struct{ *bytes.Reader }

// Stat implements [fs.File].
func (openFile) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Close implements [fs.File].
func (openFile) Close() error { return nil }

// noStore keeps no versions: a file's is applied or not, as is needed to run it.
type noStore struct{ applied bool }

// Tablename implements [goosedb.Store].
func (noStore) Tablename() string { return goose.DefaultTablename }

// CreateVersionTable implements [goosedb.Store].
func (noStore) CreateVersionTable(context.Context, goosedb.DBTxConn) error { return nil }

// Insert implements [goosedb.Store].
func (noStore) Insert(context.Context, goosedb.DBTxConn, goosedb.InsertRequest) error { return nil }

// Delete implements [goosedb.Store].
func (noStore) Delete(context.Context, goosedb.DBTxConn, int64) error { return nil }

// GetMigration implements [goosedb.Store]. Version 0 stands for the version table.
func (s noStore) GetMigration(_ context.Context, _ goosedb.DBTxConn, version int64) (*goosedb.GetMigrationResult, error) {
	if version > 0 && !s.applied {
		return nil, goosedb.ErrVersionNotFound
	}
	return &goosedb.GetMigrationResult{IsApplied: true}, nil
}

// GetLatestVersion implements [goosedb.Store].
func (noStore) GetLatestVersion(context.Context, goosedb.DBTxConn) (int64, error) { return 0, nil }

// ListMigrations implements [goosedb.Store].
func (noStore) ListMigrations(context.Context, goosedb.DBTxConn) ([]*goosedb.ListMigrationsResult, error) {
	return nil, nil
}

// recorder is a database that notes what it is sent and does nothing.
type recorder struct {
	sent []string
	tx   bool // a transaction was begun
}

// Connect implements [driver.Connector].
func (r *recorder) Connect(context.Context) (driver.Conn, error) { return r, nil }

// Driver implements [driver.Connector].
func (r *recorder) Driver() driver.Driver { return nil }

// Prepare implements [driver.Conn]; goose prepares nothing.
func (r *recorder) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }

// Begin implements [driver.Conn].
func (r *recorder) Begin() (driver.Tx, error) {
	r.tx = true
	return r, nil
}

// ExecContext implements [driver.ExecerContext].
func (r *recorder) ExecContext(_ context.Context, sql string, _ []driver.NamedValue) (driver.Result, error) {
	r.sent = append(r.sent, sql)
	return driver.ResultNoRows, nil
}

// Commit implements [driver.Tx].
func (r *recorder) Commit() error { return nil }

// Rollback implements [driver.Tx].
func (r *recorder) Rollback() error { return nil }

// Close implements [driver.Conn].
func (r *recorder) Close() error { return nil }
