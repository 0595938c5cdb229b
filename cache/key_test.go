package cache

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// NewView's argument type is a type parameter, so each case is a function.
func keyFields[A comparable](t *testing.T) []string {
	t.Helper()
	_, err := NewView[A](nil, ViewConfig[int]{Name: "v", Tables: []string{table}})
	if err == nil {
		return nil
	}
	return fields(t, err)
}

type (
	category string
	uuid     [16]byte
	page     struct {
		Category category
		Limit    int32
		After    uuid
		Tags     [3]string
		Desc     bool
	}
	nullable struct {
		Since  struct{ Time time.Time }
		Limit  *int32
		Prices [2]float64
		page
	}
)

func TestArgumentsOfPlainValuesAreAccepted(t *testing.T) {
	t.Parallel()
	for name, got := range map[string][]string{
		"struct{}":   keyFields[struct{}](t),
		"int64":      keyFields[int64](t),
		"named":      keyFields[category](t),
		"uuid":       keyFields[uuid](t),
		"struct":     keyFields[page](t),
		"netip.Addr": keyFields[netip.Addr](t),
	} {
		if got != nil {
			t.Errorf("%s was refused for %q", name, got)
		}
	}
}

func TestArgumentsThatDoNotCompareByValueAreRefusedByTheirField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want []string }{
		"pointer":        {keyFields[*int](t), []string{"args"}},
		"unsafe pointer": {keyFields[unsafe.Pointer](t), []string{"args"}},
		"interface":      {keyFields[any](t), []string{"args"}},
		"channel":        {keyFields[chan int](t), []string{"args"}},
		"float32":        {keyFields[float32](t), []string{"args"}},
		"complex128":     {keyFields[complex128](t), []string{"args"}},
		"time":           {keyFields[time.Time](t), []string{"args"}},
		"nested":         {keyFields[nullable](t), []string{"args.Since.Time", "args.Limit", "args.Prices[]"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: refused %q, want %q", name, c.got, c.want)
		}
	}
}

func TestARefusedArgumentComesWithTheRemedy(t *testing.T) {
	t.Parallel()
	_, err := NewView[nullable](nil, ViewConfig[int]{Name: "books.search", Tables: []string{table}})
	if err == nil {
		t.Fatal("accepted")
	}
	want := `cache: view "books.search": args.Limit is a *int32, which compares by address, not by value: ` + remedy
	if lines := strings.Split(err.Error(), "\n"); !slices.Contains(lines, want) {
		t.Errorf("error\n%v\nwithout\n%s", err, want)
	}
}
