package soundness

import (
	"context"
	"errors"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// generator is the analyst under test: what the generator itself does.
func generator(ctx context.Context, l *lab, s *scenario) (analysis, error) {
	return mutated(nil, nil)(ctx, l, s)
}

// mutated is the generator with a catalog or effects that are wrong on purpose.
func mutated(wrongCatalog func(*catalog.Catalog), wrongEffects func(sql string, e *stmt.Effects)) analyst {
	return func(ctx context.Context, l *lab, s *scenario) (analysis, error) {
		cat, err := catalog.Load(ctx, l.looks)
		if err != nil {
			return analysis{}, err
		}
		if wrongCatalog != nil {
			wrongCatalog(cat)
		}
		a := analysis{
			named: func(oid uint32) string { return cat.Name(catalog.OID(oid)) },
			root:  func(oid uint32) string { return cat.Name(cat.Root(catalog.OID(oid))) },
		}
		writer, err := effects.New(ctx, l.looks, cat, "")
		if err != nil {
			return analysis{}, err
		}
		reader := writer
		if s.role != "" {
			if reader, err = effects.New(ctx, l.looks, cat, s.role); err != nil {
				return analysis{}, err
			}
		}
		if a.reads, err = each(ctx, reader, s.reads, wrongEffects); err != nil {
			return analysis{}, err
		}
		a.writes, err = each(ctx, writer, s.writes, wrongEffects)
		return a, err
	}
}

// each analyses statements; those that the analyzer refuses are nil.
func each(ctx context.Context, a *effects.Analyzer, list []statement, wrong func(string, *stmt.Effects)) ([]*stmt.Effects, error) {
	out := make([]*stmt.Effects, len(list))
	for i, s := range list {
		got, err := a.Analyze(ctx, s.project())
		var refused *project.Problem
		switch {
		case errors.As(err, &refused):
			continue
		case err != nil:
			return nil, err
		}
		if wrong != nil {
			wrong(s.sql, &got.Effects)
		}
		out[i] = &got.Effects
	}
	return out, nil
}

// project is the statement as the loader of a project would have it.
func (s statement) project() *project.Statement {
	st := &project.Statement{
		Package: &project.Package{Name: "queries", Driver: "pgx/v5"}, Name: "Statement", Command: ":many", SQL: s.sql,
		Pos: project.Position{File: "queries.sql", Line: 1, Column: 1},
	}
	if s.command != "" {
		st.Command = s.command
	}
	for _, p := range s.params {
		st.Params = append(st.Params, project.Param{Name: "p", Type: p})
	}
	return st
}

// everything is the analyst who is never wrong and of no use.
func everything(_ context.Context, _ *lab, s *scenario) (analysis, error) {
	a := unnamed()
	for range s.reads {
		a.reads = append(a.reads, &stmt.Effects{ReadsAnything: true, NotCacheable: "it may read anything"})
	}
	for range s.writes {
		a.writes = append(a.writes, &stmt.Effects{Anything: true})
	}
	return a, nil
}

// nothing is the analyst who foretells no change.
func nothing(_ context.Context, _ *lab, s *scenario) (analysis, error) {
	a := unnamed()
	for range s.reads {
		a.reads = append(a.reads, &stmt.Effects{NotCacheable: "nobody looked"})
	}
	for range s.writes {
		a.writes = append(a.writes, &stmt.Effects{})
	}
	return a, nil
}

func unnamed() analysis {
	name := func(uint32) string { return "" }
	return analysis{named: name, root: name}
}
