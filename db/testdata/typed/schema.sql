CREATE SCHEMA store;
CREATE SCHEMA "Odd.Name";

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE store.mood AS ENUM ('open', 'closed');
CREATE TYPE "Odd.Name"."Shirt Size" AS ENUM ('S', 'XL');

CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE DOMAIN store.rank AS integer CHECK (VALUE > 0);
CREATE DOMAIN best AS mood CHECK (VALUE <> 'sad');

CREATE TYPE place AS (street text, number store.rank, mood mood, tags text[]);
CREATE TYPE trip AS (origin place, stops place[]);
CREATE TYPE span AS RANGE (subtype = integer);

CREATE TABLE people (
    id bigint PRIMARY KEY,
    mood mood NOT NULL,
    moods mood[] NOT NULL,
    shop store.mood,
    shops store.mood[],
    sizes "Odd.Name"."Shirt Size"[] NOT NULL,
    email email NOT NULL,
    emails email[] NOT NULL,
    ranks store.rank[] NOT NULL,
    bests best[] NOT NULL,
    home place NOT NULL,
    homes place[] NOT NULL,
    note place,
    trip trip,
    spans span[] NOT NULL
);

CREATE TABLE copied (
    id bigint NOT NULL,
    mood mood NOT NULL,
    moods mood[] NOT NULL,
    emails email[] NOT NULL
);
