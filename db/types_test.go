package db

import (
	"context"
	"database/sql"
	"os"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db/testdata/typed"
	"github.com/sqlkeel/sqlkeel/db/testdata/typed/kinds"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// typedSchema is the schema of package typed.
func typedSchema(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/typed/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// openTyped opens a database with the schema of package typed, and its registry.
func openTyped(t *testing.T, cfg Config) (*DB, *pgx.Conn) {
	t.Helper()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	cfg.DSN, cfg.Statements = pg.DSN()+cfg.DSN, typed.Statements
	return start(t, cfg), pg.Conn()
}

func pointer[T any](v T) *T { return &v }

// ann has a value of every type of the schema.
func ann(id int64) typed.AddPersonParams {
	home := kinds.Place{Street: pointer(`Low "St", 1\2`), Number: pointer(int32(7)), Mood: pointer("ok"), Tags: []string{"a", `b,"c"`, ""}}
	return typed.AddPersonParams{
		ID: id, Mood: typed.MoodOk, Moods: []typed.Mood{typed.MoodSad, typed.MoodHappy},
		Shop:  typed.NullStoreMood{StoreMood: typed.StoreMoodOpen, Valid: true},
		Shops: []typed.StoreMood{typed.StoreMoodClosed}, Sizes: []any{"S", "XL"},
		Email: "ann@example.com", Emails: []string{"a@b", "c@d"}, Ranks: []int32{1, 2}, Bests: []any{"ok"},
		Home: home, Homes: []kinds.Place{home, {}},
		Note: sql.NullString{String: "(Low,1,ok,{x})", Valid: true}, Trip: &kinds.Trip{Origin: home, Stops: []kinds.Place{{}, home}},
		Spans: []any{},
	}
}

// matches says whether what was read is what was written.
func matches(t *testing.T, got typed.Person, want typed.AddPersonParams) {
	t.Helper()
	if !reflect.DeepEqual(typed.AddPersonParams(got), want) {
		t.Errorf("read\n%+v\nwant\n%+v", got, want)
	}
}

// executors are the ways on which generated code reaches the database of d.
func executors(t *testing.T, d *DB) map[string]func(ctx context.Context, fn func(typed.DBTX) error) error {
	t.Helper()
	runner, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func(ctx context.Context, fn func(typed.DBTX) error) error{
		"DB": func(_ context.Context, fn func(typed.DBTX) error) error { return fn(d) },
		"WithConn": func(ctx context.Context, fn func(typed.DBTX) error) error {
			return d.WithConn(ctx, func(_ context.Context, conn *pgx.Conn) error { return fn(conn) })
		},
		"BeginTx": func(ctx context.Context, fn func(typed.DBTX) error) error {
			return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{}, func(tx pgx.Tx) error { return fn(tx) })
		},
		"txn": func(ctx context.Context, fn func(typed.DBTX) error) error {
			return txn.Run(ctx, runner, txn.Op{Name: "typed"}, func(_ context.Context, tx *txn.Tx) error { return fn(tx) })
		},
	}
}

// exercise runs all statements of package typed.
func exercise(ctx context.Context, t *testing.T, db typed.DBTX, id int64) error {
	t.Helper()
	q := typed.New(db)
	if err := q.AddPerson(ctx, ann(id)); err != nil {
		return err
	}
	got, err := q.GetPerson(ctx, id)
	if err != nil {
		return err
	}
	matches(t, got, ann(id))
	if err := exerciseLists(ctx, t, q, id); err != nil {
		return err
	}
	return exerciseBatches(ctx, t, q, id)
}

func exerciseLists(ctx context.Context, t *testing.T, q *typed.Queries, id int64) error {
	t.Helper()
	list, err := q.WithMoods(ctx, []typed.Mood{typed.MoodOk, typed.MoodSad})
	if err != nil {
		return err
	}
	if last := list[len(list)-1]; last.ID != id || !reflect.DeepEqual(last.Moods, ann(id).Moods) {
		t.Errorf("WithMoods: %+v", list)
	}
	n, err := q.CopyMoods(ctx, []typed.CopyMoodsParams{{ID: id, Mood: typed.MoodSad, Moods: ann(id).Moods, Emails: []string{"x@y"}}})
	if err != nil || n != 1 {
		return err
	}
	copied, err := q.ListCopied(ctx)
	if err != nil {
		return err
	}
	if last := copied[len(copied)-1]; !reflect.DeepEqual(last, typed.Copied{ID: id, Mood: typed.MoodSad, Moods: ann(id).Moods, Emails: []string{"x@y"}}) {
		t.Errorf("copied: %+v", copied)
	}
	return nil
}

func exerciseBatches(ctx context.Context, t *testing.T, q *typed.Queries, id int64) (err error) {
	t.Helper()
	q.SetMoods(ctx, []typed.SetMoodsParams{{ID: id, Moods: []typed.Mood{typed.MoodHappy}}}).Exec(func(_ int, e error) { err = e })
	if err != nil {
		return err
	}
	q.MoodsOf(ctx, []int64{id}).Query(func(_ int, rows []typed.MoodsOfRow, e error) {
		if err = e; err == nil && !reflect.DeepEqual(rows, []typed.MoodsOfRow{{Moods: []typed.Mood{typed.MoodHappy}, Emails: ann(id).Emails}}) {
			t.Errorf("MoodsOf: %+v", rows)
		}
	})
	return err
}

func TestGeneratedCodeRunsWithTheTypesOfItsSchema(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec} {
		d, _ := openTyped(t, Config{ExecMode: mode})
		id := int64(0)
		for name, run := range executors(t, d) {
			id++
			if err := run(t.Context(), func(db typed.DBTX) error { return exercise(t.Context(), t, db, id) }); err != nil {
				t.Errorf("%s, %s: %v", mode, name, err)
			}
		}
		list, err := typed.New(d).ListPeople(t.Context())
		if err != nil || len(list) != int(id) {
			t.Errorf("%s, Reads: %d, %v", mode, len(list), err)
		}
	}
}

func TestModesThatAskForNoTypesTakeEnumsAndTheirArrays(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		d, conn := openTyped(t, Config{ExecMode: mode})
		execute(t, conn, `INSERT INTO people VALUES (1, 'ok', '{sad,happy}', 'open', '{closed}', '{S,XL}', 'ann@example.com', '{a@b,c@d}', '{1,2}', '{ok}',
			ROW('Low "St", 1\2', 7, 'ok', ARRAY['a','b,"c"','']), ARRAY[ROW('Low "St", 1\2', 7, 'ok', ARRAY['a','b,"c"',''])::place, ROW(NULL,NULL,NULL,NULL)::place],
			'(Low,1,ok,{x})', NULL, '{}')`)
		got, err := typed.New(d).GetPerson(t.Context(), 1)
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		want := ann(1)
		want.Trip = nil
		matches(t, got, want)
		if err := exerciseLists(t.Context(), t, typed.New(d), 1); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if err := exerciseBatches(t.Context(), t, typed.New(d), 1); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if list, err := typed.New(d).WithMoods(t.Context(), nil); err != nil || len(list) != 0 {
			t.Errorf("%s: NULL is no mood: %v, %v", mode, list, err)
		}
	}
}

func TestABarePoolGetsToKnowTheTypes(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	pool := pg.Pool(func(cfg *pgxpool.Config) {
		cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return RegisterTypes(ctx, conn, typed.Statements) }
	})
	if err := exercise(t.Context(), t, pool, 1); err != nil {
		t.Error(err)
	}
}
