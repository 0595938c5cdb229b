package txn_test

import "testing"

// The decisions are made inside of savepoints here. A conflict there cannot be
// mended by the savepoint: the outermost transaction has to start again.
func TestAConflictInsideASavepointStartsTheWholeAgainUntilItIsSerial(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		deaf bool
	}{
		{"when the error of the savepoint is returned", false},
		{"when the error of the savepoint is ignored", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := bookings(tc.name, role{part: true, deaf: tc.deaf})
			stage := newStage(t, &p)
			once, again := stage.expectSerial(p.orders(manyOrders))
			if once.torn == 0 || again.torn == 0 {
				t.Errorf("no conflict was inside of a savepoint: once %+v, again %+v", once, again)
			}
		})
	}
}
