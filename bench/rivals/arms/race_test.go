//go:build race

package arms

// raced says that the race detector is on, under which pools drop at random what they keep.
const raced = true
