package soundness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// usual is the size of a random scenario.
var usual = size{reads: 10, writes: 8, args: 7}

// Every result that a write changes was foretold, no result that may be kept depends
// on the session, and a standby runs what only reads, over random schemas, statements
// and rows. SQLKEEL_FUZZ_SCHEMAS says how many schemas and SQLKEEL_FUZZ_SEED which:
// `make soundness SCHEMAS=2000 SEED=1`.
func TestEveryChangeWasForetold(t *testing.T) {
	t.Parallel()
	seed, first, schemas := setting(t, "SEED", 1), setting(t, "FIRST", 0), setting(t, "SCHEMAS", 25)
	f := &fuzz{seed: uint64(seed), analyse: generator, stop: 5, lab: newServers(t).lab}
	f.run(t, first, schemas)
	t.Log(f.tally.String())
	for _, c := range f.caught {
		t.Errorf("%s", c)
	}
	if err := f.tally.verdict(); err != nil {
		t.Error(err)
	}
	if f.tally.onStandby < 5*schemas {
		t.Errorf("%d statements ran on the standby, want 5 for each schema", f.tally.onStandby)
	}
}

// setting reads an environment variable of this test.
func setting(t *testing.T, name string, or int) int {
	t.Helper()
	text := os.Getenv("SQLKEEL_FUZZ_" + name)
	if text == "" {
		return or
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SQLKEEL_FUZZ_%s: %v", name, err)
	}
	return n
}

// fuzz tries random scenarios on several databases at once.
type fuzz struct {
	seed    uint64
	analyse analyst
	stop    int  // misses after which it stops
	brief   bool // leaves what is caught as large as it was
	theme   theme
	lab     func(testing.TB) *lab // makes a lab; newLab when it is nil

	next   atomic.Int64
	mu     sync.Mutex // guards what follows
	tally  tally
	caught []caught
}

// caught is a scenario in which an analyst missed a change.
type caught struct {
	seed   uint64
	number int
	small  *scenario
	miss   miss
}

func (c caught) String() string {
	return fmt.Sprintf("seed %d, schema %d: a change was not foretold\n%s\n%s", c.seed, c.number, c.small.script(), c.miss)
}

func (f *fuzz) run(t *testing.T, first, schemas int) {
	t.Helper()
	f.next.Store(int64(first))
	end := int64(first + schemas)
	lab := f.lab
	if lab == nil {
		lab = newLab
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4, schemas) {
		l := lab(t)
		group.Go(func() {
			for number := f.next.Add(1) - 1; number < end && !f.done(); number = f.next.Add(1) - 1 {
				if err := f.one(t.Context(), l, int(number)); err != nil {
					t.Errorf("seed %d, schema %d: %v", f.seed, number, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func (f *fuzz) done() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.caught) >= f.stop
}

// one tries one scenario.
func (f *fuzz) one(ctx context.Context, l *lab, number int) error {
	size := usual
	size.theme = f.theme
	s := newScenario(f.seed, number, size)
	t, err := l.try(ctx, s, f.analyse)
	if err != nil {
		return err
	}
	var found []caught
	if len(t.misses) > 0 {
		small, m := s, t.misses[0]
		if !f.brief {
			small, m = l.shrink(ctx, s, m, f.analyse)
		}
		found = append(found, caught{f.seed, number, small, m})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally.plus(t.tally)
	f.caught = append(f.caught, found...)
	return nil
}

// verdict is an error when so little was shown that the absence of misses means
// nothing. A few schemas are held to bounds that chance does not break.
func (t *tally) verdict() error {
	var errs []error
	changed, narrowed, apart := 50.0, 20.0, 4.0
	if t.schemas < 200 {
		changed, narrowed, apart = 40, 14, 2
	}
	demand := func(what string, got, least float64) {
		if got < least {
			errs = append(errs, fmt.Errorf("%s: %.1f, want at least %.1f", what, got, least))
		}
	}
	demand("pairs of a read and a write, for each schema", float64(t.pairs)/float64(max(t.schemas, 1)), 40)
	demand("pairs in which a result changed, in percent", share(t.changed, t.pairs), changed)
	demand("pairs that a row key narrows, in percent of those whose relations meet", share(t.narrowed, t.related), narrowed)
	demand("pairs whose columns are apart, in percent of those whose relations meet", share(t.apart, t.related), apart)
	demand("results that may be kept, for each schema", float64(t.kept)/float64(max(t.schemas, 1)), 15)
	demand("statements that were analysed, in percent", 100-share(t.refused, t.schemas*(usual.reads+usual.writes)), 90)
	return errors.Join(errs...)
}

// The bounds on what a run must show cannot be met by saying that every write
// changes everything.
func TestSayingEverythingIsNotEnough(t *testing.T) {
	t.Parallel()
	f := &fuzz{seed: 1, analyse: everything, stop: 1}
	f.run(t, 0, 15)
	if len(f.caught) > 0 {
		t.Errorf("missed: %s", f.caught[0])
	}
	if err := f.tally.verdict(); err == nil {
		t.Errorf("accepted: %s", f.tally.String())
	}
}

func TestOneSeedMakesOneScenario(t *testing.T) {
	t.Parallel()
	a, b := newScenario(3, 14, usual), newScenario(3, 14, usual)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("the same seed and number made two scenarios")
	}
	if c := newScenario(4, 14, usual); fmt.Sprint(a) == fmt.Sprint(c) {
		t.Error("two seeds made the same scenario")
	}
}
