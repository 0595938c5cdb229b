package soundness

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// elsewhere is a session with other settings, in which a result that may be kept
// must be the same.
const elsewhere = `SET LOCAL TimeZone = 'Asia/Kolkata'; SET LOCAL DateStyle = 'German'; SET LOCAL IntervalStyle = 'iso_8601';
	SET LOCAL array_nulls = off; SET LOCAL bytea_output = 'escape'; SET LOCAL extra_float_digits = -3; SET LOCAL default_text_search_config = 'simple';
	SET LOCAL quote_all_identifiers = on; SET LOCAL app.tenant = 'another'; SET LOCAL search_path = 'public'; SET LOCAL application_name = 'another';
	SET LOCAL xmlbinary = 'hex'`

// tryElsewhere runs the reads in another session. Nothing was written: a result
// that differs depends on something else than rows, and must not be kept.
func (t *trial) tryElsewhere(ctx context.Context) error {
	here, err := t.binary(ctx, "")
	if err != nil {
		return err
	}
	there, err := t.binary(ctx, elsewhere)
	if err != nil {
		return err
	}
	for i, r := range t.scenario.reads {
		e := t.analysis.reads[i]
		if e == nil {
			continue
		}
		for j, args := range r.args {
			one, other := here[i][j], there[i][j]
			if e.NotCacheable == "" {
				t.tally.kept++
			}
			if one == other {
				continue
			}
			t.tally.elsewhere++
			if e.NotCacheable == "" {
				run := stmt.Run{Effects: e, Args: args}
				t.misses = append(t.misses, miss{read: r, readBy: run, write: statement{sql: elsewhere}, writeBy: stmt.Run{Effects: &stmt.Effects{}},
					before: one, after: other, readNth: i, writeNth: -1})
			}
		}
	}
	return nil
}

// binary runs the reads with those settings and their results as drivers ask for
// them, so that nothing but the values differs.
func (t *trial) binary(ctx context.Context, settings string) ([][]string, error) {
	if err := t.do(ctx, "BEGIN; "+settings); err != nil {
		return nil, err
	}
	p := t.runs.StartPipeline(ctx)
	t.sendRole(p, "SET LOCAL ROLE")
	p.SendPipelineSync()
	for i, r := range t.scenario.reads {
		if t.analysis.reads[i] != nil {
			t.sendText(p, r)
		}
		p.SendPipelineSync()
	}
	answers, err := collect(p)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(t.scenario.reads))
	for i, a := range answers[1:] {
		if a.err != nil {
			return nil, fmt.Errorf("%s: %w", t.scenario.reads[i].sql, a.err)
		}
		for _, r := range a.results {
			out[i] = append(out[i], r.text)
		}
	}
	return out, t.do(ctx, "ROLLBACK")
}

// sendText sends a read as text, which is then parsed with the session's settings.
func (t *trial) sendText(p *pgconn.Pipeline, r statement) {
	for _, args := range r.args {
		p.SendQueryParams(r.sql, encoded(present(args)), nil, nil, []int16{1})
	}
}

// present leaves the NULLs out of arrays: with array_nulls off their text means another.
func present(args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if list, is := a.([]any); is {
			out[i] = slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == nil })
		}
	}
	return out
}
