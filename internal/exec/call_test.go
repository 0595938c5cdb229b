package exec_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const search = "SELECT id FROM t WHERE ($1::int IS NULL OR n = $1) AND k = $2"

// shop has a statement with an optional filter, and a COPY.
func shop() *stmt.Registry {
	return stmt.NewRegistry(nil,
		stmt.Statement{
			Name: "Search", SQL: search, Effects: stmt.Effects{Reads: []string{"t"}, ReadOnly: true},
			Variants: &generated.Variants{
				Params: []generated.Param{{Name: "n", Param: 1, Values: []generated.Value{{Kind: generated.Null}}, Read: generated.Pointer[int]}},
				Segments: []generated.Segment{
					{Text: "SELECT id FROM t WHERE k = ", Param: 2, Type: "int"},
					{Absent: 1, Text: " AND n = ", Param: 1, Type: "int"},
				},
			},
		},
		stmt.Statement{Name: "Copy", SQL: `INSERT INTO "s"."T" ("a", "b") VALUES ($1, $2)`, Effects: stmt.Effects{Writes: []string{`s."T"`}}},
	)
}

func TestTheVariantIsSentThatTheArgumentsNeed(t *testing.T) {
	t.Parallel()
	none, one := (*int)(nil), 1
	for name, c := range map[string]struct {
		args []any
		sql  string
		left int
	}{
		"absent":               {[]any{none, 7}, "SELECT id FROM t WHERE k = $1::int", 1},
		"present":              {[]any{&one, 7}, "SELECT id FROM t WHERE k = $2::int AND n = $1::int", 2},
		"behind options":       {[]any{pgx.QueryExecModeExec, pgx.QueryResultFormats{1}, none, 7}, "SELECT id FROM t WHERE k = $1::int", 3},
		"another number":       {[]any{none}, search, 1},
		"rewritten":            {[]any{pgx.NamedArgs{"k": 7}}, search, 1},
		"behind a mode, again": {[]any{pgx.QueryExecModeExec, pgx.NamedArgs{"k": 7}}, search, 2},
	} {
		got := exec.Resolve(shop(), search, c.args)
		if got.SQL != c.sql || len(got.Args) != c.left {
			t.Errorf("%s: %q %v", name, got.SQL, got.Args)
		}
	}
}

func TestNothingIsKnownOfATextThatAnArgumentRewrites(t *testing.T) {
	t.Parallel()
	known := exec.Resolve(shop(), search, []any{nil, 7})
	rewritten := exec.Resolve(shop(), search, []any{pgx.NamedArgs{}})
	if !known.ReadOnly() || rewritten.ReadOnly() || !rewritten.Effects().Anything {
		t.Errorf("known %+v, rewritten %+v", known.Effects(), rewritten.Effects())
	}
}

func TestATextThatPartsATransactionChangesNothing(t *testing.T) {
	t.Parallel()
	for sql, changes := range map[string]bool{
		"BEGIN": false, "commit": false, "rollback to s": false, "SAVEPOINT s": false, "release s": false,
		"commit prepared 'a'": true, "commit; delete from t": true, "savepoint s; delete from t": true, "SELECT f()": true,
	} {
		if c := exec.Resolve(nil, sql, nil); exec.Changes(c.Effects()) != changes {
			t.Errorf("%s: changes %v", sql, !changes)
		}
	}
}

func TestACopyDoesWhatItsGeneratedStatementDoes(t *testing.T) {
	t.Parallel()
	if e := exec.Copied(shop(), pgx.Identifier{"s", "T"}, []string{"a", "b"}); e.Anything || len(e.Writes) != 1 {
		t.Errorf("%+v", e)
	}
	if e := exec.Copied(shop(), pgx.Identifier{"s", "T"}, []string{"a"}); !e.Anything {
		t.Errorf("of other columns: %+v", e)
	}
}

func TestABatchIsCopied(t *testing.T) {
	t.Parallel()
	batch := &pgx.Batch{}
	batch.Queue(search, (*int)(nil), 7)
	sent := exec.Choose(shop(), batch)
	if sent.QueuedQueries[0].SQL == search || len(sent.QueuedQueries[0].Arguments) != 1 {
		t.Errorf("sent %+v", sent.QueuedQueries[0])
	}
	if q := batch.QueuedQueries[0]; q.SQL != search || len(q.Arguments) != 2 {
		t.Errorf("the caller's batch is now %+v", q)
	}
}

func TestWhatChangesDataIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e    stmt.Effects
		want bool
	}{
		{stmt.Effects{}, false},
		{stmt.Effects{Reads: []string{"t"}, Locks: []string{"t"}, ReadsAnything: true, Session: "set_config"}, false},
		{stmt.Effects{Writes: []string{"t"}}, true},
		{stmt.Effects{Reaches: []string{"t"}}, true},
		{stmt.Effects{Anything: true}, true},
	} {
		if got := exec.Changes(&c.e); got != c.want {
			t.Errorf("%+v changes data: %v", c.e, got)
		}
	}
}
