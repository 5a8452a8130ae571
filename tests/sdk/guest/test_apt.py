"""What of the machine's apt is used: its mirror, and nothing that is not a Debian archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk.guest import apt
from keelback.sdk.guest.apt import GuestFilesError, PrivateApt, mirror_from_uris
from keelback.sdk.guest.debian import debian_files, kernel_package_name

PRINTED = """\
'http://security.example/debian-security/dists/bookworm-security/InRelease' a 0
'https://node.example/node_20.x/dists/nodistro/InRelease' b 0
'http://mirror.example/debian/dists/bookworm/InRelease' c 0
'http://mirror.example/debian/dists/bookworm-updates/InRelease' d 0
"""


def test_the_mirror_is_the_machines_own() -> None:
    assert mirror_from_uris(PRINTED) == "http://mirror.example/debian"


def test_other_distributions_are_no_mirror() -> None:
    assert mirror_from_uris("'http://archive.example/ubuntu/dists/noble/InRelease' a 0\n") is None


def test_the_kernel_is_what_the_metapackage_depends_on() -> None:
    depends = "linux-image-6.12.107+deb13-cloud-arm64 (= 6.12.107-1)"
    assert kernel_package_name(depends) == "linux-image-6.12.107+deb13-cloud-arm64"


def test_a_metapackage_without_a_kernel_is_an_error() -> None:
    with pytest.raises(GuestFilesError, match="names no kernel package"):
        kernel_package_name("linux-base")


def test_an_unknown_release_is_named() -> None:
    with pytest.raises(GuestFilesError, match=r"no Debian release 'potato'.*bookworm, trixie"):
        debian_files("potato")


def test_a_failing_apt_is_quoted(tmp_path: Path) -> None:
    broken = PrivateApt(root=tmp_path, release="bookworm", architecture="arm64")
    (tmp_path / "apt.conf").write_text("this is no configuration {")
    with pytest.raises(GuestFilesError, match=r"apt-cache .* failed for Debian bookworm"):
        broken.fields("busybox-static")


def test_an_unreachable_mirror_is_an_error_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "find_mirror", lambda: f"file:{tmp_path}/no-such-mirror")
    with pytest.raises(GuestFilesError, match=r"apt-get .*update failed for Debian bookworm(.|\n)*no-such-mirror"):
        PrivateApt(root=tmp_path / "apt", release="bookworm", architecture="arm64").update()
