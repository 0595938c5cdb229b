package scratch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/schemafile"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// applier applies files over one connection.
type applier struct {
	d    *Database
	conn *pgx.Conn
	opts Options
	// roleAt is where the schema creates opts.Role, or its first file.
	roleAt project.Position
	// alike counts warnings of the same message beyond the first.
	alike map[*project.Problem]int
	// last is the file before; the zero value is none.
	last schemafile.File
}

// apply runs the schema and checks the role.
func (d *Database) apply(ctx context.Context, schema []string, opts Options) error {
	conn, err := d.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	a := &applier{d: d, conn: conn, opts: opts, roleAt: project.Position{Line: 1, Column: 1}, alike: map[*project.Problem]int{}}
	defer a.countAlike()
	if len(schema) > 0 {
		a.roleAt.File = schema[0]
	}
	for _, file := range schemafile.Files(opts.Base, schema) {
		if err := a.file(ctx, file); err != nil {
			return err
		}
	}
	if opts.Role == "" {
		return nil
	}
	return a.role(ctx)
}

// file applies one file.
func (a *applier) file(ctx context.Context, file schemafile.File) error {
	name := file.Name
	at := filepath.FromSlash(name)
	if !filepath.IsAbs(at) {
		at = filepath.Join(a.opts.Base, at)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return a.failed(&project.Problem{Pos: project.Position{File: name, Line: 1, Column: 1},
			Message: fmt.Sprintf("cannot read the schema file: %v", plain(err))})
	}
	if err := a.begin(ctx, file); err != nil {
		return ofFile(name, err)
	}
	s := newScript(name, string(data))
	for _, place := range s.Includes {
		if err := a.failed(s.problem(place, "psql's \\i is not followed: name the file under schema:")); err != nil {
			return err
		}
	}
	if err := a.script(ctx, s); err != nil {
		return ofFile(name, err)
	}
	return ofFile(name, a.closeTransaction(ctx, s))
}

// begin makes the session what it is for the file under its tool.
func (a *applier) begin(ctx context.Context, file schemafile.File) error {
	reset := schemafile.Between(a.last, file)
	a.last = file
	if reset == "" {
		return nil
	}
	return a.exec(ctx, reset)
}

// closeTransaction ends one that the file left open.
func (a *applier) closeTransaction(ctx context.Context, s *script) error {
	if a.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	end := len(s.Text)
	if list := sqltext.Pieces(s.Text); len(list) > 0 {
		end = list[len(list)-1].First
	}
	if err := a.failed(s.problem(end, "the file ends within a transaction: add COMMIT")); err != nil {
		return err
	}
	return a.exec(ctx, "COMMIT")
}

func (a *applier) exec(ctx context.Context, sql string) error {
	if a.d.hooks.before != nil {
		a.d.hooks.before(sql)
	}
	return a.conn.PgConn().Exec(ctx, sql).Close()
}

// failed notes a problem, or with Strict returns it as the end of everything.
func (a *applier) failed(p *project.Problem) error {
	if a.opts.Strict {
		return p
	}
	a.d.Problems = append(a.d.Problems, p)
	return nil
}

// warn notes a problem that changes nothing. A dump may have hundreds of owners
// that are missing here: the note has the first place, and how many follow.
func (a *applier) warn(p *project.Problem) {
	p.Warning = true
	for _, first := range a.d.Problems {
		if first.Warning && first.Message == p.Message {
			a.alike[first]++
			return
		}
	}
	a.d.Problems = append(a.d.Problems, p)
}

func (a *applier) countAlike() {
	for p, n := range a.alike {
		p.Message += fmt.Sprintf(" (and at %d more places)", n)
	}
}
