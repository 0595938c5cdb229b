-- name: CountItems :one
-- counts
SELECT count(*)
FROM items;
