package contention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"
)

// The warehouse is a small likeness of TPC-C: a new order takes the district's next
// number and three items, a payment adds to the totals of the warehouse and the
// district, and a delivery removes the district's oldest order. All touch their rows in
// one order of tables and ids.
const (
	districts = 10
	customers = 1000
	items     = 1000
	ordered   = 30 // orders of each district that are there at first

	newOrderOp, paymentOp, deliveryOp = "new order", "payment", "delivery"

	readTax      = `SELECT tax FROM warehouse WHERE id = 1`
	addYear      = `UPDATE warehouse SET year = $1 WHERE id = 1`
	setNext      = `UPDATE district SET next = $1 WHERE id = $2`
	setYear      = `UPDATE district SET year = $1 WHERE id = $2`
	setDelivered = `UPDATE district SET delivered = $1 WHERE id = $2`
	insertOrder  = `INSERT INTO orders (district, number, customer) VALUES ($1, $2, $3)`
	deleteOrder  = `DELETE FROM orders WHERE district = $1 AND number = $2`
	setQuantity  = `UPDATE stock SET quantity = $1 WHERE id = $2`
	setBalance   = `UPDATE customer SET balance = $1 WHERE id = $2`
	readYear     = `SELECT year FROM warehouse WHERE id = 1`
	readDistrict = `SELECT next, year, delivered FROM district WHERE id = $1`
	readQuantity = `SELECT quantity FROM stock WHERE id = $1`
	readBalance  = `SELECT balance FROM customer WHERE id = $1`
	readOldest   = `SELECT number, customer FROM orders WHERE district = $1 ORDER BY number LIMIT 1`
)

func warehouseTexts(lock string) []string {
	texts := []string{readTax, addYear, setNext, setYear, setDelivered, insertOrder, deleteOrder, setQuantity, setBalance}
	for _, read := range []string{readYear, readDistrict, readQuantity, readBalance, readOldest} {
		texts = append(texts, read+lock)
	}
	return texts
}

func createWarehouse(Config) []string {
	const with = ` WITH (autovacuum_enabled = off)`
	return []string{
		`CREATE TABLE warehouse (id bigint PRIMARY KEY, tax bigint NOT NULL, year bigint NOT NULL)` + with,
		`CREATE TABLE district (id bigint PRIMARY KEY, next bigint NOT NULL, year bigint NOT NULL, delivered bigint NOT NULL)` + with,
		`CREATE TABLE customer (id bigint PRIMARY KEY, balance bigint NOT NULL)` + with,
		`CREATE TABLE stock (id bigint PRIMARY KEY, quantity bigint NOT NULL)` + with,
		`CREATE TABLE orders (district bigint, number bigint, customer bigint NOT NULL, PRIMARY KEY (district, number))` + with,
		`INSERT INTO warehouse VALUES (1, 7, 0)`,
		fmt.Sprintf(`INSERT INTO district SELECT id, %d, 0, 0 FROM generate_series(1, %d) id`, ordered+1, districts),
		fmt.Sprintf(`INSERT INTO customer SELECT id, 0 FROM generate_series(1, %d) id`, customers),
		fmt.Sprintf(`INSERT INTO stock SELECT id, 0 FROM generate_series(1, %d) id`, items),
		fmt.Sprintf(`INSERT INTO orders SELECT d, n, 1 FROM generate_series(1, %d) d, generate_series(1, %d) n`, districts, ordered),
	}
}

func drawWarehouse(Config) func(*rand.Rand, int) job {
	return func(rng *rand.Rand, _ int) job {
		s := sale{district: rng.Int64N(districts) + 1, customer: rng.Int64N(customers) + 1}
		for len(s.items) < 3 {
			if item := rng.Int64N(items) + 1; !slices.Contains(s.items, item) {
				s.items = append(s.items, item)
			}
		}
		slices.Sort(s.items)
		switch n := rng.IntN(100); {
		case n < 45:
			return job{op: newOrderOp, key: "warehouse", run: s.order}
		case n < 90:
			return job{op: paymentOp, key: "warehouse", run: s.pay}
		}
		return job{op: deliveryOp, key: "warehouse", run: s.deliver}
	}
}

