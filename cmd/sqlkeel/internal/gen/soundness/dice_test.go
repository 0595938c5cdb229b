package soundness

import "math/rand/v2"

// dice is the only source of chance: one seed and number give one scenario.
type dice struct{ *rand.Rand }

func newDice(seed uint64, number int) dice {
	return dice{rand.New(rand.NewPCG(seed, uint64(number)))}
}

// chance is true in the given share of cases.
func (d dice) chance(share float64) bool { return d.Float64() < share }

// between returns a number from low to high, both included.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// hot picks from a list whose first elements are wanted more often.
func hot[T any](d dice, list []T) T {
	u := d.Float64()
	return list[int(u*u*float64(len(list)))]
}

// shuffled returns a copy of the list in another order.
func shuffled[T any](d dice, list []T) []T {
	out := append([]T(nil), list...)
	d.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// choice is one of several ways, with its weight.
type choice[T any] struct {
	weight int
	way    T
}

func weighted[T any](d dice, choices []choice[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := d.IntN(total)
	for _, c := range choices {
		if n -= c.weight; n < 0 {
			return c.way
		}
	}
	panic("weights are positive")
}
