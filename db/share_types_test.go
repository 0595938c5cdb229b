package db

import (
	"fmt"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/db/testdata/typed"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

const itemHome = "-- name: ItemHome :one\nSELECT home FROM homes WHERE id = $1"

// homes reads the homes of three items into what dest makes, which returns a home's number.
func (s *sharing) homes(t *testing.T, dest func() (home any, number func() int32)) (calls []func() error) {
	for id := range int32(3) {
		calls = append(calls, func() error {
			home, number := dest()
			err := s.QueryRow(t.Context(), itemHome, id+1).Scan(home)
			if err == nil && number() != id+1 {
				return fmt.Errorf("number %d in place of %d", number(), id+1)
			}
			return err
		})
	}
	return calls
}

func TestReadsThatShareLearnTheTypesOfTheirColumns(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	s := &sharing{DB: start(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: stmt.Join(typed.Statements, unique(itemHome))}), pg: pg}
	execute(t, pg.Conn(), typedSchema(t), "CREATE TABLE homes (id int PRIMARY KEY, home place)",
		"INSERT INTO homes SELECT n, ROW('street', n, 'ok', '{}')::place FROM generate_series(1, 3) n")
	four := func() (any, func() int32) {
		var home struct {
			Street *string
			Number int32
			Mood   *string
			Tags   []string
		}
		return &home, func() int32 { return home.Number }
	}
	five := func() (any, func() int32) {
		var home struct {
			Street *string
			Number int32
			Mood   *string
			Tags   []string
			More   *int32
		}
		return &home, func() int32 { return home.Number }
	}
	s.hold(t)
	// Reads must not share before the type is known: their rows could not be decoded.
	c := exec.Resolve(s.cfg.Statements, itemHome, []any{1})
	g := &readGroup{members: []*reader{{call: c, of: s.shares.of(&c)}}, lease: s.held[0]}
	if ready, err := g.prepare(t.Context(), time.Now().Add(patience)); err != nil || len(ready) > 0 {
		t.Errorf("%d reads are ready, error %v", len(ready), err)
	}
	if _, known := s.shares.texts.Load(itemHome); known {
		t.Error("a text is described before the types of its columns are known")
	}
	s.shareInTheEnd(t, s.homes(t, four)...)
	execute(t, pg.Conn(), "ALTER TYPE place ADD ATTRIBUTE more int")
	for range 3 { // as on a pool, the first value that does not fit is lost
		s.together(t, s.homes(t, five)...)
		s.hold(t)
	}
	s.shareInTheEnd(t, s.homes(t, five)...)
	s.free()
}

func TestRowsThatEndedHaveNoTypes(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	read := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		rows, err := s.Query(t.Context(), itemName, 1)
		if err == nil && (!rows.Next() || rows.TypeMap() == nil) {
			err = fmt.Errorf("no row, or no types")
		}
		rows.Close()
		if err == nil && rows.TypeMap() != nil {
			err = fmt.Errorf("the types may be in other hands")
		}
		return err
	}
	for i, err := range s.together(t, read, read) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if err := read(); err != nil {
		t.Errorf("alone: %v", err)
	}
}
