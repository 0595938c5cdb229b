package contention

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAFreshTablePassesTheAudit(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, rows := range []int{10, 3} {
		l.refill(t, rows)
		if wrong, err := l.bank.audit(t.Context(), rows, 0); err != nil || len(wrong) != 0 {
			t.Errorf("%d rows: %q, %v", rows, wrong, err)
		}
	}
}

func TestATransferMovesOneAndIsCounted(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.refill(t, 3)
	err := pgx.BeginFunc(t.Context(), l.bank.conn, func(tx pgx.Tx) error {
		return pair{1, 3}.transfer(t.Context(), tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := l.bank.conn.Query(t.Context(), `SELECT balance || '/' || version FROM accounts ORDER BY id`)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := "999/1 1000/0 1001/1"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("accounts are %q, %v, want %s", got, err, want)
	}
	if wrong, err := l.bank.audit(t.Context(), 3, 1); err != nil || len(wrong) != 0 {
		t.Errorf("audit: %q, %v", wrong, err)
	}
}

func TestTheAuditSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, tc := range []struct{ sql, want string }{
		{`UPDATE accounts SET balance = balance + 1 WHERE id = 1`, "the sum is 10001, it was 10000"},
		{`UPDATE accounts SET version = 1 WHERE id = 1`, "1 updates were applied, 0 transfers were reported"},
		{`DELETE FROM accounts WHERE id = 1`, "9 accounts, there were 10"},
	} {
		l.refill(t, 10)
		l.exec(t, tc.sql)
		wrong, err := l.bank.audit(t.Context(), 10, 0)
		if err != nil || len(wrong) == 0 || wrong[0] != tc.want {
			t.Errorf("%s: %q, %v, want %q", tc.sql, wrong, err, tc.want)
		}
	}
}

func TestTheServersSettingsAreTold(t *testing.T) {
	t.Parallel()
	l := setup(t)
	settings, err := l.bank.settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, s := range settings {
		found[s.name] = s.value
	}
	for _, name := range []string{"server_version", "deadlock_timeout"} {
		if found[name] == "" {
			t.Errorf("%s is not told: %v", name, found)
		}
	}
}

// What [Config].Table says of PostgreSQL's plans.
func TestASmallTableIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for accounts, want := range map[int]string{10: "Seq Scan on accounts", Config{}.withDefaults().Table: "Index Scan using accounts_pkey"} {
		l.refill(t, accounts)
		rows, _ := l.bank.conn.Query(t.Context(), `EXPLAIN `+selectBalance, 1)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), want) {
			t.Errorf("%d accounts: %q, %v, want %s", accounts, plan, err, want)
		}
	}
}
