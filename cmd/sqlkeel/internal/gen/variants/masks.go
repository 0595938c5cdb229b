package variants

import (
	"math/rand/v2"
	"slices"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// maxMasks is how many variants of one statement are proven.
const maxMasks = 256

// combine lists the variants to prove, and whether that leaves some out. Where there are
// too many, all parameters have their first or their last state but for none, one or two
// of them; the rest is drawn at random, always the same.
func combine(choosers []*chooser) (list []generated.Mask, partly bool) {
	total := 1
	for _, c := range choosers {
		if total *= len(c.states()); total > maxMasks {
			break
		}
	}
	if total <= maxMasks {
		list = []generated.Mask{0}
		for _, c := range choosers {
			var longer []generated.Mask
			for _, m := range list {
				for _, bit := range c.states() {
					longer = append(longer, m|bit)
				}
			}
			list = longer
		}
		return list, false
	}
	few := draft{seen: map[generated.Mask]bool{}, choosers: choosers}
	few.nearly()
	few.random(total)
	return few.list, len(few.list) < total
}

// draft is a list of variants that grows to maxMasks.
type draft struct {
	choosers []*chooser
	list     []generated.Mask
	seen     map[generated.Mask]bool
}

func (d *draft) add(m generated.Mask) {
	if !d.seen[m] && len(d.list) < maxMasks {
		d.seen[m] = true
		d.list = append(d.list, m)
	}
}

// nearly adds the variants in which nearly all parameters are in their first state, and
// those in which they are in their last one.
func (d *draft) nearly() {
	var bases []generated.Mask
	for _, last := range []bool{false, true} {
		var m generated.Mask
		for _, c := range d.choosers {
			states := c.states()
			if last {
				slices.Reverse(states)
			}
			m |= states[0]
		}
		bases = append(bases, m)
		d.add(m)
	}
	for _, base := range bases {
		for i := range d.choosers {
			d.vary(base, i, func(m generated.Mask) { d.add(m) })
		}
	}
	for i := range d.choosers {
		for j := range i {
			d.vary(bases[0], i, func(m generated.Mask) { d.vary(m, j, d.add) })
		}
	}
}

// vary calls use with each state of one parameter.
func (d *draft) vary(m generated.Mask, i int, use func(generated.Mask)) {
	c := d.choosers[i]
	m &^= (1<<len(c.Values) - 1) * c.bit
	for _, bit := range c.states() {
		use(m | bit)
	}
}

func (d *draft) random(total int) {
	rng := rand.New(rand.NewPCG(1, uint64(len(d.choosers))))
	for range 4 * maxMasks {
		var m generated.Mask
		for _, c := range d.choosers {
			states := c.states()
			m |= states[rng.IntN(len(states))]
		}
		d.add(m)
		if len(d.list) >= min(total, maxMasks) {
			return
		}
	}
}
