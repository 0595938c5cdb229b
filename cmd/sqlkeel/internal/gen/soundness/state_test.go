package soundness

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// table is one relation whose rows are watched beside the reads.
type table struct {
	oid     uint32
	spelled string
	rows    map[string]*row // by their text
}

// row is a row, and how often it occurs.
type row struct {
	values []any
	times  int
}

const watched = `SELECT c.oid, c.oid::regclass::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'Other Place') AND c.relkind IN ('r', 'm') ORDER BY c.oid`

// watch finds the tables of the scenario.
func (l *lab) watch(ctx context.Context) ([]*table, error) {
	found := l.runs.ExecParams(ctx, watched, nil, nil, nil, nil).Read()
	if found.Err != nil {
		return nil, found.Err
	}
	var list []*table
	for _, r := range found.Rows {
		oid, err := strconv.ParseUint(string(r[0]), 10, 32)
		if err != nil {
			return nil, err
		}
		list = append(list, &table{oid: uint32(oid), spelled: string(r[1])})
	}
	return list, nil
}

// sendState asks for the rows of all tables.
func (t *trial) sendState(p *pgconn.Pipeline) {
	for _, one := range t.tables {
		p.SendQueryParams("SELECT * FROM ONLY "+one.spelled, nil, nil, nil, nil)
	}
}

// counted are the rows of a result by their text.
func counted(r result) map[string]*row {
	rows := make(map[string]*row, len(r.rows))
	for _, values := range r.rows {
		text := show(values)
		if rows[text] == nil {
			rows[text] = &row{values: values}
		}
		rows[text].times++
	}
	return rows
}

// differences returns the rows that are in one of the two more often than in the
// other.
func differences(before, after map[string]*row) [][]any {
	var texts []string
	for text, r := range before {
		if after[text] == nil || after[text].times != r.times {
			texts = append(texts, text)
		}
	}
	for text := range after {
		if before[text] == nil {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	out := make([][]any, len(texts))
	for i, text := range texts {
		if out[i] = nil; before[text] != nil {
			out[i] = before[text].values
		} else {
			out[i] = after[text].values
		}
	}
	return out
}

// point is what the effects of SELECT * FROM relation WHERE column = $1 would be:
// a read that changes with every row that has the value.
func point(relation, column string, value any) stmt.Run {
	return stmt.Run{Args: []any{value}, Effects: &stmt.Effects{
		Reads: []string{relation}, ReadKeys: []stmt.RowKey{{Relation: relation, Column: column, Param: 1}},
	}}
}
