package cache

import (
	"errors"
	"slices"
	"strings"
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
	want := Config{MaxEntries: 10_000, LoadTimeout: 30 * time.Second, MaxLoads: 64}
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
		{Config{Jitter: -0.1}, []string{"Jitter"}},
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
	if want := "cache: Jitter must be at least 0 and below 1, is 1.5"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = NewView[int64, int64](nil, "book", nil)
	if want := `cache: view "book": tables must not be empty: no write could invalidate the results`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestEachBadParameterOfAViewIsNamed(t *testing.T) {
	t.Parallel()
	tables := []string{table}
	for _, bad := range []struct {
		name   string
		tables []string
		opts   []ViewOption
		want   []string
	}{
		{"", tables, nil, []string{"name"}},
		{"v", nil, nil, []string{"tables"}},
		{"v", []string{"books", ""}, nil, []string{"tables"}},
		{"v", tables, []ViewOption{WithTTL(-1)}, []string{"TTL"}},
		{"v", tables, []ViewOption{WithMaxEntries(0)}, []string{"MaxEntries"}},
		{"v", tables, []ViewOption{WithNotFound(nil)}, []string{"NotFound"}},
		{"v", tables, []ViewOption{WithClone[int64](nil)}, []string{"Clone"}},
		{"v", tables, []ViewOption{WithClone(strings.Clone)}, []string{"Clone"}},
		{"v", tables, []ViewOption{nil}, []string{"opts"}},
		{"", nil, []ViewOption{WithTTL(-1)}, []string{"TTL", "name", "tables"}},
	} {
		for _, c := range []*Cache{nil, newCache(t, Config{})} {
			v, err := NewView[int64, int64](c, bad.name, bad.tables, bad.opts...)
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
	v, err := NewView[string, string](c, "view", []string{"authors"})
	var bad *ConfigError
	if v != nil || !errors.As(err, &bad) || bad.Field != "name" || bad.View != "view" {
		t.Errorf("view %v, error %v", v, err)
	}
	if _, err := NewView[string, string](newCache(t, Config{}), "view", []string{"authors"}); err != nil {
		t.Errorf("in another cache: %v", err)
	}
}
