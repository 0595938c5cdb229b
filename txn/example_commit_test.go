package txn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

// A payment is to be made once, whatever happens to the network, the server or the
// program: the request's id is committed with it.
func Example_exactlyOnce() {
	pool, done := database(`CREATE TABLE payments (order_id int, cents int)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	pay := func(requestID string) error {
		op := txn.Op{Name: "pay", Commit: txn.Idempotent, Key: requestID, RetryLost: true}
		return txn.Run(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO payments VALUES (7, 1299)`)
			return err
		})
	}
	for range 2 { // the client did not hear the first answer, and asks again
		err := pay("request 42")
		switch {
		case err == nil:
			fmt.Println("paid")
		case errors.Is(err, txn.ErrAlreadyCommitted):
			fmt.Println("paid before")
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// paid
	// paid before
}

// Resolve finds out what became of a COMMIT whose answer was lost.
func Example_lostCommit() {
	pool, done := database(`CREATE TABLE counters (n int); INSERT INTO counters VALUES (0)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{ResolveTimeout: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	op := txn.Op{Name: "count", Commit: txn.Resolve, RetryLost: true}
	err = txn.Run(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE counters SET n = n + 1`)
		return err
	})
	var unknown *txn.CommitUnknownError
	switch {
	case err == nil:
		fmt.Println("counted once")
	case errors.As(err, &unknown): // the server crashed, or is out of reach
		fmt.Println("nobody can tell:", unknown.Unresolved)
	default:
		fmt.Println("not counted:", err)
	}
	// Output: counted once
}

// Hooks are for what cannot be rolled back.
func ExampleTx_AfterCommit() {
	pool, done := database(`CREATE TABLE orders (id int PRIMARY KEY)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		err = txn.Run(ctx, runner, txn.Op{Name: "order"}, func(ctx context.Context, tx *txn.Tx) error {
			tx.AfterCommit(func(context.Context) { fmt.Println("send the confirmation") })
			tx.AfterRollback(func(_ context.Context, err error) { fmt.Println("release the stock:", pgerr.KindOf(err)) })
			_, err := tx.Exec(ctx, `INSERT INTO orders VALUES (1)`)
			return err
		})
	}
	c, _ := pgerr.ConstraintOf(err)
	fmt.Println(c.ID.Name)
	// Output:
	// send the confirmation
	// release the stock: constraint
	// orders_pkey
}

// Operations compose: each runs alone, or as a part of another.
func ExampleOp_nest() {
	pool, done := database(`CREATE TABLE stock (book int PRIMARY KEY, n int CHECK (n >= 0)); INSERT INTO stock VALUES (1, 5), (2, 0)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	take := func(ctx context.Context, book int) error {
		op := txn.Op{Name: "take", Propagation: txn.Savepoint}
		return txn.Run(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE stock SET n = n - 1 WHERE book = $1`, book)
			return err
		})
	}
	err = txn.Run(ctx, runner, txn.Op{Name: "order"}, func(ctx context.Context, tx *txn.Tx) error {
		for _, book := range []int{1, 2} {
			if err := take(ctx, book); pgerr.KindOf(err) == pgerr.ConstraintViolation {
				fmt.Println("out of stock:", book)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// out of stock: 2
	// <nil>
}

// Settings hold for one transaction, and cost no round trip.
func ExampleOp_settings() {
	pool, done := database(``)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	op := txn.Op{
		Name: "invoices", Iso: pgx.RepeatableRead, ReadOnly: true,
		StatementTimeout: 5 * time.Second, LockTimeout: time.Second,
		Settings: map[string]string{"app.tenant": "42"}, // what policies of row-level security ask for
	}
	tenant, err := txn.Do(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) (tenant string, err error) {
		err = tx.QueryRow(ctx, `SELECT current_setting('app.tenant')`).Scan(&tenant)
		return tenant, err
	})
	fmt.Println(tenant, err)
	op.Settings = map[string]string{"work_mem": "plenty"}
	err = txn.Run(ctx, runner, op, func(context.Context, *txn.Tx) error { return nil })
	fmt.Println(err)
	// Output:
	// 42 <nil>
	// txn: Op.Settings["work_mem"] is refused by the server: ERROR: invalid value for parameter "work_mem": "plenty" (SQLSTATE 22023)
}

// An advisory lock that is taken before BEGIN shows what its last holder did, also at
// REPEATABLE READ. Db.DB.WithConn releases it.
func ExampleNew_lock() {
	d, done := openDB(`CREATE TABLE reports (day date PRIMARY KEY)`)
	defer done()
	const reports = 4711 // the key that all agree on
	made := false
	err := d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, reports); err != nil {
			return err
		}
		runner, err := txn.New(conn, txn.Config{})
		if err != nil {
			return err
		}
		op := txn.Op{Name: "daily report", Iso: pgx.RepeatableRead}
		return txn.Run(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO reports VALUES ('2026-01-31') ON CONFLICT DO NOTHING`)
			made = tag.RowsAffected() == 1
			return err
		})
	})
	fmt.Println(made, err)
	// Output: true <nil>
}

// A violation that is a race is retried: the second attempt sees the row.
func ExampleOp_retryOn() {
	pool, done := database(`CREATE TABLE tags (id int GENERATED ALWAYS AS IDENTITY, name text CONSTRAINT tags_name_key UNIQUE)`)
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	tagsNameKey := pgerr.ConstraintID{Schema: "public", Table: "tags", Name: "tags_name_key"} // as sqlkeel generates it
	op := txn.Op{Name: "tag", RetryOn: []pgerr.ConstraintID{tagsNameKey}}
	id, err := txn.Do(ctx, runner, op, func(ctx context.Context, tx *txn.Tx) (id int, err error) {
		err = tx.QueryRow(ctx, `SELECT id FROM tags WHERE name = 'sql'`).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return id, err
		}
		err = tx.QueryRow(ctx, `INSERT INTO tags (name) VALUES ('sql') RETURNING id`).Scan(&id)
		return id, err
	})
	fmt.Println(id, err)
	// Output: 1 <nil>
}
