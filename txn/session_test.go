package txn

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// shown are settings as the transaction's session sees them.
func shown(ctx context.Context, tx *Tx, names ...string) (map[string]string, error) {
	values := map[string]string{}
	for _, name := range names {
		var value string
		if err := tx.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

func TestSettingsHoldForTheTransactionOnly(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	op := Op{
		Name: "report", Iso: pgx.Serializable, ReadOnly: true,
		StatementTimeout: 1500 * time.Millisecond, LockTimeout: time.Nanosecond,
		Settings: map[string]string{
			"transaction_deferrable": "on", "idle_in_transaction_session_timeout": "1min",
			"app.tenant": `it's 42\`, "search_path": `pg_catalog, "Odd, ""Schema""", $user`, "DateStyle": "ISO, DMY", "work_mem": "5MB",
		},
	}
	want := map[string]string{
		"transaction_isolation": "serializable", "transaction_read_only": "on", "transaction_deferrable": "on",
		"statement_timeout": "1500ms", "lock_timeout": "1ms", "idle_in_transaction_session_timeout": "1min",
		"app.tenant": `it's 42\`, "search_path": `pg_catalog, "Odd, ""Schema""", "$user"`, "DateStyle": "ISO, DMY", "work_mem": "5MB",
	}
	got, err := Do(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) (map[string]string, error) {
		return shown(ctx, tx, slices.Sorted(maps.Keys(want))...)
	})
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, error %v", got, err)
	}
	after, err := Do(t.Context(), l.runner, Op{Name: "after"}, func(ctx context.Context, tx *Tx) (map[string]string, error) {
		return shown(ctx, tx, "statement_timeout", "lock_timeout", "work_mem", "app.tenant", "transaction_isolation")
	})
	want = map[string]string{"statement_timeout": "0", "lock_timeout": "0", "work_mem": "4MB", "app.tenant": "", "transaction_isolation": "read committed"}
	if err != nil || !maps.Equal(after, want) {
		t.Errorf("afterwards: got %q, error %v", after, err)
	}
}

func TestASettingTakesNoSnapshot(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	op := Op{Name: "late", Iso: pgx.RepeatableRead, LockTimeout: time.Minute, Settings: map[string]string{"app.tenant": "1"}}
	n, err := Do(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) (n int, err error) {
		l.exec(`UPDATE items SET n = 5`)
		err = tx.QueryRow(ctx, `SELECT n FROM items`).Scan(&n)
		return n, err
	})
	if err != nil || n != 5 {
		t.Errorf("n = %d, error %v", n, err)
	}
}

func TestARefusedSettingIsNamedAndCostsNoConnection(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, one, net.attach)
	before, _ := net.counts()
	for setting, value := range map[string]string{
		"work_mem": "much", "no_such_setting": "1", "max_connections": "5", "statement_timeout": "soon",
	} {
		op := Op{Name: "x", Iso: pgx.Serializable, Settings: map[string]string{"app.ok": "1", setting: value, "zone.ok": "2"}}
		err := Run(t.Context(), l.runner, op, func(context.Context, *Tx) error {
			t.Error("the function was called")
			return nil
		})
		var refused *ConfigError
		if !errors.As(err, &refused) || refused.Field != settingField(setting) || pgerr.Code(err) == "" {
			t.Fatalf("%s: error is %v", setting, err)
		}
	}
	if after, _ := net.counts(); after != before {
		t.Fatalf("%d connections were lost", after-before)
	}
	if err := differ("rows", l.rows(), 0); err != nil {
		t.Error(err)
	}
}

func TestListsOfNamesAreSplitAsTheServerDoes(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		``: {""}, `a`: {"a"}, ` A , b `: {"a", "b"}, `"A b","c""d" , E`: {"A b", `c"d`, "e"}, `$user`: {"$user"}, `""`: {""},
	} {
		if got, ok := splitList(list); !ok || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %t", list, got, ok)
		}
	}
	for _, list := range []string{`a,`, `,`, `"a`, `"a"b`, `a b`, `a,,b`, `a"b`, `"a""`} {
		if got, ok := splitList(list); ok {
			t.Errorf("%q: %q", list, got)
		}
	}
}

func TestTimeoutsOfTheOperationEndItsStatements(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	err := Run(t.Context(), l.runner, Op{Name: "slow", StatementTimeout: 10 * time.Millisecond}, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(60)`)
		return err
	})
	if pgerr.Code(err) != "57014" {
		t.Errorf("error is %v", err)
	}
	for again, want := range map[bool]int{false: 1, true: 3} {
		attempts := 0
		err := Run(t.Context(), l.runner, Op{Name: "holder"}, func(ctx context.Context, tx *Tx) error {
			if err := increment(ctx, tx); err != nil {
				return err
			}
			op := Op{Name: "waiter", LockTimeout: time.Millisecond, MaxAttempts: 3}
			return Run(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) error {
				attempts++
				err := increment(ctx, tx)
				if again && pgerr.KindOf(err) == pgerr.LockTimeout {
					return Retryable(err)
				}
				return err
			})
		})
		var exhausted *ExhaustedError
		if pgerr.KindOf(err) != pgerr.LockTimeout || attempts != want || errors.As(err, &exhausted) != again {
			t.Errorf("marked %t: %d attempts, error %v", again, attempts, err)
		}
	}
}

// FuzzSettingsArriveAsTheyWere holds for names and values, in sessions that read
// plain strings either way.
func FuzzSettingsArriveAsTheyWere(f *testing.F) {
	for _, value := range []string{
		``, `a`, `'`, `''`, `\`, `\'`, `'; DROP TABLE items; --`, "\n\r\t", `E'`, `$$`, `ä`, `語`, "\U0001F600", "\u2028", `\u0041`, `\\u0041`, "\x01\x7f", `;`, `"`,
	} {
		f.Add("tenant", value)
	}
	f.Add(`Te"nant`, "1")
	l := setup(f)
	plain := newRunner(f, l.db.Pool(func(cfg *pgxpool.Config) {
		cfg.ConnConfig.RuntimeParams["standard_conforming_strings"] = "off"
	}), Config{})
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, r := range []*Runner{l.runner, plain} {
			setting := "app." + name
			op := Op{Name: "fuzz", Settings: map[string]string{setting: value}, ReadOnly: true}
			if op.validate() != nil {
				return
			}
			got, err := Do(bounded(t), r, op, func(ctx context.Context, tx *Tx) (map[string]string, error) { return shown(ctx, tx, setting) })
			var refused *ConfigError
			if errors.As(err, &refused) && refused.Field == settingField(setting) {
				continue // the server takes few names
			}
			if err != nil || got[setting] != value {
				t.Errorf("%q = %q: got %q, error %v", setting, value, got, err)
			}
		}
	})
}
