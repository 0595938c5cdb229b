package rivals

import (
	"context"
	"strings"
	"testing"
)

// only is the result of a run of one workload.
func only(t *testing.T, cfg Config) *Result {
	t.Helper()
	results, err := Run(t.Context(), cfg)
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, error %v", len(results), err)
	}
	return results[0]
}

func TestAnArmThatFailsLosesItsOwnRowOnly(t *testing.T) {
	t.Parallel()
	broken := plain("broken", func(s *Store) {
		s.BookByID = Plain(func(context.Context, int64) (Book, error) { return Book{}, errBroken })
	})
	unopened := Arm{Name: "unopened", Open: func(context.Context, Options) (*Store, error) { return nil, errBroken }}
	r := only(t, small(t, "read by key, 1 caller", plain("base", nil), broken, unopened, plain("other", nil)))
	for i, missing := range []string{"", "warm up: broken", "open: broken", ""} {
		if row := r.Rowset[i]; row.Missing != missing || row.Wrong != (missing != "") || (row.PerOp > 0) != (missing == "") {
			t.Errorf("%s: missing %q, wrong %t, %v ns", row.Arm, row.Missing, row.Wrong, row.PerOp)
		}
	}
	if own := r.Row("other"); own == nil || own.Ratio.Median <= 0 || !own.Counted || own.Trips != 1 || own.Statements != 1 {
		t.Errorf("the row of an arm beside those that fail: %+v", own)
	}
}

func TestWhatAnArmCannotDoIsNoFailure(t *testing.T) {
	t.Parallel()
	r := only(t, small(t, "insert 100 rows by COPY", plain("base", nil)))
	if row := r.Rowset[0]; row.Missing != "it knows no COPY" || row.Wrong {
		t.Errorf("missing %q, wrong %t", row.Missing, row.Wrong)
	}
}

func TestAWrongResultIsSeen(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		workload, want string
		change         func(*Store)
	}{
		{"read by key, 1 caller", "wrong result", func(s *Store) {
			right := s.BookByID.Result
			s.BookByID = Plain(func(ctx context.Context, id int64) (Book, error) {
				b, err := right(ctx, id)
				b.Stock++
				return b, err
			})
		}},
		{"update by key", "wrong row", func(s *Store) {
			right := s.SetPrice.Result
			s.SetPrice = Plain(func(ctx context.Context, p Price) (int64, error) { return right(ctx, Price{ID: p.ID, Price: 1}) })
		}},
		{"update by key", "wrong result", func(s *Store) {
			s.SetPrice = Plain(func(context.Context, Price) (int64, error) { return 0, nil })
		}},
		{"insert returning the id", "wrong effect", func(s *Store) {
			right := s.InsertBook.Result
			s.InsertBook = Op[Book, int64]{Run: func(context.Context, Book) error { return nil }, Result: right}
		}},
		{"insert returning the id", "no id was returned", func(s *Store) {
			s.InsertBook = Plain(func(context.Context, Book) (int64, error) { return 0, nil })
		}},
	} {
		r := only(t, small(t, tc.workload, plain("base", tc.change)))
		if row := r.Rowset[0]; !row.Wrong || !strings.Contains(row.Missing, tc.want) {
			t.Errorf("%s: %q, want %q", tc.workload, row.Missing, tc.want)
		}
	}
}

func TestAConfigThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	good := Config{Server: "postgres://tester@127.0.0.1:1/none", Arms: []Arm{plain("base", nil)}}
	for want, change := range map[string]func(*Config){
		"no server is given":   func(c *Config) { c.Server = "" },
		"no arms are given":    func(c *Config) { c.Arms = nil },
		"must be positive":     func(c *Config) { c.Rounds = -1 },
		`workload "none"`:      func(c *Config) { c.Workloads = []string{"none"} },
		"must be given as a U": func(c *Config) { c.Server = "host=localhost" },
	} {
		cfg := good
		change(&cfg)
		if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
