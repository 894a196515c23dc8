package postgres

import (
	"io"
	"os"
	"strings"
)

// maxLog is the size at which the log starts over at the next start, keeping one old file.
const maxLog = 10 << 20

// openLog opens the server's log for appending.
func (c *cluster) openLog() (*os.File, error) {
	if st, err := os.Stat(c.logFile()); err == nil && st.Size() > maxLog {
		if err := os.Rename(c.logFile(), c.logFile()+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
}

// logSince returns what the server wrote after offset, at most the first 4 KiB: the reason of a failed start.
func (c *cluster) logSince(offset int64) string {
	f, err := os.Open(c.logFile())
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, offset, 4096))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
