"""Processor, pressure, power and memory: parsers on recorded text, probes on this machine."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Probing, Raw
from techdoctor.probes.load import cpu, growth, limits, memory, pressure
from techdoctor.probes.measure import measure_here

# Recorded on Linux 6.18.
_STAT = "cpu  3739 100 2457 286987 402 0 46 17 0 0\nctxt 325601\nprocs_running 3\nprocs_blocked 1\n"
_LATER = "cpu  3839 150 2457 287037 502 0 46 27 0 0\nctxt 325999\nprocs_running 3\nprocs_blocked 1\n"
_PSI = "some avg10=0.17 avg60=0.10 avg300=0.06 total=3640833\nfull avg10=0.16 avg60=0.09 avg300=0.05 total=3486440\n"


def test_processor_times() -> None:
    first, last = cpu.parse_times(_STAT, 0, 10.0), cpu.parse_times(_LATER, 30, 11.0)
    data = cpu.reading(first, last, 5, 1, load=4.0, cores=2, allowed=1.5).data
    # 310 ticks in all: 100 user and 50 nice, of which 30 are our own, 50 idle, 100 iowait, 10 steal
    assert (data["busy_percent"], data["nice_percent"], data["own_percent"]) == (38.7, 16.1, 9.7)
    assert (data["iowait_percent"], data["steal_percent"]) == (32.3, 3.2)
    assert (data["running_per_core"], data["load_per_core"], data["cores_allowed"]) == (2.5, 2.0, 1.5)


def test_processor_times_cut_short() -> None:
    with pytest.raises(CannotMeasure):
        cpu.parse_times("cpu 1 2 3\n", 0, 0.0)


def test_pressure_of_a_real_kernel() -> None:
    raws = {name: Raw("ok", _PSI) for name in pressure.RESOURCES}
    data = pressure.parse(raws, {}).data
    assert (data["io_some_avg10"], data["io_full_avg60"], data["cpu_some_avg60"]) == (0.17, 0.09, 0.10)


def test_pressure_switched_off_is_not_applicable() -> None:
    with pytest.raises(CannotMeasure) as caught:
        pressure.parse({name: Raw("absent") for name in pressure.RESOURCES}, {})
    assert caught.value.status == "not_applicable"


@pytest.mark.parametrize(
    ("words", "saves"),
    [
        # Source: pop-os/system76-power pull request 318: intel_pstate's "powersave" follows the load.
        ({"scaling_governor": "powersave", "scaling_driver": "intel_pstate"}, False),
        ({"scaling_governor": "schedutil", "scaling_driver": "acpi-cpufreq"}, False),
        # Source: FeralInteractive/gamemode issue 299: with intel_cpufreq it keeps the lowest speed.
        ({"scaling_governor": "powersave", "scaling_driver": "intel_cpufreq"}, True),
        # Source: deinstapel/cpupower issue 68: the preference "power" of intel_pstate.
        ({"scaling_driver": "intel_pstate", "energy_performance_preference": "power"}, True),
        ({"profile": "low-power"}, True),
    ],
)
def test_power_saving(words: dict[str, str], saves: bool) -> None:
    raws = {name: Raw("ok", f"{word}\n") for name, word in words.items()}
    assert cpu.parse_power(raws, {}).data["saves"] is saves


def test_machine_without_cpufreq() -> None:
    with pytest.raises(CannotMeasure):
        cpu.parse_power({"profile": Raw("absent")}, {})


def test_limit_of_the_group_applies() -> None:
    values = {"MemTotal": 24 << 30, "MemAvailable": 23 << 30, "MemFree": 1 << 20}
    data = memory.usage(values, [], (200 << 20, 190 << 20)).data
    assert (data["limit_bytes"], data["left_bytes"], data["left_percent"]) == (200 << 20, 10 << 20, 5.0)
    assert data["available_percent"] == 95.8


def test_no_available_memory_told() -> None:
    with pytest.raises(CannotMeasure):
        memory.usage({"MemTotal": 1 << 30}, [], (0, 0))


def test_portable_memory() -> None:
    data = memory._usage_anywhere(Probing({}, "linux", 1e12)).data
    total, programs = data["total_bytes"], data["programs"]
    assert isinstance(total, int)
    assert total > 0
    assert programs


def test_swap_rates() -> None:
    before, after = "pswpin 10\npswpout 20\npgmajfault 5\n", "pswpin 1010\npswpout 20\npgmajfault 505\n"
    raws = {"before": Raw("ok", before, taken_s=1.0), "after": Raw("ok", after, taken_s=3.0), "pressure": Raw("absent")}
    found = memory.parse_swapping(raws, {})
    assert (found.data["in_pages_per_s"], found.data["out_pages_per_s"]) == (500.0, 0.0)
    assert found.data["full_avg10"] is None
    assert "full_avg10" in found.gaps


@pytest.mark.parametrize(
    ("pages", "is_steady"),
    [
        ([10, 20, 30, 40], True),
        ([10, 20, 30, 31], False),
        ([10, 500, 500, 500], False),
        ([40, 30, 20, 10], False),
        ([10, 10], False),
    ],
)
def test_steady_growth(pages: list[int], is_steady: bool) -> None:
    assert growth.steady(pages) is is_steady


# Recorded on Linux 6.18 (shortened).
_LIMITS = (
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max processes             unlimited            unlimited            processes \n"
    "Max open files            20000                32768                files     \n"
)


def test_soft_limits() -> None:
    assert limits.soft_limit(_LIMITS, "Max open files") == 20000
    assert limits.soft_limit(_LIMITS, "Max processes") is None
    assert limits.soft_limit("", "Max open files") is None


@pytest.mark.parametrize("probe", ["cpu.load", "cpu.pressure", "proc.limits", "mem.usage", "mem.swapping", "mem.oom"])
def test_this_machine_answers(probe: str) -> None:
    fact = measure_here(probe, {})
    assert fact.status in ("ok", "not_applicable"), fact.reason
    assert fact.duration_ms < 3000
