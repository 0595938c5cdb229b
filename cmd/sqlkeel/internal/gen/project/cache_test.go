package project

import (
	"slices"
	"testing"
	"time"
)

// cached returns the shop with other arguments for @cache.
func cached(t *testing.T, args string) string {
	t.Helper()
	return edited(t, "shop", edit{"queries/items.sql", "-- @cache ttl=30s\n", "-- @cache" + args + "\n"})
}

func TestCacheSaysForHowLongAndHowMany(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]Annotation{
		" ttl=30s":                     {Duration: 30 * time.Second},
		" max=7 stale=1h30m ttl=1.5ms": {Duration: 1500 * time.Microsecond, Stale: 90 * time.Minute, Max: 7},
	} {
		got := statement(t, loadedFrom(t, cached(t, args)), "GetItem").Annotation("cache")
		if got == nil || got.Duration != want.Duration || got.Stale != want.Stale || got.Max != want.Max {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

func TestAnArgumentOfCacheThatDoesNotFitIsOneErrorWithItsRemedy(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                         "needs the longest time for which a result may be served, as what other processes change is not noticed before: ttl=30s",
		" stale=5m":                "needs the longest time for which a result may be served, as what other processes change is not noticed before: ttl=30s",
		" ttl":                     "has ttl, which is no duration above 0: write ttl=30s",
		" ttl=0s":                  "has ttl=0s, which is no duration above 0: write ttl=30s",
		" ttl=-3s":                 "has ttl=-3s, which is no duration above 0: write ttl=30s",
		" ttl=30":                  "has ttl=30, which is no duration above 0: write ttl=30s",
		" ttl=30s stale=soon":      "has stale=soon, which is no duration above 0: write stale=30s",
		" ttl=30s max=0":           "has max=0, which is no number above 0: write max=1000",
		" ttl=30s max=1e3":         "has max=1e3, which is no number above 0: write max=1000",
		" ttl=30s ttl=40s":         "says ttl twice: keep one",
		" 30s":                     "has 30s, which it does not know: it may say ttl=30s stale=5m max=1000, of which ttl must be there",
		" off":                     "has off, which it does not know: it may say ttl=30s stale=5m max=1000, of which ttl must be there",
		" ttl=30s jitter=10% max=": "has jitter=10%, which it does not know: it may say ttl=30s stale=5m max=1000, of which ttl must be there",
	} {
		if got := messages(t, cached(t, args), "shop"); !slices.Equal(got, []string{"queries/items.sql:15:4: GetItem: @cache " + want}) {
			t.Errorf("%q: %q", args, got)
		}
	}
}
