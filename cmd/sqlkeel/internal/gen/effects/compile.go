package effects

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Compiled is what PostgreSQL makes of a text.
type Compiled struct {
	// Params and Fields are the types that it gives to placeholders of which no type was
	// declared, and to the columns of the result.
	Params []uint32
	Fields []pgconn.FieldDescription
	// Query is its analysed form, nil when there is none: Refused says why.
	Query   *tree.Node
	Refused string
}

// Compile compiles texts that are like an analysed statement, as the same role and with
// the same search_path. What the server refuses is in Refused; an error is the
// connection's or ctx's. The session is left as it was.
func (a *Analyzer) Compile(ctx context.Context, texts []string) ([]Compiled, error) {
	var all []Compiled
	err := a.inTransaction(ctx, func(conn *pgconn.PgConn) error {
		for _, text := range texts {
			c, err := a.compile(ctx, conn, text)
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	return all, err
}

func (a *Analyzer) compile(ctx context.Context, conn *pgconn.PgConn, text string) (c Compiled, err error) {
	if _, err := conn.Exec(ctx, "SAVEPOINT sqlkeel").ReadAll(); err != nil {
		return c, fmt.Errorf("compile: %w", err)
	}
	s := &sighting{}
	description, err := conn.Prepare(ctx, "", text, nil)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		s.whyNone = refused.Message
	case err != nil:
		return c, fmt.Errorf("compile: %w", err)
	default:
		if err := a.compileFunction(ctx, conn, s, text, description); err != nil {
			return c, err
		}
		c.Params, c.Fields = description.ParamOIDs, description.Fields
	}
	if _, err := conn.Exec(ctx, "ROLLBACK TO sqlkeel").ReadAll(); err != nil {
		return c, fmt.Errorf("compile: %w", err)
	}
	c.Query, c.Refused = s.query, s.whyNone
	return c, nil
}

func (a *Analyzer) compileFunction(ctx context.Context, conn *pgconn.PgConn, s *sighting, text string, d *pgconn.StatementDescription) error {
	script := a.script(s, text, d)
	if script == "" {
		return nil
	}
	results, err := conn.Exec(ctx, script).ReadAll()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		s.whyNone = refused.Message
	case err != nil:
		return fmt.Errorf("compile: %w", err)
	default:
		s.resolve(results[len(results)-1].Rows)
	}
	return nil
}
