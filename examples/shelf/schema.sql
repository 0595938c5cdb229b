CREATE TABLE authors (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text   NOT NULL,
    bio  text
);

CREATE TABLE books (
    id          bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id   bigint  NOT NULL REFERENCES authors ON DELETE CASCADE,
    title       text    NOT NULL,
    price_cents integer NOT NULL CONSTRAINT books_price_positive CHECK (price_cents > 0),
    UNIQUE (author_id, title)
);

CREATE INDEX books_by_price ON books (price_cents, id);

CREATE TABLE price_changes (
    book_id     bigint      NOT NULL,
    price_cents integer     NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO price_changes (book_id, price_cents) VALUES (NEW.id, NEW.price_cents);
    RETURN NULL;
END $$;

CREATE TRIGGER books_note_price AFTER UPDATE OF price_cents ON books
    FOR EACH ROW EXECUTE FUNCTION note_price();

-- Which table it empties is decided when it runs.
CREATE FUNCTION forget(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DELETE FROM %I', what);
END $$;

-- So is the table that it counts.
CREATE FUNCTION rows_of(what text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I', what) INTO n;
    RETURN n;
END $$;
