-- name: Merge :exec
MERGE INTO t USING (SELECT 1) s ON t.id = $1
WHEN MATCHED THEN UPDATE SET name = $2;

-- name: Sliced :many
SELECT name FROM t
WHERE id IN (sqlc.slice('ids'));

-- name: Named :one
SELECT id FROM t WHERE name = @named;

-- name: Last :execlastid
INSERT INTO t (id, name) VALUES ($1, 'x');

-- name: Whole :many
SELECT id FROM t WHERE names IN ($1);
