-- name: GetAccount :one
SELECT a.id, a.name, a.balance_cents FROM accounts a WHERE a.id = @id;

-- name: TotalBalance :one
SELECT coalesce(sum(a.balance_cents), 0)::bigint AS total_cents FROM accounts a;

-- MoveMoney takes the locks in the order of the ids, so that two transfers in
-- opposite directions cannot deadlock. It gives a row for each account that
-- exists; the history row is written only when both do. An overdraft violates
-- accounts_balance_not_negative.
-- name: MoveMoney :many
WITH locked AS (
    SELECT l.id FROM accounts l
    WHERE l.id IN (@from_account::bigint, @to_account::bigint)
    ORDER BY l.id
    FOR UPDATE
), moved AS (
    UPDATE accounts a
    SET balance_cents = a.balance_cents
        + CASE WHEN a.id = @to_account::bigint THEN @amount_cents::bigint ELSE -sqlc.arg('amount_cents')::bigint END
    FROM locked
    WHERE a.id = locked.id
    RETURNING a.id, a.balance_cents
), noted AS (
    INSERT INTO transfers (from_account, to_account, amount_cents)
    SELECT @from_account::bigint, @to_account::bigint, @amount_cents::bigint
    WHERE (SELECT count(*) FROM moved) = 2
    RETURNING transfers.id
)
SELECT m.id, m.balance_cents, coalesce((SELECT n.id FROM noted n), 0)::bigint AS transfer_id
FROM moved m
ORDER BY m.id;

-- name: CountTransfers :one
SELECT count(*) FROM transfers;

-- name: CopyAccounts :copyfrom
INSERT INTO accounts (id, user_id, name, balance_cents) VALUES (@id, @user_id, @name, @balance_cents);

-- name: SyncAccountIDs :exec
SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(a.id) FROM accounts a));
