-- Items, and what is done with them.

-- @page key=name,id
-- name: ListItems :many
-- Everything (mail anna@example.org).
-- @row ItemRow
SELECT id, key, name, colour
FROM items
WHERE (sqlc.narg('name')::text IS NULL OR name = sqlc.narg('name'))
  -- with the index
  AND "colour" = @colour
ORDER BY name, id;

-- name: GetItem :one
-- @cache ttl=30s
-- @replica max_lag=2s
SELECT * FROM items WHERE id = $1;

-- name: ItemsByTags :many
SELECT name FROM items WHERE tags && @tags::text[] AND name <> '`' AND name <> 'a$9b' LIMIT @most;

-- name: ItemsOfColours :many
-- @sqlc-vet-disable
SELECT id FROM items WHERE colour = ANY(sqlc.arg('colours')::text[]::colour[]);

-- name: ShelvesOfItem :many
-- @reads stock."Shelves", items
SELECT sqlc.embed(items), sqlc.embed(s), count(*) OVER () AS total
FROM items JOIN stock."Shelves" s ON s.item_id = items.id
WHERE items.id = $1;

-- name: AddItem :execrows
-- @writes nothing
INSERT INTO items (id, key, name, colour) VALUES ($1, $2, $3, $4);

-- name: AddItems :copyfrom
INSERT INTO items (id, key, name, colour) VALUES ($1, $2, $3, $4);

-- name: AddPlaces :copyfrom
INSERT INTO stock."Shelves" (id, item_id, "Place") VALUES ($1, $2, $3);

-- name: AddShelf :copyfrom
INSERT INTO stock."Shelves" (id) VALUES ($1);

-- name: Rename :batchexec
-- It takes many items at a time.
UPDATE items SET name = @new_name WHERE id = @id;

-- name: Remove :batchone
DELETE FROM items WHERE id = $1 RETURNING *;

-- name: Find :batchmany
SELECT id, name FROM items WHERE name = $1;

-- name: Thing :one
SELECT * FROM null_things WHERE id = $1;

-- name: Exists :one
SELECT exists(SELECT FROM items WHERE id = $1);

-- name: Truncate :execresult
TRUNCATE items;
