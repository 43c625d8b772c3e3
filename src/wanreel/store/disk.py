"""Whether a folder lies on a network file system, where SQLite's locks and shared memory cannot be trusted."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# f_type of statfs(2), from linux/magic.h and the file systems' own sources
_MAGIC = {
    0x6969: "nfs",
    0x517B: "smb",
    0xFF534D42: "cifs",
    0xFE534D42: "smb2",
    0x01021997: "9p",
    0x5346414F: "afs",
    0x6B414653: "afs",
    0x73757245: "coda",
    0x564C: "ncp",
    0x00C36400: "ceph",
    0x0BD00BD0: "lustre",
    0x47504653: "gpfs",
    0x19830326: "beegfs",
    0x20030528: "orangefs",
    0x786F4256: "vboxsf",
}
_FUSE = 0x65735546
# what lies behind FUSE may be local (ntfs-3g, gocryptfs, fuse-overlayfs), so these are named one by one
_FUSE_NETWORK = frozenset(
    (
        *("sshfs", "davfs", "davfs2", "curlftpfs", "smbnetfs", "gvfsd-fuse", "rclone"),
        *("s3fs", "goofys", "mountpoint-s3", "gcsfuse", "ossfs", "cosfs", "blobfuse", "blobfuse2"),
        *("glusterfs", "ceph", "ceph-fuse", "juicefs", "seaweedfs", "moosefs"),
    )
)


def network_kind(magic: int, mounted_as: str = "") -> str | None:
    """The name of the network file system that statfs's `f_type` tells of, None for a local one.

    `mounted_as` is the type in the mount table (`fuse.sshfs`), needed where f_type says only FUSE.
    """
    if magic == _FUSE:
        name = mounted_as.removeprefix("fuse.")
        return name if name in _FUSE_NETWORK else None
    return _MAGIC.get(magic)


def mounted_type(mount_table: str, device: int) -> str:
    """The file system type of a device (`st_dev`) by the text of /proc/self/mountinfo, "" when it is not listed."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mount_table.splitlines():
        mount, _, file_system = line.partition(" - ")
        places = mount.split(" ")
        if len(places) > 2 and places[2] == wanted and file_system:
            return file_system.split(" ")[0]
    return ""


def network_file_system(folder: Path) -> str | None:
    """The kind of network file system that `folder` lies on; None for a local one, and where nobody can tell."""
    if sys.platform != "linux":
        return None
    magic = _f_type(folder)
    if magic is None:
        return None
    mounted_as = ""
    if magic == _FUSE:
        try:
            mounted_as = mounted_type(Path("/proc/self/mountinfo").read_text(), folder.stat().st_dev)
        except OSError:
            return None
    return network_kind(magic, mounted_as)


def _f_type(folder: Path) -> int | None:
    """The first word of struct statfs; Python's own statvfs leaves it out."""
    answer = ctypes.create_string_buffer(512)
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(folder), answer) != 0:
        return None
    return ctypes.c_long.from_buffer(answer).value & 0xFFFFFFFF
