package txn_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// crossing is about two who change two items in opposite orders.
func crossing() *play {
	ph := phenomenon{name: "two cross", order: "ABABAB", roles: []role{
		{steps: []step{set(1, 11), set(2, 21)}},
		{steps: []step{set(2, 22), set(1, 12)}},
	}}
	return ph.play()
}

func TestADeadlockInAScriptEndsForOneAndWithRetriesIsSerial(t *testing.T) {
	t.Parallel()
	p := crossing()
	stage := newStage(t, p)
	o := stage.perform(p.torn, pgx.ReadCommitted, 1)
	a, b := pgerr.Code(o.actors[0].err), pgerr.Code(o.actors[1].err)
	if a+b != "40P01" {
		t.Errorf("there was no deadlock: A ends with %q, B with %q", a, b)
	}
	if !o.actors[0].waited {
		t.Error("A was not seen to wait for B, which did not yet wait for A")
	}
	n, err := stage.check(p.orders(manyOrders), pgx.ReadCommitted, manyAttempts)
	if err != nil || n.repeats == 0 {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestAScriptThatIsStuckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := crossing()
	stage := newStage(t, p)
	stage.reset()
	// A session that is not in the script holds what both of them need.
	stage.exec(`BEGIN`)
	stage.exec(`SELECT FROM items FOR UPDATE`)
	ctx, cancel := context.WithTimeout(stage.ctx, 100*time.Millisecond)
	defer cancel()
	actors, err := stage.act(ctx, p.torn, pgx.ReadCommitted, manyAttempts)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the script ends with %v", err)
	}
	for i, a := range actors {
		if a.err == nil {
			t.Errorf("%c has succeeded", 'A'+i)
		}
	}
}
