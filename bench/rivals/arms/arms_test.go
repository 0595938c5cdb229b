package arms

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// once measures workloads with arms in one short round.
func once(t *testing.T, arms []rivals.Arm, workloads ...string) []*rivals.Result {
	t.Helper()
	results, err := rivals.Run(t.Context(), rivals.Config{
		Server: pgtest.New(t).DSN(), Arms: arms, Workloads: workloads, Rounds: 1, Duration: time.Millisecond, Conns: 4, MostRows: 2000,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		for _, row := range result.Rowset {
			if row.Wrong || row.Missing == "" && row.PerOp <= 0 {
				t.Errorf("%s: %s: %s", result.Name, row.Arm, row.Missing)
			}
		}
	}
	return results
}

// small are the workloads without those that insert 10,000 rows.
func small() []string {
	return slices.DeleteFunc(rivals.Workloads(), func(name string) bool { return strings.Contains(name, "10000") })
}

// What is counted holds steady on any machine. A statement costs an allocation, a second
// one where it has variants; sqlc's code and COPY have one more each.
func TestSqlkeelSendsWhatOneWritesByHandAndAllocatesLittleMore(t *testing.T) {
	t.Parallel()
	const most = 3 // allocations more
	for _, result := range once(t, []rivals.Arm{pgxArm, sqlkeelArm}, small()...) {
		base, own := result.Row("pgx"), result.Row(rivals.Ours)
		if base == nil || own == nil {
			continue // it was reported
		}
		if result.Cache {
			if own.Old != 0 {
				t.Errorf("%s: %.2f %% of the reads are old", result.Name, own.Old)
			}
			continue
		}
		if !own.Counted || own.Trips != base.Trips || own.Statements != base.Statements {
			t.Errorf("%s: %d round trips and %d statements, want %d and %d", result.Name, own.Trips, own.Statements, base.Trips, base.Statements)
		}
		if !raced && own.Allocs > base.Allocs+most+0.5 {
			t.Errorf("%s: %.1f allocations, want at most %d more than %.1f", result.Name, own.Allocs, most, base.Allocs)
		}
	}
}
