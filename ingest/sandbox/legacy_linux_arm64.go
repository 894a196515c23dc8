package sandbox

import "golang.org/x/sys/unix"

// legacy is empty: arm64 has no second forms of calls.
var legacy []uint32

func openLegacy() []unix.SockFilter { return nil }
