"""A task of Windows' Task Scheduler. Source: [MS-TSCH] 2.5 and Appendix B (task 1.2), schtasks /Create /XML."""

from __future__ import annotations

import subprocess
from xml.sax.saxutils import escape

from techdoctor.monitor.schedule.plan import HOURLY, NAME, WEEKLY, Installation, Plan, Written

_PATH = f"~/{NAME}.xml"
_DAILY = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
_WEEKLY = "<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday /></DaysOfWeek></ScheduleByWeek>"
_REPETITION = "<Repetition><Interval>PT1H</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>"
_TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Check-up of this computer by techdoctor</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      {repetition}<StartBoundary>2020-01-06T{hour:02d}:{minute:02d}:00</StartBoundary>
      <Enabled>true</Enabled>
      {schedule}
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>true</DisallowStartIfOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>
    <Priority>8</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def installation(plan: Plan) -> Installation:
    """The task as XML, and the command that registers it."""
    text = _TASK.format(
        repetition=_REPETITION if plan.every == HOURLY else "",
        schedule=_WEEKLY if plan.every == WEEKLY else _DAILY,
        hour=plan.hour,
        minute=plan.minute,
        command=escape(plan.command[0]),
        arguments=escape(subprocess.list2cmdline(plan.command[1:])),
    )
    register = ("schtasks", "/Create", "/F", "/TN", NAME, "/XML", _PATH)
    return Installation(
        (Written(_PATH, text, "utf-16"),), (register,), undo=(("schtasks", "/Delete", "/F", "/TN", NAME),)
    )
