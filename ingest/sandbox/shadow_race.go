//go:build race

package sandbox

// shadow is what memory costs with the race detector, which keeps several bytes for each.
const shadow = 10
