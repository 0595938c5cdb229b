CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE lamps (id bigserial PRIMARY KEY, state state NOT NULL, former state, tags text[]);

-- name: ListLamps :many
SELECT * FROM lamps WHERE tags && $1 AND id = ANY(@ids::bigint[]);

-- name: AddLamp :one
INSERT INTO lamps (state, former, tags) VALUES ($1, $2, $3) RETURNING id, tags;

-- name: DropLamp :exec
DELETE FROM lamps WHERE id = $1;

-- name: Former :one
SELECT former FROM lamps WHERE id = $1;
