package txn

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// endings are texts that end the transaction, or begin another one. PostgreSQL takes
// each by the simple protocol.
var endings = []string{
	"commit", "COMMIT", "End", "abort", "rollback", "begin", "start transaction", "commit work", "end transaction", "ROLLBACK WORK", "abort and chain",
	"rollback and chain -- to the beginning", "rollback /* to */ and chain", "ROLLBACK /* to */ AND CHAIN", "; rollback and chain", ";rollback and chain",
	"--x\rrollback and chain", ";commit and chain", "--x\rcommit and chain", ";commit", "prepare /**/ transaction 'px'", "commit -- prepared",
	"rollback -- to", "rollback transaction and chain -- to s", "rollback work /* to s */", "rollback and no chain", "start/**/transaction read only",
	"\f;\t;\r--x\n/* /* */ ; */commit;", "/*;*/commit/*;*/and chain", "prepare transaction -- 'x'\n'px'", "Prepare Transaction E'p\\'x'", "commit--\rand chain",
	"select 1; commit", "select 1; rollback", "select 1; commit and chain", "select 1; rollback and chain", "select 1; rollback; begin", "rollback; begin -- to",
	"select 1; commit; begin", "select ';'; --\rcommit and chain;;", "select 'a''; '; end; begin", "select E'\\'; '; end and chain", "select $$'$$; abort and chain; select $$'$$",
	"select $a$ $$; $a$; commit and chain", "select 1 as a$b$; commit and chain; select 1 as c$b$", `select 1 as "'"; rollback and chain; select 1 as "'"`,
	"rollback to s; commit and chain", "savepoint t; rollback; begin; savepoint s", "select begin atomic from (values (1)) as t (begin); commit and chain; select 1 end",
	"create function pg_temp.f() returns int begin atomic select 1; end; commit and chain", "create function pg_temp.f() returns int language sql begin atomic select 1 end; end; rollback and chain",
	"select 'a' -- '\n'b;'; commit and chain", "select N'\\'; commit and chain; --'", "select U&'\\0061'; commit and chain", "select b'0'; commit and chain; --'",
	"create temp table t (begin int, atomic int); commit and chain", "select 1 -- /*\n; commit and chain -- */", "select 1*/**/1; commit and chain",
	"select -1 - - 1; commit and chain", "select 1;\u00a0\n;commit and chain", "begin isolation level serializable", "prepare transaction u&'px'", "commit;",
}

// senders are the ways of a text through a transaction.
var senders = map[string]func(ctx context.Context, tx *Tx, sql string) error{
	"Exec": func(ctx context.Context, tx *Tx, sql string) error { _, err := tx.Exec(ctx, sql); return err },
	"Exec, in the simple protocol": func(ctx context.Context, tx *Tx, sql string) error {
		_, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		return err
	},
	"Query": func(ctx context.Context, tx *Tx, sql string) error {
		rows, _ := tx.Query(ctx, sql)
		rows.Close()
		return rows.Err()
	},
	"Query, in the simple protocol": func(ctx context.Context, tx *Tx, sql string) error {
		rows, _ := tx.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		for rows.Next() {
		}
		return rows.Err()
	},
	"QueryRow": func(ctx context.Context, tx *Tx, sql string) error { return tx.QueryRow(ctx, sql).Scan() },
	"SendBatch": func(ctx context.Context, tx *Tx, sql string) error {
		return tx.SendBatch(ctx, batchOf("insert into moves values (1, 1)", sql, "insert into moves values (2, 2)")).Close()
	},
	"a rewriter": func(ctx context.Context, tx *Tx, sql string) error {
		_, err := tx.Exec(ctx, "select 1", rewriter(sql))
		return err
	},
	"a rewriter in a batch": func(ctx context.Context, tx *Tx, sql string) error {
		batch := &pgx.Batch{}
		batch.Queue("select 1", rewriter(sql))
		return tx.SendBatch(ctx, batch).Close()
	},
}

func batchOf(texts ...string) *pgx.Batch {
	batch := &pgx.Batch{}
	for _, sql := range texts {
		batch.Queue(sql)
	}
	return batch
}

// rewriter makes another statement of any.
type rewriter string

func (r rewriter) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return string(r), nil, nil
}

func simple(cfg *pgxpool.Config) {
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
}

func TestATextThatEndsTheTransactionIsNotSentHoweverItIsSpelt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pgxpool.Config){"prepared": one, "simple": func(cfg *pgxpool.Config) { one(cfg); simple(cfg) }} {
		l := setup(t, change)
		for way, send := range senders {
			t.Run(name+", "+way, func(t *testing.T) {
				for _, sql := range endings {
					err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
						if _, err := tx.Exec(ctx, "savepoint s; insert into items values (1, 0)"); err != nil {
							return err
						}
						err := send(ctx, tx, sql)
						var misuse *MisuseError
						if !errors.As(err, &misuse) || misuse.Problem != endedByHand || !strings.EqualFold(misuse.Statement, sqltext.Verb(sql)) {
							t.Errorf("%q: sent, with error %v", sql, err)
						}
						return insert(ctx, tx, 2) // and hides the error
					})
					var misuse *MisuseError
					if n := l.number("select (select count(*) from items) + (select count(*) from moves)"); n != 0 || !errors.As(err, &misuse) || !isEndedByHand(err) {
						t.Errorf("%q: %d rows, error %v", sql, n, err)
						l.exec("truncate items, moves")
					}
				}
			})
		}
	}
}

