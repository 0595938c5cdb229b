package contention

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The table. Vacuum runs before the rounds, not at random within some of them.
const createAccounts = `CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL)
	WITH (autovacuum_enabled = off)`

const initialBalance = 1000

// bank makes the accounts and looks into them, on a connection of its own and
// never while the clock runs.
type bank struct{ conn *pgx.Conn }

func openBank(ctx context.Context, dsn string) (*bank, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, createAccounts); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("create the table: %w", err)
	}
	return &bank{conn}, nil
}

func (b *bank) close(ctx context.Context) { _ = b.conn.Close(context.WithoutCancel(ctx)) }

// refill makes the table as new.
func (b *bank) refill(ctx context.Context, rows int) error {
	for _, sql := range []string{
		`TRUNCATE accounts`,
		fmt.Sprintf(`INSERT INTO accounts SELECT id, %d, 0 FROM generate_series(1, %d) id`, initialBalance, rows),
		`VACUUM ANALYZE accounts`,
		`CHECKPOINT`,
	} {
		if _, err := b.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("refill the table: %s: %w", sql, err)
		}
	}
	return nil
}

// audit compares the table with the number of transfers that were reported as
// committed, and returns what is wrong with it.
func (b *bank) audit(ctx context.Context, rows, committed int) (wrong []string, err error) {
	var count, sum, updates int
	err = b.conn.QueryRow(ctx, `SELECT count(*), sum(balance), sum(version) FROM accounts`).Scan(&count, &sum, &updates)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if count != rows {
		wrong = append(wrong, fmt.Sprintf("%d accounts, there were %d", count, rows))
	}
	if sum != rows*initialBalance {
		wrong = append(wrong, fmt.Sprintf("the sum is %d, it was %d", sum, rows*initialBalance))
	}
	if updates != 2*committed {
		wrong = append(wrong, fmt.Sprintf("%d updates were applied, %d transfers were reported", updates, committed))
	}
	return wrong, nil
}

// settings are what a reader must know of the server.
func (b *bank) settings(ctx context.Context) ([]setting, error) {
	names := []string{"server_version", "deadlock_timeout", "fsync", "synchronous_commit", "max_connections"}
	var found []setting
	for _, name := range names {
		s := setting{name: name}
		if err := b.conn.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&s.value); err != nil {
			return nil, fmt.Errorf("ask for %s: %w", name, err)
		}
		found = append(found, s)
	}
	return found, nil
}

type setting struct{ name, value string }
