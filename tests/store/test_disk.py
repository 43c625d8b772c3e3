"""Which file systems are refused, told by what statfs and the mount table say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wanreel.store.disk import mounted_type, network_file_system, network_kind

FUSE = 0x65735546
MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 27 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
44 31 0:52 / /home/me/far rw,nosuid shared:9 - fuse.sshfs me@far:/ rw,user_id=1000
45 31 0:53 / /home/me/my\\040disk rw - fuseblk /dev/sdb1 rw
broken line
"""


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (0x6969, "nfs"),
        (0xFF534D42, "cifs"),
        (0xFE534D42, "smb2"),
        (0x517B, "smb"),
        (0x01021997, "9p"),
        (0x00C36400, "ceph"),
    ],
)
def test_network_file_systems_are_known_by_their_number(magic: int, kind: str) -> None:
    """NFS, the Windows shares, 9p and their like are named."""
    assert kind == network_kind(magic)


@pytest.mark.parametrize("magic", [0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x794C7630, 0x2FC12FC1, 0xF2F52010])
def test_local_file_systems_pass(magic: int) -> None:
    """Ext4, xfs, btrfs, tmpfs, overlay, zfs and f2fs are local."""
    assert network_kind(magic) is None


@pytest.mark.parametrize(
    ("mounted_as", "kind"),
    [
        ("fuse.sshfs", "sshfs"),
        ("fuse.s3fs", "s3fs"),
        ("fuse.rclone", "rclone"),
        ("fuseblk", None),
        ("fuse.gocryptfs", None),
        ("", None),
    ],
)
def test_behind_fuse_the_mount_table_decides(mounted_as: str, kind: str | None) -> None:
    """Where statfs says only FUSE, the mounted type tells a far disk from a local one."""
    assert kind == network_kind(FUSE, mounted_as)


def test_the_mount_table_is_read_by_device() -> None:
    """A device's file system type is found by its number, whatever optional fields stand before it."""
    assert "ext4" == mounted_type(MOUNTS, os.makedev(8, 1))
    assert "fuse.sshfs" == mounted_type(MOUNTS, os.makedev(0, 52))
    assert "fuseblk" == mounted_type(MOUNTS, os.makedev(0, 53))
    assert "" == mounted_type(MOUNTS, os.makedev(0, 99))


def test_a_real_folder_can_be_asked(tmp_path: Path) -> None:
    """The system answers for a folder that exists; where it does not, nobody can tell and nobody is refused."""
    assert network_file_system(tmp_path) is None
    assert network_file_system(tmp_path / "nowhere") is None