// Each of these is some other statement, and all of them are one transaction.
func TestWhatOnlyLooksLikeTheEndOfATransactionIsSent(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		for _, sql := range []string{
			"insert into items values (1, 0)", "savepoint s", "rollback/*x*/to s", "rollback work to s", "ROLLBACK TRANSACTION TO SAVEPOINT s", "rollback -- x\rto s", "; ;rollback to s;",
			"select 1; rollback to s", "rollback to s; select 1", "prepare transaction as select 1", "execute transaction", "prepare commit as select 1", "deallocate transaction",
			"select 'x; commit and chain'", "select $$; commit $$", "select E'\\'; commit --'", `select 1 as "; commit ;"`, "select 1 /* ; commit */ -- ; commit\r;", "do $$ begin perform 1; end $$",
			"create function pg_temp.f() returns int begin atomic select case when true then 1 end; end", "create or replace function pg_temp.f() returns int begin atomic; select 1 as end; end; select 1",
			"select case when true then 1 end; select 2", "select 1 as commit, 2 as begin", "select begin atomic from (values (1)) as t (begin)", "release s", "select 'a' -- x\n'; commit'", "set constraints all deferred",
			"create temp table t (n int); create rule r as on insert to t do also (delete from t; select 1)", "", ";", "-- commit", "/* commit */", "rollback/**/to/**/transaction; release transaction",
		} {
			if sql == "rollback/**/to/**/transaction; release transaction" {
				sql = "savepoint transaction; " + sql
			}
			if _, err := tx.Exec(ctx, sql); err != nil {
				t.Errorf("%q: %v", sql, err)
				return err
			}
		}
		return nil
	})
	if err != nil || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

// What these do to a transaction is the server's to refuse.
func TestTheServerRefusesToEndATransactionFromWithin(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`create procedure ends() language plpgsql as $$ begin commit; end $$`)
	l.exec(`create procedure undoes() language plpgsql as $$ begin rollback and chain; end $$`)
	l.exec(`create function calls() returns void language plpgsql as $$ begin call ends(); end $$`)
	for sql, code := range map[string]string{
		"call ends()": "2D000", "call undoes()": "2D000", "do $$ begin commit; end $$": "2D000", "select calls()": "2D000", "do $$ begin call undoes(); end $$": "2D000",
		"do $$ begin execute 'commit'; end $$": "0A000", "create or replace function pg_temp.f() returns int begin atomic commit; end": "0A000",
		"commit prepared 'x'": "25001", "rollback /**/ prepared 'x'": "25001", "; ROLLBACK PREPARED 'x'": "25001", "discard all": "25001",
		"prepare p as commit": "42601", "(commit)": "42601", "(rollback and chain)": "42601", "explain commit": "42601", "\u00a0commit": "42601", "\ufeffcommit": "42601",
		`"commit"`: "42601", "com/**/mit": "42601", "commit_": "42601", "begin$$": "42601", "'commit'": "42601", "select 1 commit and chain": "42601",
	} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sql)
			return err
		})
		if pgerr.Code(err) != code || l.rows() != 0 {
			t.Errorf("%q: %d rows, error %v, want %s", sql, l.rows(), err, code)
			l.exec("truncate items")
		}
	}
}

// A session may take a backslash for the beginning of an escape in all its strings.
func TestATextIsReadAsTheSessionReadsIt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	const ends, harmless = `select 'a\''; commit and chain; --'`, `select 'a\'; commit and chain; --'`
	for _, off := range []bool{false, true} {
		for sql, refused := range map[string]bool{ends: off, harmless: !off, `select E'\'; commit --'`: false, `select '\\'; commit and chain`: true} {
			err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				if off {
					if _, err := tx.Exec(ctx, "set local escape_string_warning = off; set local standard_conforming_strings = off"); err != nil {
						return err
					}
				}
				_, err := tx.Exec(ctx, sql)
				if isEndedByHand(err) != refused || !refused && err != nil {
					t.Errorf("off %t, %q: %v", off, sql, err)
				}
				return err
			})
			if (err != nil) != refused {
				t.Errorf("off %t, %q: Run returns %v", off, sql, err)
			}
		}
	}
}

// In the simple protocol the texts of a batch are one text.
func TestATextOfABatchCannotHideWhatTheNextOneDoes(t *testing.T) {
	t.Parallel()
	l := setup(t, one, simple)
	for name, texts := range map[string][]string{
		"a comment":     {"select 1; /*", "*/ rollback and chain"},
		"a quote":       {"select 1; select '", "'; rollback and chain"},
		"a dollar":      {"select $a$", "$a$; rollback and chain"},
		"an identifier": {`select 1 as "`, `"; rollback and chain`},
		"a line":        {"select 1; --", "x\rrollback and chain"},
	} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			return tx.SendBatch(ctx, batchOf(texts...)).Close()
		})
		if err == nil || l.rows() != 0 {
			t.Errorf("%s: %d rows, error %v", name, l.rows(), err)
		}
	}
}

// What PREPARE TRANSACTION leaves holds its locks until it is ended, so it is not
// left.
func TestNoPreparedTransactionIsLeft(t *testing.T) {
	t.Parallel()
	l := setupOn(t, pgtest.NewServer(t, pgtest.WithSetting("max_prepared_transactions", "9")).DSN(), one)
	for way, send := range senders {
		for _, sql := range []string{"prepare transaction 'px'", "prepare /**/ transaction 'px'", ";prepare transaction $$px$$", "select 1; prepare --\rtransaction E'px'", "commit; prepare transaction 'px'"} {
			err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				if err := insert(ctx, tx, 1); err != nil {
					return err
				}
				_ = send(ctx, tx, sql)
				return nil
			})
			if n := l.number("select (select count(*) from items) + (select count(*) from pg_prepared_xacts)"); n != 0 || !isEndedByHand(err) {
				t.Fatalf("%s, %q: %d left, error %v", way, sql, n, err)
			}
		}
	}
}
