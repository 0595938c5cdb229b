CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL, names text[] NOT NULL DEFAULT '{}');
