package generated_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func texts(list []string) string {
	b := generated.AppendLen(nil, list)
	for _, s := range list {
		b = generated.AppendText(b, s)
	}
	return string(b)
}

func TestListsThatDifferAreWrittenAsDifferentKeys(t *testing.T) {
	t.Parallel()
	lists := [][]string{
		nil, {}, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"a", "b"}, {"b", "a"}, {"ab"}, {"a,b"}, {"a\x00b"}, {"a\x01b"}, {"\x01a"}, {"\x00"},
	}
	seen := map[string]int{}
	for i, list := range lists {
		if other, twice := seen[texts(list)]; twice {
			t.Errorf("%q and %q have one key", lists[other], list)
		}
		seen[texts(list)] = i
		if texts(list) != texts(append([]string(nil), list...)) && list != nil && len(list) > 0 {
			t.Errorf("%q has two keys", list)
		}
	}
}

// Any two sequences of values of the same kinds have different bytes.
func TestNoValueRunsIntoTheNext(t *testing.T) {
	t.Parallel()
	type row struct {
		data []byte
		n    int32
		ok   bool
		text string
	}
	rows := []row{{}, {data: []byte{}}, {data: []byte{0}}, {data: []byte{1}, n: 1}, {n: -1}, {ok: true}, {text: "\x00"}, {text: "\x01"}, {n: 1 << 24}, {data: []byte{0, 0}}}
	write := func(list ...row) string {
		var b []byte
		for _, r := range list {
			b = generated.AppendText(generated.AppendBool(generated.AppendInt(generated.AppendBytes(b, r.data), r.n), r.ok), r.text)
		}
		return string(b)
	}
	seen := map[string][2]int{}
	for i, first := range rows {
		for j, second := range rows {
			key := write(first, second)
			if other, twice := seen[key]; twice {
				t.Errorf("rows %v and %v have one key", other, [2]int{i, j})
			}
			seen[key] = [2]int{i, j}
		}
	}
}

func TestTimesAreOneKeyWhereThePostgreSQLValueIsOneForEveryType(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 23, 30, 0, 123_456_789, time.UTC)
	east := time.FixedZone("east", 3600)
	same := []time.Time{at, at.Truncate(time.Microsecond), at.In(time.FixedZone("also UTC", 0)), at.Add(100)}
	for _, other := range same {
		if generated.InstantOf(other) != generated.InstantOf(at) || string(generated.AppendInstant(nil, other)) != string(generated.AppendInstant(nil, at)) {
			t.Errorf("%s is not %s", other, at)
		}
	}
	now := time.Now()
	if generated.InstantOf(now) != generated.InstantOf(now.Round(0)) {
		t.Error("the monotonic reading counts")
	}
	for _, other := range []time.Time{
		at.Add(time.Microsecond), at.In(east) /* the next day there */, at.AddDate(584_554, 0, 0), time.Time{}, at.Add(-time.Nanosecond * 1000),
		at.Add(1<<63 - 1).Add(1<<63 - 1).Add(2), // UnixMicro of years far apart may be one
	} {
		if generated.InstantOf(other) == generated.InstantOf(at) || string(generated.AppendInstant(nil, other)) == string(generated.AppendInstant(nil, at)) {
			t.Errorf("%s is %s", other, at)
		}
	}
}

func TestAFloatIsFoundAgainAndNoOtherIsTakenForIt(t *testing.T) {
	t.Parallel()
	seen := map[generated.Float]float64{}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, math.Nextafter(1, 2), math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		if other, twice := seen[generated.FloatOf(f)]; twice {
			t.Errorf("%v is %v", f, other)
		}
		seen[generated.FloatOf(f)] = f
		if _, found := seen[generated.FloatOf(f)]; !found {
			t.Errorf("%v is not found", f)
		}
	}
	if generated.FloatOf(float32(0.1)) == generated.FloatOf(0.1) {
		t.Error("the float32 nearest to 0.1 is not the float64")
	}
}

func TestWhatIsPointedToIsCopied(t *testing.T) {
	t.Parallel()
	s := "a"
	p := generated.ClonePointer(&s)
	s = "b"
	if *p != "a" || generated.ClonePointer[string](nil) != nil {
		t.Error(*p)
	}
	n := big.NewInt(5)
	c := generated.CloneInt(n)
	n.SetInt64(6)
	if c.Int64() != 5 || generated.CloneInt(nil) != nil {
		t.Error(c)
	}
}