// sale is what an operation is about.
type sale struct {
	district, customer int64
	items              []int64 // in ascending order
}

// update reads a number and writes another.
func update(ctx context.Context, a access, read, write string, change int64, id ...any) error {
	var n int64
	if err := a.tx.QueryRow(ctx, read+a.lock, id...).Scan(&n); err != nil {
		return err
	}
	_, err := a.tx.Exec(ctx, write, append([]any{n + change}, id...)...)
	return err
}

// readState reads a district, which the caller will write.
func (s sale) readState(ctx context.Context, a access) (next, year, delivered int64, err error) {
	err = a.tx.QueryRow(ctx, readDistrict+a.lock, s.district).Scan(&next, &year, &delivered)
	return next, year, delivered, err
}

func (s sale) order(ctx context.Context, a access) error {
	var tax int64
	if err := a.tx.QueryRow(ctx, readTax).Scan(&tax); err != nil {
		return err
	}
	next, _, _, err := s.readState(ctx, a)
	if err != nil {
		return err
	}
	if _, err := a.tx.Exec(ctx, setNext, next+1, s.district); err != nil {
		return err
	}
	for _, item := range s.items {
		if err := update(ctx, a, readQuantity, setQuantity, -1, item); err != nil {
			return err
		}
	}
	_, err = a.tx.Exec(ctx, insertOrder, s.district, next, s.customer)
	return err
}

func (s sale) pay(ctx context.Context, a access) error {
	if err := update(ctx, a, readYear, addYear, 1); err != nil {
		return err
	}
	_, year, _, err := s.readState(ctx, a)
	if err != nil {
		return err
	}
	if _, err := a.tx.Exec(ctx, setYear, year+1, s.district); err != nil {
		return err
	}
	return update(ctx, a, readBalance, setBalance, -1, s.customer)
}

func (s sale) deliver(ctx context.Context, a access) error {
	_, _, delivered, err := s.readState(ctx, a)
	if err != nil {
		return err
	}
	var number, customer int64
	err = a.tx.QueryRow(ctx, readOldest+a.lock, s.district).Scan(&number, &customer)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := a.tx.Exec(ctx, deleteOrder, s.district, number); err != nil {
		return err
	}
	if err := update(ctx, a, readBalance, setBalance, 1, customer); err != nil {
		return err
	}
	_, err = a.tx.Exec(ctx, setDelivered, delivered+1, s.district)
	return err
}

func auditWarehouse(ctx context.Context, conn *pgx.Conn, _ Config, committed map[string]int) ([]string, error) {
	var wrong []string
	for _, check := range []struct {
		what, sql string
		want      int
	}{
		{"orders numbered", fmt.Sprintf(`SELECT sum(next) - %d FROM district`, districts*(ordered+1)), committed[newOrderOp]},
		{"items sold", `SELECT -sum(quantity) FROM stock`, 3 * committed[newOrderOp]},
		{"payments in the warehouse", `SELECT year FROM warehouse`, committed[paymentOp]},
		{"payments in the districts", `SELECT sum(year) FROM district`, committed[paymentOp]},
		{"orders not accounted for", `SELECT (SELECT count(*) FROM orders) - sum(next - 1 - delivered) FROM district`, 0},
		{"balances", `SELECT sum(balance) - (SELECT sum(delivered) FROM district) FROM customer`, -committed[paymentOp]},
	} {
		var got int
		if err := conn.QueryRow(ctx, check.sql).Scan(&got); err != nil {
			return nil, fmt.Errorf("%s: %w", check.what, err)
		}
		if got != check.want {
			wrong = append(wrong, fmt.Sprintf("%s: %d, want %d", check.what, got, check.want))
		}
	}
	return wrong, nil
}
