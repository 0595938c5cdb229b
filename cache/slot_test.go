package cache

import (
	"testing"
	"unsafe"
)

func TestEachSlotMovesTheSum(t *testing.T) {
	t.Parallel()
	all := slots{new(slot), new(slot), new(slot)}
	for i, s := range all {
		before, _ := all.read()
		s.move()
		if after, fenced := all.read(); after <= before || fenced {
			t.Errorf("slot %d: the sum went from %d to %d, fence %v", i, before, after, fenced)
		}
	}
}

func TestAFenceIsUpUntilEachWriteHasEnded(t *testing.T) {
	t.Parallel()
	all := slots{new(slot), new(slot)}
	before, _ := all.read()
	all[1].raise()
	all[1].raise()
	if sum, fenced := all.read(); !fenced || sum != before {
		t.Errorf("with two writes under way: fence %v, sum %d, want one and %d", fenced, sum, before)
	}
	all[1].lower()
	if sum, fenced := all.read(); !fenced || sum != before {
		t.Errorf("after one was rolled back: fence %v, sum %d, want one and %d", fenced, sum, before)
	}
	all[1].end()
	if sum, fenced := all.read(); fenced || sum <= before {
		t.Errorf("after both: fence %v, sum %d, want none and more than %d", fenced, sum, before)
	}
}

func TestALineHasACacheLineOfItsOwn(t *testing.T) {
	t.Parallel()
	if n := unsafe.Sizeof(line{}); n != 64 {
		t.Errorf("a line takes %d bytes, want 64", n)
	}
}
