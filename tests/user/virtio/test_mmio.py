"""The transport's registers: identity, negotiation, status, what is not there."""

from __future__ import annotations

import pytest

from tests.user.virtio.machine import ALL_FEATURES, MULTIPORT, VERSION_1, VIRTIO_BASE, Driver, DriverQueue, Machine


@pytest.mark.parametrize(("number", "device_id"), [(0, 3), (1, 4), (2, 0), (3, 0)])
def test_identity(number: int, device_id: int) -> None:
    base = VIRTIO_BASE + number * 0x200
    machine = Machine()
    assert [machine.load(base + offset) for offset in (0, 4, 8, 12)] == [0x74726976, 2, device_id, 0x4B45454C]


def test_offered_features() -> None:
    machine = Machine()
    assert Driver(machine, 0, start=False).offered() == ALL_FEATURES
    assert Driver(machine, 1, start=False).offered() == ALL_FEATURES & ~MULTIPORT
    machine.store(VIRTIO_BASE + 0x14, 2)
    assert machine.load(VIRTIO_BASE + 0x10) == 0


@pytest.mark.parametrize("features", [0, ALL_FEATURES & ~VERSION_1])
def test_features_without_version_1_are_not_accepted(features: int) -> None:
    driver = Driver(Machine(), 0, features, start=False)
    driver.negotiate()
    assert driver.read(0x70) == 3


def test_features_that_were_not_offered_are_not_accepted() -> None:
    driver = Driver(Machine(), 0, start=False)
    driver.features = ALL_FEATURES | 1 << 5
    driver.negotiate()
    assert driver.read(0x70) == 3


def test_features_stay_once_accepted() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    driver.write(0x24, 0)
    driver.write(0x20, 0)
    assert int(machine.module("virtio.devices").devices[0].driver_features) == ALL_FEATURES


def test_a_reset_forgets_everything() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    queue = DriverQueue(driver, 1)
    queue.send(b"x")
    driver.write(0x30, 1)
    assert (driver.read(0x44), driver.read(0x60)) == (1, 1)
    driver.write(0x70, 0)
    driver.write(0x30, 1)
    assert (driver.read(0x44), driver.read(0x60), driver.read(0x70)) == (0, 0, 0)


def test_a_device_that_was_reset_serves_again() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    DriverQueue(driver, 1).send(b"first ")
    driver.start()
    DriverQueue(driver, 1).send(b"second")
    assert machine.output.drain() == b"first second"


@pytest.mark.parametrize(("select", "size"), [(0, 128), (5, 128), (6, 0), (2**32 - 1, 0)])
def test_queues_there_are(select: int, size: int) -> None:
    driver = Driver(Machine(), 0)
    driver.write(0x30, select)
    assert driver.read(0x34) == size
    driver.write(0x44, 1)
    assert driver.machine.ending == 0 if size == 0 else driver.machine.ending == 3


def test_notifications_before_the_driver_is_ready_are_ignored() -> None:
    machine = Machine()
    driver = Driver(machine, 0, start=False)
    driver.negotiate()
    queue = DriverQueue(driver, 1)
    queue.send(b"early")
    assert machine.output.drain() == b""
    driver.write(0x70, 15)
    queue.kick(force=True)
    assert machine.output.drain() == b"early"


def test_console_configuration_in_any_size() -> None:
    driver = Driver(Machine(), 0)
    assert [driver.read(0x100, 1), driver.read(0x102, 1), driver.read(0x104)] == [80, 25, 2]
    assert [driver.read(0x104, 0), driver.read(0x107, 0), driver.read(0x1FC)] == [2, 0, 0]


def test_one_port_without_a_service() -> None:
    driver = Driver(Machine(parameters={"port_slot": 0}), 0)
    assert driver.read(0x104) == 1
    driver.write(0x30, 4)
    assert driver.read(0x34) == 0


def test_narrow_and_odd_writes_do_nothing() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    for address, size in ((0x70, 0), (0x70, 1), (0x70, 3), (0x72, 2)):
        machine.store(driver.base + address, 0, size)
    assert driver.read(0x70) == 15


def test_an_interrupt_whose_cause_remains_comes_again() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    queue = DriverQueue(driver, 1)
    queue.send(b"x")
    assert machine.take_injected() == [48]
    driver.write(0x64, 2)
    assert machine.take_injected() == [48], "bit 0 was not acknowledged"
    driver.write(0x64, 1)
    assert machine.take_injected() == []


def test_no_shared_memory() -> None:
    driver = Driver(Machine(), 0)
    assert [driver.read(offset) for offset in (0xB0, 0xB4, 0xB8, 0xBC)] == [0xFFFF_FFFF] * 4
