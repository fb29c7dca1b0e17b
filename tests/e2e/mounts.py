"""File systems of a test's own: full ones, and slow ones."""
import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 0x4000, 0x40000
THROTTLE = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device"
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(libc, name)(*args) != 0:
        raise OSError(ctypes.get_errno(), "%s: %s" % (name, os.strerror(ctypes.get_errno())))


def become_owner_of_mounts():
    """A private view of the file systems, in which this process may mount; OSError where that is not possible."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWNS | (CLONE_NEWUSER if uid != 0 else 0))
    if uid != 0:
        for path, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
            with open("/proc/self/" + path, "w") as file:
                file.write(text)
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)


def mount_tmpfs(path, size):
    call("mount", b"none", path.encode(), b"tmpfs", 0, b"size=%d" % size)


def unmount(path):
    call("umount2", path.encode(), 2)


def fill(path, leave):
    """A file that takes all room of the file system but `leave` bytes."""
    state = os.statvfs(os.path.dirname(path))
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - leave)


class SlowDisk:
    """An ext4 on a loop device that takes bytes_s, and lets no more than `dirty` bytes wait to be written.

    Needs root, and cgroup v1's blkio controller: OSError or CalledProcessError where that is not to be had."""

    def __init__(self, folder, bytes_s, dirty, size=512 << 20):
        self._undo = contextlib.ExitStack()
        self.path = os.path.join(folder, "slow")
        image = os.path.join(folder, "slow.img")
        with open(image, "wb") as file:
            file.truncate(size)
        try:
            self._make(image, bytes_s, dirty)
        except BaseException:
            self.close()
            raise

    def _make(self, image, bytes_s, dirty):
        run = lambda *argv: subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
        if not os.path.exists(THROTTLE):
            raise OSError("no blkio controller")
        run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        device = run("losetup", "--show", "-f", image).strip()
        self._undo.callback(run, "losetup", "-d", device)
        number = "%d:%d" % (os.major(os.stat(device).st_rdev), os.minor(os.stat(device).st_rdev))
        os.mkdir(self.path)
        run("mount", device, self.path)
        self._undo.callback(run, "umount", "-l", self.path)
        self._bdi = "/sys/class/bdi/" + number
        self._write("strict_limit", 1)
        self._write("max_bytes", dirty)
        self._undo.callback(self.hurry)
        self._number = number
        self.throttle(bytes_s)

    def _write(self, name, value):
        with open(os.path.join(self._bdi, name), "w") as file:
            file.write(str(value))

    def throttle(self, bytes_s):
        with open(THROTTLE, "w") as file:
            file.write("%s %d" % (self._number, bytes_s))

    def hurry(self):
        """As fast as it goes from now on."""
        self.throttle(0)
        self._write("strict_limit", 0)
        self._write("max_ratio", 100)

    def close(self):
        self._undo.close()
