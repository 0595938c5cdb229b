package history_test

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/history"
)

const workers = 8

// setting reads an environment variable of this test.
func setting(t *testing.T, name string, or int) int {
	t.Helper()
	text := os.Getenv("SQLKEEL_HISTORY_" + name)
	if text == "" {
		return or
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SQLKEEL_HISTORY_%s: %v", name, err)
	}
	return n
}

// workload is a run of random transactions.
type workload struct {
	seed  uint64
	txns  int
	slots int // keys in use at one time
	iso   pgx.TxIsoLevel

	mu      sync.Mutex // guards what follows
	board   *board
	started int
	ended   int
	txnsRun []history.Txn
}

// run runs the workload with faults and returns what its clients saw.
func (w *workload) run(l *lab, f *faults) *history.History {
	w.board = newBoard(w.slots)
	f.alongside(l, rand.New(rand.NewPCG(w.seed, 0)), func(count chan<- int) {
		var group sync.WaitGroup
		for process := 1; process <= workers; process++ {
			group.Go(func() { w.client(l, process, count) })
		}
		group.Wait()
	})
	return &history.History{Txns: w.txnsRun, Final: l.final()}
}

// client runs transactions until there have been enough.
func (w *workload) client(l *lab, process int, count chan<- int) {
	rng := rand.New(rand.NewPCG(w.seed, uint64(process)))
	for l.ctx.Err() == nil {
		p, ok := w.draw(rng)
		if !ok {
			return
		}
		count <- w.record(l.run(process, operation(w.iso), p))
	}
}

func (w *workload) draw(rng *rand.Rand) (plan, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started++
	return w.board.plan(rng), w.started <= w.txns
}

func (w *workload) record(t history.Txn) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.txnsRun = append(w.txnsRun, t)
	w.ended++
	return w.ended
}

// tally counts the outcomes.
func tally(h *history.History) map[history.Outcome]int {
	counts := map[history.Outcome]int{}
	for _, t := range h.Txns {
		counts[t.Outcome]++
	}
	return counts
}

// Whatever becomes of sessions and of the network, what Do says is true, and its
// transactions could have run one after the other, in an order that time allows.
// SQLKEEL_HISTORY_TXNS says how many and SQLKEEL_HISTORY_SEED which:
// `make histories TXNS=200000 SEED=1`.
func TestHistoriesUnderFaultsAreSerializable(t *testing.T) {
	t.Parallel()
	w := &workload{seed: uint64(setting(t, "SEED", 1)), txns: setting(t, "TXNS", 3000), slots: 40, iso: pgx.Serializable}
	l, f := newLab(t, time.Minute+time.Duration(w.txns)*100*time.Millisecond), standard()
	begin := time.Now()
	h := w.run(l, f)
	took := time.Since(begin)
	begin = time.Now()
	report := history.Check(h, history.RealTime)
	counts := tally(h)
	t.Logf("seed %d: %d ok, %d failed, %d unknown; %d repeated, %d kills, %d cuts; %.1f s to run, %.1f s to check %d dependencies",
		w.seed, counts[history.OK], counts[history.Failed], counts[history.Unknown], int(l.attempts.Load())-len(h.Txns), f.kills, f.cuts,
		took.Seconds(), time.Since(begin).Seconds(), report.Edges)
	if !report.OK() {
		t.Errorf("%v\nthe whole history is in %s", report, keep(t, h, report))
	}
	if f.err != nil {
		t.Errorf("kill: %v", f.err)
	}
	if len(h.Txns) != w.txns || counts[history.OK] < w.txns*7/10 || f.kills < w.txns/f.killEvery/2 || f.cuts < w.txns/f.cutEvery/2 {
		t.Errorf("%d transactions, %v, %d kills, %d cuts show little", len(h.Txns), counts, f.kills, f.cuts)
	}
}

// keep writes a report and its history to a file that stays, as another run will
// not be the same, and returns its name.
func keep(t *testing.T, h *history.History, report *history.Report) string {
	t.Helper()
	file, err := os.CreateTemp("", "sqlkeel-history-*.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, report)
	for i, txn := range h.Txns {
		fmt.Fprintf(out, "T%d, %s\n", i, txn)
	}
	for _, key := range slices.Sorted(maps.Keys(h.Final)) {
		fmt.Fprintln(out, "final", key, h.Final[key])
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func TestAHistoryIsKept(t *testing.T) {
	t.Parallel()
	h := &history.History{
		Txns:  []history.Txn{{Process: 3, Outcome: history.OK, Begin: 1, End: 2, Ops: []history.Op{history.Append(7, 1)}}},
		Final: map[int32][]int32{7: {}},
	}
	name := keep(t, h, history.Check(h, history.RealTime))
	text, err := os.ReadFile(name)
	if err := errors.Join(err, os.Remove(name)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"1 x lost append", "\nT0, ok, process 3, 1 to 2: append(7, 1)\n", "\nfinal 7 []\n"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is not in %s", part, text)
		}
	}
}

// The same transactions on a lower level are not serializable, and the checker
// says so.
func TestHistoriesAtReadCommittedAreNot(t *testing.T) {
	t.Parallel()
	w := &workload{seed: uint64(setting(t, "SEED", 1)), txns: 500, slots: 4, iso: pgx.ReadCommitted}
	h := w.run(newLab(t, time.Minute), &faults{})
	report := history.Check(h, history.Serializable)
	t.Logf("%v: %v", tally(h), report.Counts)
	if report.Counts[history.SingleCycle]+report.Counts[history.AntiCycle] == 0 || report.Counts[history.Lost] == 0 {
		t.Error(report)
	}
	for _, kind := range report.Kinds() {
		switch kind {
		case history.SingleCycle, history.AntiCycle, history.Lost, history.Incompatible:
		default:
			t.Errorf("read committed does not allow %s", report)
		}
	}
}
