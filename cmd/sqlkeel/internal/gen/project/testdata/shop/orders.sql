/* name: GetOrder :one */
SELECT * FROM orders WHERE id = $1;

-- name: CountItems :one
-- The same name as in the other package.
SELECT count(*) FROM orders;

-- name: PayOrder :one
UPDATE orders SET paid = true, customer = coalesce(sqlc.narg(customer), customer) WHERE id = @id AND at < @before RETURNING id, paid;

-- name: CopyOrders :copyfrom
INSERT INTO orders (id, customer) VALUES ($1, $2);

-- name: DropOrders :batchone
DELETE FROM orders WHERE id = $1 AND customer = $2 RETURNING id, customer;
