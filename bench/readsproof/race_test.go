//go:build race

package readsproof

// raced says that the race detector is on. Client and server are slower then, so that most
// statements count as slow at times and do not share.
const raced = true
