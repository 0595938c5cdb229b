package cache

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"
)

// fields returns the fields that the joined errors are about.
func fields(t *testing.T, err error) (names []string) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %v (%T), want joined errors", err, err)
	}
	for _, e := range joined.Unwrap() {
		var bad *ConfigError
		if !errors.As(e, &bad) {
			t.Fatalf("error %v (%T), want a *ConfigError", e, e)
		}
		names = append(names, bad.Field)
	}
	return names
}

func TestTheZeroConfigIsUsable(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{MaxEntries: 10_000, LoadTimeout: 30 * time.Second, MaxLoads: 64, Jitter: 0.1, FenceAlarm: time.Minute, Logger: slog.Default()}
	if c.cfg != want {
		t.Errorf("config %+v, want %+v", c.cfg, want)
	}
}

func TestEachBadFieldOfAConfigIsNamed(t *testing.T) {
	t.Parallel()
	nan := 0.0
	nan /= nan
	for _, bad := range []struct {
		cfg  Config
		want []string
	}{
		{Config{MaxEntries: -1}, []string{"MaxEntries"}},
		{Config{TTL: -1}, []string{"TTL"}},
		{Config{FenceAlarm: -1}, []string{"FenceAlarm"}},
		{Config{Jitter: 1}, []string{"Jitter"}},
		{Config{Jitter: nan}, []string{"Jitter"}},
		{Config{LoadTimeout: -time.Second}, []string{"LoadTimeout"}},
		{Config{MaxLoads: -1}, []string{"MaxLoads"}},
		{Config{TTL: -1, MaxLoads: -1}, []string{"TTL", "MaxLoads"}},
	} {
		c, err := New(bad.cfg)
		if c != nil {
			t.Errorf("%+v made a cache", bad.cfg)
		}
		if got := fields(t, err); !slices.Equal(got, bad.want) {
			t.Errorf("%+v: errors about %q, want %q", bad.cfg, got, bad.want)
		}
	}
}

func TestAConfigErrorSaysWhereAndWhat(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Jitter: 1.5})
	if want := "cache: Jitter must be below 1, is 1.5"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = NewView[int64](nil, ViewConfig[int64]{Name: "book", Tables: nil})
	if want := `cache: view "book": Tables must not be empty: no write could invalidate the results`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestEachBadFieldOfAViewIsNamed(t *testing.T) {
	t.Parallel()
	tables := []string{table}
	for _, bad := range []struct {
		cfg  ViewConfig[int64]
		want []string
	}{
		{ViewConfig[int64]{Tables: tables}, []string{"Name"}},
		{ViewConfig[int64]{Name: "v"}, []string{"Tables"}},
		{ViewConfig[int64]{Name: "v", Tables: []string{"books", ""}}, []string{"Tables"}},
		{ViewConfig[int64]{Name: "v", Tables: tables, TTL: -1}, []string{"TTL"}},
		{ViewConfig[int64]{Name: "v", Tables: tables, MaxEntries: -1}, []string{"MaxEntries"}},
		{ViewConfig[int64]{TTL: -1}, []string{"Name", "Tables", "TTL"}},
	} {
		for _, c := range []*Cache{nil, newCache(t, Config{})} {
			v, err := NewView[int64](c, bad.cfg)
			if v != nil {
				t.Errorf("%+v made a view", bad)
			}
			if got := fields(t, err); !slices.Equal(got, bad.want) {
				t.Errorf("%+v: errors about %q, want %q", bad, got, bad.want)
			}
		}
	}
}

func TestTwoViewsOfACacheCannotHaveOneName(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	newView[int64, int64](t, c)
	v, err := NewView[string](c, ViewConfig[string]{Name: "view", Tables: []string{"authors"}})
	var bad *ConfigError
	if v != nil || !errors.As(err, &bad) || bad.Field != "Name" {
		t.Errorf("view %v, error %v", v, err)
	}
	if _, err := NewView[string](newCache(t, Config{}), ViewConfig[string]{Name: "view", Tables: []string{"authors"}}); err != nil {
		t.Errorf("in another cache: %v", err)
	}
}
