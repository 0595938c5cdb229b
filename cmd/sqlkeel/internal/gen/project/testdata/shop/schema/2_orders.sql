-- +goose Up
CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, paid boolean, at timestamptz NOT NULL DEFAULT now());
-- +goose Down
DROP TABLE orders;
