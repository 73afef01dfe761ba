"""Advice on what to buy or have mended."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "advise.how_often": (
        "Found in {hits} of 1 check-up, last on {last}.",
        "Found in {hits} of {n} check-ups, last on {last}.",
    ),
    "advise.disk_failing": "Back up today and replace the disk",
    "advise.disk_failing_cost": "The disk may stop working at any time, and everything on it that has no copy is lost.",
    "advise.memory": "More memory would help",
    "advise.memory_now": "The computer has {size} of memory.",
    "advise.memory_cost": "It will crawl again when it is busy, and the system will end programs with unsaved work.",
    "advise.space": "A larger disk, or a thorough clean-up, would help",
    "advise.space_soon": "The disk will be full in about {lasts}: clean up, or plan a larger one",
    "advise.space_trend": "Over {n} check-ups {rate} a day went; {free} are left.",
    "advise.space_cost": "Programs cannot save, updates fail, and the computer may not start.",
    "advise.battery": "Replace the battery",
    "advise.battery_now": "It holds {percent} % of what it did when new.",
    "advise.battery_trend": "It held {percent} % at the first of {n} check-ups.",
    "advise.battery_cycles": "It was charged {n} times.",
    "advise.battery_cost": "The computer runs ever shorter without the charger, and may switch off without warning.",
    "advise.cooling": "Have fan and cooler cleaned",
    "advise.cooling_cost": "The computer stays slow whenever it works hard, and heat makes its parts age faster.",
    "advise.faster_disk": "An SSD in place of the disk would help",
    "advise.faster_disk_cost": "Starting and opening things stays as slow as it is.",
    "advise.system": "Move to a newer version of the operating system",
    "advise.system_cost": "Holes that become known are not closed any more; others can use them.",
    "advise.now": "Now",
    "advise.soon": "Soon",
    "advise.later": "Some day",
    "advise.item": "{urgency}: {title}.",
    "advise.because": "Because: {text}",
    "advise.cost": "If nothing is done: {text}",
    "advise.nothing": "There is nothing to advise: {n} check-ups since {since} showed no lack.",
    "advise.too_little": (
        "There is nothing to advise yet: only 1 check-up is kept. To have more: techdoctor schedule add",
        "There is nothing to advise yet: only {n} check-ups are kept. To have more: techdoctor schedule add",
    ),
    "advise.looking": "Checking once more, so that the newest state counts too.",
    "advise.rests_on": ("From 1 check-up.", "From {n} check-ups."),
}
