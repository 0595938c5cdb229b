package contention

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPairsAreInOrderAndAllAreAsLikely(t *testing.T) {
	t.Parallel()
	const rows, draws = 5, 20_000
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[pair]int{}
	for range draws {
		seen[pick(rng, rows)]++
	}
	if len(seen) != rows*(rows-1)/2 {
		t.Errorf("%d different pairs, want %d", len(seen), rows*(rows-1)/2)
	}
	for p, n := range seen {
		if p.low < 1 || p.low >= p.high || p.high > rows {
			t.Errorf("drew %v", p)
		}
		if want := draws / 10; n < want*9/10 || n > want*11/10 {
			t.Errorf("%v was drawn %d times, want about %d", p, n, want)
		}
	}
}

func TestTwoRowsAreEnough(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		if p := pick(rng, 2); p != (pair{1, 2}) {
			t.Fatalf("drew %v", p)
		}
	}
}

func TestEveryWorkloadAccountsForItsJobs(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, name := range Workloads() {
		w := l.workload(t, name)
		committed := map[string]int{}
		check := func(want bool) {
			t.Helper()
			if wrong, err := w.audit(t.Context(), l.conn, l.cfg, committed); err != nil || (len(wrong) > 0) != want {
				t.Errorf("%s after %v: %q, %v", name, committed, wrong, err)
			}
		}
		check(false)
		for op, j := range first(w, l.cfg) {
			for _, lock := range []string{"", " FOR UPDATE"} {
				if err := pgx.BeginFunc(t.Context(), l.conn, func(tx pgx.Tx) error {
					return j.run(t.Context(), access{tx: tx, lock: lock})
				}); err != nil {
					t.Fatalf("%s: %s: %v", name, op, err)
				}
				committed[op]++
				check(false)
			}
			if op != deliveryOp { // one that finds no order leaves no trace
				committed[op]++
				check(true)
				committed[op]--
			}
		}
	}
}

func TestTheAuditSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, tc := range []struct{ workload, sql, want string }{
		{"hot rows", `UPDATE accounts SET balance = balance + 1 WHERE id = 1`, "accounts: the sum changed by 1"},
		{"hot rows", `UPDATE accounts SET version = 1 WHERE id = 1`, "accounts: 1 updates were applied, 0 transfers were reported"},
		{"slow hot", `UPDATE archive SET balance = 1 WHERE id = 7`, "archive: the sum changed by -999"},
		{"warehouse", `UPDATE district SET next = next + 1 WHERE id = 3`, "orders numbered: 1, want 0"},
		{"warehouse", `DELETE FROM orders WHERE number = 3 AND district = 3`, "orders not accounted for: -1, want 0"},
		{"warehouse", `UPDATE warehouse SET year = 1`, "payments in the warehouse: 1, want 0"},
	} {
		w := l.workload(t, tc.workload)
		l.exec(t, tc.sql)
		wrong, err := w.audit(t.Context(), l.conn, l.cfg, nil)
		if err != nil || len(wrong) == 0 || wrong[0] != tc.want {
			t.Errorf("%s: %q, %v, want %q", tc.sql, wrong, err, tc.want)
		}
	}
}

func TestEveryClassOfAWorkloadHasWorkers(t *testing.T) {
	t.Parallel()
	cfg := Config{}.withDefaults()
	for _, w := range workloads {
		classes := map[string]bool{}
		for _, j := range first(w, cfg) {
			classes[j.class] = true
		}
		want := w.classes
		if want == nil {
			want = []string{""}
		}
		if got := slices.Sorted(maps.Keys(classes)); !slices.Equal(got, want) {
			t.Errorf("%s: classes %q, want %q", w.name, got, want)
		}
	}
}

// Those who do slow jobs in "slow apart" are alone on their rows.
func TestSlowTransfersApartShareNoRow(t *testing.T) {
	t.Parallel()
	cfg := Config{}.withDefaults()
	l := setup(t)
	w := l.workload(t, "slow apart")
	draw, rng := w.draw(l.cfg), rand.New(rand.NewPCG(1, 1))
	one, other := draw(rng, 1), draw(rng, 3)
	options := pgx.TxOptions{IsoLevel: pgx.Serializable}
	second, err := pgx.Connect(t.Context(), l.cfg.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close(t.Context()) }()
	// Both read before one of them writes, and both are committed.
	err = pgx.BeginTxFunc(t.Context(), l.conn, options, func(tx pgx.Tx) error {
		if err := one.run(t.Context(), access{tx: tx}); err != nil {
			return err
		}
		return pgx.BeginTxFunc(t.Context(), second, options, func(tx pgx.Tx) error { return other.run(t.Context(), access{tx: tx}) })
	})
	if err != nil || cfg.Slow <= 0 {
		t.Error(err)
	}
}

// What [Config].Table says of PostgreSQL's plans.
func TestASmallTableIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for name, want := range map[string]string{"hot table": "Seq Scan on accounts", "hot rows": "Index Scan using accounts_pkey"} {
		l.workload(t, name)
		rows, _ := l.conn.Query(t.Context(), `EXPLAIN `+selectBalance("accounts", ""), 1)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), want) {
			t.Errorf("%s: %q, %v, want %s", name, plan, err, want)
		}
	}
}

func TestTheServersSettingsAreReported(t *testing.T) {
	t.Parallel()
	l := setup(t)
	found, err := settings(t.Context(), l.conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server_version", "deadlock_timeout"} {
		if !slices.ContainsFunc(found, func(s setting) bool { return s.name == name && s.value != "" }) {
			t.Errorf("%s is missing: %v", name, found)
		}
	}
}
