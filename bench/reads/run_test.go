package reads

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestEveryKindOfCellHasFigures(t *testing.T) {
	t.Parallel()
	cfg := Config{Server: pgtest.New(t).DSN(), Smoke: true, Only: regexp.MustCompile(`^pool (4, (1|16) callers?|8, 64 callers, half .*)$`)}
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 6 {
		t.Errorf("%d results", len(r.Results))
	}
	for _, result := range r.Results {
		if result.Missing != "" || len(result.Metrics) == 0 {
			t.Errorf("%s: no figures: %s", result.Cell.Name(), result.Missing)
		}
		for _, m := range result.Metrics {
			for _, arm := range []string{bare, again, ours} {
				if len(m.Series[arm]) != 1 || m.Series[arm][0] <= 0 {
					t.Errorf("%s: %s of %s: %v", result.Cell.Name(), m.Name, arm, m.Series[arm])
				}
			}
		}
	}
	if len(claims(r.Results)) > 0 {
		t.Error("one round is judged")
	}
}

func TestACellThatCannotBeMeasuredSaysWhy(t *testing.T) {
	t.Parallel()
	r, err := Run(t.Context(), Config{Server: pgtest.New(t).DSN(), Smoke: true, Only: regexp.MustCompile(`^pool 8, 1 caller, \+1ms`)})
	if err != nil || len(r.Results) != 1 || !strings.Contains(r.Results[0].Missing, "no command for the relay") {
		t.Errorf("%+v, %v", r.Results, err)
	}
}

func TestARowOfAnotherKeyIsAnError(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t).DSN()
	book, err := rivals.CreateBooks(t.Context(), dsn, 100)
	if err != nil {
		t.Fatal(err)
	}
	c := Cell{Conns: 2, Callers: 4, Others: Updates}
	arms, err := openArms(t.Context(), dsn, c)
	if err != nil {
		t.Fatal(err)
	}
	defer closeArms(arms)
	right := &table{rows: 100, book: book}
	wrong := &table{rows: 100, book: func(id int64) rivals.Book { return book(id%100 + 1) }}
	missing := &table{rows: 200, book: book}
	for _, a := range arms {
		if err := a.warm(t.Context(), right, c); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		var other wrongRow
		if err := wrong.read(a)(t.Context(), 7); !errors.As(err, &other) {
			t.Errorf("%s: %v", a.name, err)
		}
		if err := missing.others(a, Updates)(t.Context(), 150); err == nil || !strings.Contains(err.Error(), "changed 0 rows") {
			t.Errorf("%s: an update of no row: %v", a.name, err)
		}
	}
}
