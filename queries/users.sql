-- name: RegisterUser :one
INSERT INTO users (email, name) VALUES (@email, @name)
RETURNING id, email, name, created_at;

-- name: CopyUsers :copyfrom
INSERT INTO users (id, email, name, created_at) VALUES (@id, @email, @name, @created_at);
