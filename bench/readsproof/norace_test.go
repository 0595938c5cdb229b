//go:build !race

package readsproof

const raced = false
