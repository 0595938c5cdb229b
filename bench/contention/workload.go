package contention

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// querier is what the transactions of all arms have in common.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// access is how an attempt reaches the rows: with lock, the rows that it will write
// are locked as they are read.
type access struct {
	tx   querier
	lock string // " FOR UPDATE", or empty
}

// job is one unit of work. An arm runs it until it is committed.
type job struct {
	op    string // the operation
	class string // of which the figures are reported apart, or empty
	key   string // by which a limit written by hand would limit it; empty: not at all
	run   func(ctx context.Context, a access) error
}

// workload is a mix of operations and their tables.
type workload struct {
	name, about string
	classes     []string                               // of its jobs, if there are several
	create      func(Config) []string                  // statements that create and fill the tables
	texts       func(lock string) []string             // the statements of the jobs
	draw        func(Config) func(*rand.Rand, int) job // draws a worker's next job
	// audit returns what is wrong with the tables after this many jobs of each
	// operation were reported as committed.
	audit func(ctx context.Context, conn *pgx.Conn, cfg Config, committed map[string]int) ([]string, error)
}

// workloads are all of them, in the order in which they are measured.
var workloads = []workload{
	{
		name: "hot rows", about: "transfers between the hot rows of a large table",
		create: func(c Config) []string { return fill("accounts", c.Table, 100) }, texts: transferTexts("accounts"),
		draw: func(c Config) func(*rand.Rand, int) job {
			return func(rng *rand.Rand, _ int) job {
				return transfer{table: "accounts", pair: pick(rng, c.Rows)}.job("transfer", "", "accounts")
			}
		},
		audit: auditTransfers(map[string]string{"accounts": "transfer"}),
	},
	{
		name: "hot table", about: "transfers in a table that has the hot rows alone: PostgreSQL reads all of it, and any two serializable transfers collide",
		create: func(c Config) []string { return fill("accounts", c.Rows, 100) }, texts: transferTexts("accounts"),
		draw: func(c Config) func(*rand.Rand, int) job {
			return func(rng *rand.Rand, _ int) job {
				return transfer{table: "accounts", pair: pick(rng, c.Rows)}.job("transfer", "", "accounts")
			}
		},
		audit: auditTransfers(map[string]string{"accounts": "transfer"}),
	},
	{
		name: "warehouse", about: "orders, payments and deliveries of one warehouse with ten districts, in five tables",
		create: createWarehouse, texts: warehouseTexts, draw: drawWarehouse, audit: auditWarehouse,
	},
	{
		name: "slow apart", about: "half of the workers do slow transfers that collide with none, half do fast transfers between the hot rows",
		classes: []string{"fast", "slow"},
		create:  twoTables, texts: transferTexts("accounts", "archive"),
		draw: func(c Config) func(*rand.Rand, int) job {
			return func(rng *rand.Rand, worker int) job {
				if worker%2 == 0 {
					return transfer{table: "accounts", pair: pick(rng, c.Rows)}.job("fast transfer", "fast", "accounts")
				}
				own := int64(worker)
				return transfer{table: "archive", pair: pair{own, own + 1}, pause: c.Slow}.job("slow transfer", "slow", "")
			}
		},
		audit: auditTransfers(map[string]string{"accounts": "fast transfer", "archive": "slow transfer"}),
	},
	{
		name: "slow hot", about: "half of the workers do slow transfers, half do fast ones, each between hot rows of their own table",
		classes: []string{"fast", "slow"},
		create:  twoTables, texts: transferTexts("accounts", "archive"),
		draw: func(c Config) func(*rand.Rand, int) job {
			return func(rng *rand.Rand, worker int) job {
				p := pick(rng, c.Rows)
				if worker%2 == 0 {
					return transfer{table: "accounts", pair: p}.job("fast transfer", "fast", "accounts")
				}
				return transfer{table: "archive", pair: p, pause: c.Slow}.job("slow transfer", "slow", "archive")
			}
		},
		audit: auditTransfers(map[string]string{"accounts": "fast transfer", "archive": "slow transfer"}),
	},
}

// Workloads returns the names of all workloads.
func Workloads() []string {
	var names []string
	for _, w := range workloads {
		names = append(names, w.name)
	}
	return names
}

