-- name: AddPerson :exec
INSERT INTO people (id, mood, moods, shop, shops, sizes, email, emails, ranks, bests, home, homes, note, trip, spans)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: GetPerson :one
SELECT * FROM people WHERE id = $1;

-- name: ListPeople :many
SELECT * FROM people ORDER BY id;

-- name: WithMoods :many
SELECT id, moods FROM people WHERE mood = ANY(@moods::mood[]) ORDER BY id;

-- name: WithHome :many
SELECT id, homes FROM people WHERE home = @home::place ORDER BY id;

-- name: CopyMoods :copyfrom
INSERT INTO copied (id, mood, moods, emails) VALUES ($1, $2, $3, $4);

-- name: ListCopied :many
SELECT * FROM copied ORDER BY id;

-- name: SetMoods :batchexec
UPDATE people SET moods = $1 WHERE id = $2;

-- name: MoodsOf :batchmany
SELECT moods, emails FROM people WHERE id = $1;
