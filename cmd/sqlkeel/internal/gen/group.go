package gen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/pages"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/scratch"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// database is a scratch database with what is known of its schema.
type database struct {
	conn    *pgx.Conn
	catalog *catalog.Catalog
	effects *effects.Analyzer
}

// analyseGroup works out the packages of one schema on a scratch database of their
// own, which is dropped. The error is no fault of the project.
func (a *analysis) analyseGroup(ctx context.Context, dsn string, owned bool, g *group) (err error) {
	db, err := scratch.Open(ctx, dsn, g.schema, scratch.Options{Strict: a.mode == strict, Base: a.project.Dir, Owned: owned, Role: a.project.Role})
	if err != nil {
		return a.problems.add(err)
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	a.take(db.Problems)
	conn, err := db.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	a.server = majorVersion(conn)
	known, err := a.open(ctx, conn)
	if err != nil {
		return err
	}
	for _, pkg := range g.packages {
		for _, st := range pkg.statements {
			if err := a.analyseStatement(ctx, known, st); err != nil {
				return err
			}
		}
	}
	if a.mode == lenient {
		return nil // nothing is emitted
	}
	return known.describe(ctx, g)
}

// majorVersion returns 18 for 18.4, 18beta1 and 18.4 (Debian 18.4-1).
func majorVersion(conn *pgx.Conn) string {
	version := conn.PgConn().ParameterStatus("server_version")
	return version[:len(version)-len(strings.TrimLeft(version, "0123456789"))]
}

// open reads the catalogs.
func (a *analysis) open(ctx context.Context, conn *pgx.Conn) (*database, error) {
	cat, err := catalog.Load(ctx, conn)
	if err != nil {
		return nil, err
	}
	analyzer, err := effects.New(ctx, conn, cat, a.project.Role)
	if err != nil {
		return nil, err
	}
	return &database{conn: conn, catalog: cat, effects: analyzer}, nil
}

// analyseStatement works out one statement and checks what its annotations ask for.
func (a *analysis) analyseStatement(ctx context.Context, db *database, st *statementAnalysis) error {
	if st.Opaque() != nil {
		return a.setAside(ctx, db, st)
	}
	if st.failed != nil {
		return nil
	}
	result, err := db.effects.Analyze(ctx, st.Statement)
	if err != nil {
		return a.fail(st, err)
	}
	st.result = result
	a.notes = append(a.notes, result.Remarks...)
	if err := a.findVariants(ctx, db, st); err != nil {
		return a.problems.add(err)
	}
	a.problems = append(a.problems, checkSlices(st)...)
	a.problems = append(a.problems, checkAnnotations(st)...)
	if a.mode == strict && st.Annotation("page") != nil {
		st.page, err = pages.Analyze(ctx, db.conn, db.catalog, st.Statement, result.Query, result.WhyNone)
	}
	return a.problems.add(err)
}

// fail notes that a statement could not be analysed.
func (a *analysis) fail(st *statementAnalysis, err error) error {
	if !errors.As(err, &st.failed) {
		return fmt.Errorf("analyse %s: %w", st.Name, err)
	}
	return a.problems.add(err)
}

// findVariants proves what may be cut out of a statement. A CopyFrom sends no text.
func (a *analysis) findVariants(ctx context.Context, db *database, st *statementAnalysis) error {
	if st.Const == "" {
		return nil
	}
	plan, remarks, err := variants.Find(ctx, db.effects, db.catalog, st.Statement, st.result)
	if err != nil {
		return fmt.Errorf("prove the variants of %s: %w", st.Name, err)
	}
	st.plan, a.notes = plan, append(a.notes, remarks...)
	return nil
}

// checkSlices finds slices that the method passes for a single value.
func checkSlices(st *statementAnalysis) Problems {
	var problems Problems
	for n, pos := range st.Slices {
		if n <= len(st.result.Params) && !st.result.Params[n-1].Array {
			problems = append(problems, &project.Problem{Pos: pos, Statement: st.Name, Message: project.SliceRemedy})
		}
	}
	return problems
}

// checkAnnotations holds @cache and @replica against what the statement does.
func checkAnnotations(st *statementAnalysis) Problems {
	var problems Problems
	refuse := func(note *project.Annotation, why string) {
		problems = append(problems, &project.Problem{Pos: note.Pos, Statement: st.Name, Message: why})
	}
	if note := st.Annotation("cache"); note != nil {
		if why := st.notCached(); why != "" {
			refuse(note, "@cache: "+why)
		}
	}
	if note := st.Annotation("replica"); note != nil && !st.result.ReadOnly {
		refuse(note, "@replica: it cannot run on a replica: "+st.result.NoStandby)
	}
	return problems
}

// cached reports whether results of the statement are answered from memory.
func (st *statementAnalysis) cached() bool {
	return st.result != nil && st.Annotation("cache") != nil && st.notCached() == ""
}

// notCached says why the results of a statement cannot be answered from memory, by what
// it does and how its method is called; "" when they can.
func (st *statementAnalysis) notCached() string {
	switch {
	case st.result.NotCacheable != "":
		return "its result must not be cached: " + st.result.NotCacheable
	case !st.result.ReadOnly:
		return "its result must not be cached: " + st.result.NoStandby
	case st.result.Volatile:
		return "its result must not be cached: it may differ although no data changed"
	case st.Command != ":one" && st.Command != ":many":
		return "only :one and :many can be answered from memory, and it is " + st.Command + ": take @cache away, or make it one of these"
	case st.Package.DBArgument:
		return "its method takes the database as an argument (emit_methods_with_db_argument), so that results of several databases would be one: take @cache or that option away"
	}
	return ""
}

// describe reads what is emitted beside the statements: the digests of the relations
// and functions that they touch, and the constraints. The server is asked once for all
// packages.
func (db *database) describe(ctx context.Context, g *group) error {
	touched := map[string]bool{}
	for _, pkg := range g.packages {
		maps.Copy(touched, pkg.touched())
	}
	digests, err := db.digests(ctx, slices.Sorted(maps.Keys(touched)))
	if err != nil {
		return err
	}
	constraints, err := readConstraints(ctx, db.conn)
	if err != nil {
		return err
	}
	for _, pkg := range g.packages {
		pkg.constraints, pkg.digests = constraints, map[string]string{}
		for name := range pkg.touched() {
			if digest, found := digests[name]; found {
				pkg.digests[name] = digest
			}
		}
	}
	return nil
}

// touched returns the relations that a package's statements touch, and the
// functions that run then.
func (pkg *packageAnalysis) touched() map[string]bool {
	names := map[string]bool{}
	for _, st := range pkg.statements {
		if st.result == nil {
			continue
		}
		for _, list := range [][]string{st.result.Reads, st.result.Writes, st.result.Locks, st.result.Reaches, st.result.Functions} {
			for _, name := range list {
				names[name] = true
			}
		}
	}
	return names
}

func (db *database) digests(ctx context.Context, names []string) (map[string]string, error) {
	digests := map[string]string{}
	rows, _ := db.conn.Query(ctx, generated.SchemaQuery, names)
	var name, digest string
	_, err := pgx.ForEachRow(rows, []any{&name, &digest}, func() error {
		digests[name] = digest
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the digests of relations: %w", err)
	}
	return digests, nil
}