// find returns the workload with a name.
func find(name string) (workload, error) {
	i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
	if i < 0 {
		return workload{}, fmt.Errorf("workload %q: there are %q", name, Workloads())
	}
	return workloads[i], nil
}

const initialBalance = 1000

// pair is the two accounts of a transfer, in the order in which they are touched.
type pair struct{ low, high int64 }

// pick draws two different ids of 1 to rows.
func pick(rng *rand.Rand, rows int) pair {
	a, b := rng.Int64N(int64(rows))+1, rng.Int64N(int64(rows)-1)+1
	if b >= a {
		b++
	}
	return pair{low: min(a, b), high: max(a, b)}
}

// transfer moves 1 from the lower account to the higher. It pauses between its reads
// and its writes.
type transfer struct {
	table string
	pair
	pause time.Duration
}

func (t transfer) job(op, class, key string) job {
	return job{op: op, class: class, key: key, run: t.run}
}

// The statements of a transfer: each for the lower id, then for the higher. New
// balances are computed from those that were read, so a lost update changes the sum;
// version counts the updates.
func selectBalance(table, lock string) string {
	return `SELECT balance FROM ` + table + ` WHERE id = $1` + lock
}

func updateBalance(table string) string {
	return `UPDATE ` + table + ` SET balance = $1, version = version + 1 WHERE id = $2`
}

const pauseInServer = `SELECT pg_sleep($1)`

func (t transfer) run(ctx context.Context, a access) error {
	var low, high int64
	if err := a.tx.QueryRow(ctx, selectBalance(t.table, a.lock), t.low).Scan(&low); err != nil {
		return err
	}
	if err := a.tx.QueryRow(ctx, selectBalance(t.table, a.lock), t.high).Scan(&high); err != nil {
		return err
	}
	if t.pause > 0 {
		if _, err := a.tx.Exec(ctx, pauseInServer, t.pause.Seconds()); err != nil {
			return err
		}
	}
	if _, err := a.tx.Exec(ctx, updateBalance(t.table), low-1, t.low); err != nil {
		return err
	}
	_, err := a.tx.Exec(ctx, updateBalance(t.table), high+1, t.high)
	return err
}

func transferTexts(tables ...string) func(lock string) []string {
	return func(lock string) []string {
		texts := []string{pauseInServer}
		for _, table := range tables {
			texts = append(texts, selectBalance(table, lock), updateBalance(table))
		}
		return texts
	}
}

// fill creates a table of accounts. Vacuum runs before the rounds, not at random within
// some of them.
func fill(table string, rows, percent int) []string {
	return []string{
		fmt.Sprintf(`CREATE TABLE %s (id bigint PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL)
			WITH (autovacuum_enabled = off, fillfactor = %d)`, table, percent),
		fmt.Sprintf(`INSERT INTO %s SELECT id, %d, 0 FROM generate_series(1, %d) id`, table, initialBalance, rows),
	}
}

// twoTables leaves room in the pages of the second, so that its updates do not write the
// index: PostgreSQL takes that for a collision of any two rows on a page of it.
func twoTables(c Config) []string {
	return append(fill("accounts", c.Table, 100), fill("archive", c.Table, 10)...)
}

// auditTransfers audits tables of accounts, given the operation that writes each.
func auditTransfers(tables map[string]string) func(context.Context, *pgx.Conn, Config, map[string]int) ([]string, error) {
	return func(ctx context.Context, conn *pgx.Conn, _ Config, committed map[string]int) (wrong []string, err error) {
		for table, op := range tables {
			var gained, updates int
			err = conn.QueryRow(ctx, fmt.Sprintf(`SELECT sum(balance - %d), sum(version) FROM %s`, initialBalance, table)).Scan(&gained, &updates)
			if err != nil {
				return nil, err
			}
			if gained != 0 {
				wrong = append(wrong, fmt.Sprintf("%s: the sum changed by %d", table, gained))
			}
			if updates != 2*committed[op] {
				wrong = append(wrong, fmt.Sprintf("%s: %d updates were applied, %d transfers were reported", table, updates, committed[op]))
			}
		}
		return wrong, nil
	}
}
