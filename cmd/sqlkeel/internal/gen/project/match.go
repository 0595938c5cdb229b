package project

// maxCells bounds the work of one comparison, and its memory to a few megabytes.
const maxCells = 1 << 22

// match finds the place in b that a[i] was made of. same says that it is there
// unchanged; otherwise it is the first thing that has no counterpart between
// those of its neighbours, such as the star that became columns. b is not empty.
func match(a, b []string, i int) (j int, same bool) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	if i < head {
		return i, true
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if i >= len(a)-tail {
		return i - len(a) + len(b), true
	}
	j, same = common(a[head:len(a)-tail], b[head:len(b)-tail], i-head)
	return min(head+j, len(b)-1), same
}

// common does so by the longest sequence that both have.
func common(a, b []string, i int) (j int, same bool) {
	if len(a)*len(b) > maxCells {
		return 0, false
	}
	length := make([][]int32, len(a)+1)
	for k := range length {
		length[k] = make([]int32, len(b)+1)
	}
	for k := len(a) - 1; k >= 0; k-- {
		for l := len(b) - 1; l >= 0; l-- {
			if a[k] == b[l] {
				length[k][l] = length[k+1][l+1] + 1
			} else {
				length[k][l] = max(length[k+1][l], length[k][l+1])
			}
		}
	}
	next := 0 // behind the last counterpart in b
	for k, l := 0, 0; k <= i && l < len(b); {
		switch {
		case a[k] == b[l]:
			if k == i {
				return l, true
			}
			k, l = k+1, l+1
			next = l
		case length[k+1][l] >= length[k][l+1]:
			k++
		default:
			l++
		}
	}
	return next, false
}
