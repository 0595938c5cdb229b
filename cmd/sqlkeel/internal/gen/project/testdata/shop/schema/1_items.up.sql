CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE items (
    id bigint PRIMARY KEY,
    key uuid NOT NULL,
    name text NOT NULL,
    colour colour,
    tags text[] NOT NULL DEFAULT '{}'
);
CREATE SCHEMA stock;
CREATE TABLE stock."Shelves" (id bigint PRIMARY KEY, item_id bigint NOT NULL REFERENCES items, "Place" text);
CREATE TABLE null_things (id bigint NOT NULL, valid boolean NOT NULL);
