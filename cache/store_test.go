package cache

import "testing"

// Two keys with one hash are rare: what has the hash of a key here is put there by hand.
func TestAKeyIsNotAnsweredWithWhatHasItsHash(t *testing.T) {
	t.Parallel()
	s, err := newStore[string, int](10, func() {})
	if err != nil {
		t.Fatal(err)
	}
	mine, other := key[string]{1, "mine"}, key[string]{1, "other"}
	s.kept.Set(s.hash(mine), &stored[string, int]{other, &entry[int]{value: 5}})
	if e, found := s.GetIfPresent(mine); found {
		t.Errorf("got %d of the other key", e.value)
	}
	s.Compute(mine, func(old *entry[int], found bool) (*entry[int], bool) {
		if found || old != nil {
			t.Error("the other key's entry is taken for an old one")
		}
		return &entry[int]{value: 7}, true
	})
	if e, found := s.GetIfPresent(mine); !found || e.value != 7 {
		t.Errorf("got %+v, want the entry that came later", e)
	}
	s.Invalidate(mine)
	if _, found := s.GetIfPresent(mine); found {
		t.Error("it is there after it was dropped")
	}
}
