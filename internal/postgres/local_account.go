package postgres

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"handrail/internal/errs"
)

// account is the system user that runs PostgreSQL. Its zero value is the current user.
type account struct {
	drop     bool // this process is root and PostgreSQL refuses to be
	uid, gid uint32
	name     string
}

// nobody is the overflow user that every Unix system has.
const nobody = 65534

// accountFor returns the owner of an existing cluster, or for a new one the system user postgres where there is one.
func accountFor(data string) account {
	if os.Geteuid() != 0 {
		return account{}
	}
	if st, err := os.Stat(data); err == nil {
		if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 {
			return account{drop: true, uid: sys.Uid, gid: sys.Gid, name: strconv.Itoa(int(sys.Uid))}
		}
	}
	if u, err := user.Lookup("postgres"); err == nil {
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errors.Join(errUID, errGID) == nil {
			return account{drop: true, uid: uint32(uid), gid: uint32(gid), name: u.Username}
		}
	}
	return account{drop: true, uid: nobody, gid: nobody, name: "nobody"}
}

// own hands a file to the account.
func (a account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// folderMode lets the account through folders that root makes for it.
func (a account) folderMode() fs.FileMode {
	if a.drop {
		return 0o755
	}
	return 0o700
}

// attributes put a child under the account and in a process group of its own: Ctrl-C on the terminal must not reach
// the database before the server has finished with it.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(attr)
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// checkReach makes sure that the account may pass through every folder above and including dir.
func (a account) checkReach(dir, remedy string) error {
	if !a.drop {
		return nil
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	for p := dir; ; p = filepath.Dir(p) {
		st, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !a.passes(st) {
			return errs.New(errs.Invalid, "PostgreSQL refuses to run as root, and the user %s that runs it instead may not "+
				"enter %s (mode %v), which %s needs: %s, or allow it with chmod o+x %s, or run as an ordinary user",
				a.name, p, st.Mode().Perm(), dir, remedy, p)
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// passes reports whether the account may enter a folder.
func (a account) passes(st fs.FileInfo) bool {
	mode := st.Mode().Perm()
	sys, ok := st.Sys().(*syscall.Stat_t)
	switch {
	case ok && sys.Uid == a.uid:
		return mode&0o100 != 0
	case ok && sys.Gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// tryLock takes the lock of the cluster, or returns nil if another process holds it. The system releases it when the
// process ends, however it ends.
func (c *cluster) tryLock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "cannot use the data folder %s", c.dir)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, err
}
