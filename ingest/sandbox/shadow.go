//go:build !race

package sandbox

// shadow is what memory costs, in bytes for each byte of the heap.
const shadow = 1
